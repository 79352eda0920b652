"""What of an image's way is done, by its latest build."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fleets import DIGEST, RELEASE, build_of, evidence_of, fleet_of, published, put
from samples import observed

from builder.feature import Outcome
from builder.fleet.graph import steps
from builder.fleet.model import Image
from builder.fleet.state import states

NOW = datetime(2026, 11, 3, 2, tzinfo=UTC)
TONIGHT = NOW - timedelta(hours=3)


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return fleet_of(tmp_path, RELEASE).images[0]


def told(image: Image, dist: Path) -> dict[str, str]:
    found = states(image, steps([image]), dist, now=NOW)
    return {name.partition("/")[2]: f"{s.standing}: {s}" for name, s in found.items()}


def test_a_first_build_is_due_and_all_else_waits(image: Image, tmp_path: Path) -> None:
    assert told(image, tmp_path) == {
        "build": "due: never built",
        "proof": "waits: for build",
        "publish in staging": "waits: for proof",
        "proof in staging": "waits: for publish in staging",
        "publish in prod": "waits: for proof in staging",
        "publish in prod-2": "waits: for proof in staging",
    }


def test_a_manifest_that_cannot_be_read_is_no_build(image: Image, tmp_path: Path) -> None:
    directory = put(tmp_path, build_of(image, TONIGHT))
    (directory / "manifest.json").write_text("{")
    assert told(image, tmp_path)["build"] == "due: never built"


def test_a_build_of_tonight_is_done_and_unproven_it_is_to_be_proven(
    image: Image, tmp_path: Path
) -> None:
    put(tmp_path, build_of(image, TONIGHT, proven=False))
    found = told(image, tmp_path)
    assert found["build"] == "done: 20260102T030405Z-3f9c2a"
    assert found["proof"].startswith("due: ")
    assert found["proof"].endswith(" checks not made")
    assert found["publish in staging"] == "waits: for proof"


@pytest.mark.parametrize(
    ("created", "reason"),
    [
        (NOW - timedelta(hours=24), "done: 20260102T030405Z-3f9c2a"),
        (
            NOW - timedelta(days=3),
            "to be asked: 20260102T030405Z-3f9c2a is 3 days old; the archive is asked",
        ),
        (
            NOW + timedelta(hours=1),
            "to be asked: 20260102T030405Z-3f9c2a is from the future; the archive is asked",
        ),
    ],
)
def test_a_build_stands_for_a_day(
    created: datetime, reason: str, image: Image, tmp_path: Path
) -> None:
    put(tmp_path, build_of(image, created))
    assert told(image, tmp_path)["build"] == reason


def test_a_build_of_other_inputs_is_made_again_and_they_are_named(
    image: Image, tmp_path: Path
) -> None:
    build = build_of(image, TONIGHT)
    parts = {**build.ingredients, "program": "another", "element guest-tree": "another"}
    put(tmp_path, build.model_copy(update={"ingredients": parts, "inputs": "0" * 64}))
    assert told(image, tmp_path)["build"] == "due: made of another program and element guest-tree"
    put(tmp_path, build.model_copy(update={"inputs": "0" * 64}))
    assert told(image, tmp_path)["build"] == "due: made of another profile"


@pytest.mark.parametrize("content", [None, b"cut"])
def test_a_build_without_its_image_is_made_again(
    content: bytes | None, image: Image, tmp_path: Path
) -> None:
    file = put(tmp_path, build_of(image, TONIGHT)) / "image.qcow2"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    reason = "due: 20260102T030405Z-3f9c2a has no longer its image.qcow2"
    assert told(image, tmp_path)["build"] == reason


def test_a_failed_check_is_made_again(image: Image, tmp_path: Path) -> None:
    first, *rest = evidence_of(image)
    bad = first.model_copy(update={"outcome": Outcome.FAILED})
    build = build_of(image, TONIGHT).model_copy(update={"evidence": (bad, *rest)})
    put(tmp_path, build)
    assert told(image, tmp_path)["proof"] == "due: 1 check did not pass"


def test_what_was_published_and_observed_is_told(image: Image, tmp_path: Path) -> None:
    seen: dict[str, Any] = {"observations": (observed("boots", cloud="staging", sha256=DIGEST),)}
    build = build_of(image, TONIGHT, published=(published("staging", NOW),), **seen)
    put(tmp_path, build)
    found = told(image, tmp_path)
    assert found["publish in staging"] == (
        "to be asked: published as id-in-staging; the cloud is asked"
    )
    assert found["proof in staging"] == "done: 1 observation"
    assert found["publish in prod"] == "due: not published"


def test_what_was_not_observed_or_did_not_pass_there_is_due(image: Image, tmp_path: Path) -> None:
    build = build_of(image, TONIGHT, published=(published("staging", NOW),))
    skipped = observed("boots", cloud="staging", sha256=DIGEST, outcome=Outcome.SKIPPED)
    failed = observed("resets", cloud="staging", sha256=DIGEST, outcome=Outcome.FAILED)
    elsewhere = observed("boots", cloud="prod", sha256=DIGEST)
    put(tmp_path, build.model_copy(update={"observations": (skipped, elsewhere)}))
    assert told(image, tmp_path)["proof in staging"] == "due: not observed"
    put(tmp_path, build.model_copy(update={"observations": (skipped, failed)}))
    assert told(image, tmp_path)["proof in staging"] == "due: resets did not pass"
    assert told(image, tmp_path)["publish in prod"] == "waits: for proof in staging"
