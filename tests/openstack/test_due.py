"""What a real Glance has of a profile, as reasons for a build."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from localcloud import LocalCloud
from publishing import NAME, Command, current
from smallbuild import small_build

pytestmark = pytest.mark.openstack

DOWN = "http://127.0.0.1:9"
"""No mirror: what the archive has is unknown at once."""


@pytest.fixture
def profile(guest_image: Command, newer: Path) -> Path:
    """The profile of the builds, which asks no archive."""
    path = guest_image.dist.parent / f"{NAME}.yaml"
    public = dict.fromkeys(("archive", "security"), "http://mirror.example.org/debian")
    mirrors = {"archive": DOWN, "security": DOWN, "in_image": public}
    path.write_text(json.dumps({"extends": NAME, "mirrors": mirrors}), encoding="utf-8")
    (guest_image.dist / NAME / "latest").unlink(missing_ok=True)
    (guest_image.dist / NAME / "latest").symlink_to(newer.name)
    return path


def told(guest_image: Command, profile: Path, *words: str) -> list[dict[str, Any]]:
    """What the clouds are reasons for."""
    done = guest_image(
        "due", profile, "--output", guest_image.dist, "--json", "--cloud", "local", *words
    )
    data = json.loads(done.out)
    assert [unknown["subject"] for unknown in data["unknown"]] == ["packages"]
    return [reason for reason in data["reasons"] if reason["kind"] in {"cloud", "deadline"}]


def test_what_is_missing_or_of_another_build_in_a_cloud_is_due(
    cloud: LocalCloud,
    guest_image: Command,
    older: Path,
    newer: Path,
    profile: Path,
) -> None:
    (missing,) = told(guest_image, profile)
    assert (missing["subject"], missing["old"]) == (f"{NAME} in local", "missing")
    guest_image("publish", older, "--cloud", "local")
    (other,) = told(guest_image, profile)
    assert (other["old"], other["new"]) == (older.name, newer.name)
    guest_image("publish", newer, "--cloud", "local")
    assert told(guest_image, profile) == []


def test_what_has_drifted_in_a_cloud_is_due(
    cloud: LocalCloud, guest_image: Command, newer: Path, profile: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    cloud.client().images.update(current(cloud).id, hw_disk_bus="ide")
    (drifted,) = told(guest_image, profile)
    assert drifted["old"] == "drifted"
    assert "hw_disk_bus: ide -> scsi" in drifted["note"]


def test_what_was_rolled_back_is_not_due_again(
    cloud: LocalCloud,
    guest_image: Command,
    older: Path,
    newer: Path,
    profile: Path,
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    guest_image("rollback", NAME, "--cloud", "local")
    assert told(guest_image, profile) == []


def test_a_promise_is_reckoned_from_the_image_in_the_cloud(
    cloud: LocalCloud,
    guest_image: Command,
    profile: Path,
) -> None:
    build = small_build(
        guest_image.dist, age=timedelta(days=8), publish={"replace_frequency": "weekly"}
    )
    guest_image("publish", build, "--cloud", "local")
    (guest_image.dist / NAME / "latest").unlink()
    (guest_image.dist / NAME / "latest").symlink_to(build.name)
    data = json.loads(profile.read_text())
    settings = {**data, "publish": {"replace_frequency": "weekly"}}
    profile.write_text(json.dumps(settings))
    deadlines = [
        reason["old"] for reason in told(guest_image, profile) if reason["kind"] == "deadline"
    ]
    built = datetime.now(UTC) - timedelta(days=8)
    assert deadlines == [f"weekly, built {built:%Y-%m-%d %H:%M} UTC"]
