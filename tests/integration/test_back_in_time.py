"""The same image once more, from a snapshot of an archive that has moved on. Needs root.

The archives' key is the tests' own, so the copied program is told of it, and its elements bring it.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml
from apt_archive import RELEASE, Key
from copies import Copy
from debian_states import NOW, THEN, States, served

from builder.archive.installed import paragraphs
from builder.archive.lag import missing, newest
from builder.sbom.read import loose_files
from builder.store import manifest
from builder.store.build_directory import LATEST

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole,
    pytest.mark.program("apt-get", "gpg"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

NAME = "then"
IN_IMAGE = {
    "archive": "https://packages.example/debian",
    "security": "https://packages.example/debian-security",
}
DEBIANS_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.fixture
def states(tmp_path: Path, key: Key) -> States:
    return States(tmp_path / "archive", key)


@pytest.fixture
def copy(tmp_path: Path, states: States, key: Key) -> Generator[Copy]:
    copy = Copy(tmp_path, NAME)
    distributions = copy.source / "builder/distribution.py"
    distributions.write_text(distributions.read_text().replace(DEBIANS_KEYRING, str(key.keyring)))
    copy.hook(
        "guest-tree",
        "root.d/10-key",
        f"install -D -m 644 {key.keyring} $TARGET_ROOT{key.keyring}\n"
        f"install -m 644 {key.keyring} $TARGET_ROOT/etc/apt/trusted.gpg.d/tests.gpg",
    )
    with served(states) as snapshots:
        today = {kind: address.replace("{at}", NOW) for kind, address in snapshots.items()}
        mirrors = {**today, "snapshot": snapshots, "in_image": IN_IMAGE}
        profile = {"extends": "base", "mirrors": mirrors}
        (tmp_path / f"{NAME}.yaml").write_text(yaml.safe_dump(profile))
        yield copy


def test_an_image_is_made_again_from_a_snapshot_with_later_packages_byte_for_byte(
    copy: Copy, states: States
) -> None:
    built = copy.run(copy.build_command(copy.root / f"{NAME}.yaml"))
    assert built.returncode == 0, built.stderr
    build = (copy.home / LATEST).resolve()
    old = manifest.read(build)
    updates = newest(paragraphs(states.updates, {each.name for each in old.packages}))
    assert [*missing(old.packages, updates, {})], "the snapshot has nothing later"

    again = copy.root / "again"
    done = copy.run(
        copy.command(
            *("reproduce", build, "--output", copy.dist),
            *("--at", "2026-03-20", "--keep", again),
        )
    )
    assert (done.returncode, "the same, byte for byte" in done.stdout) == (0, True), (
        done.stdout + done.stderr
    )
    new = manifest.read(again / NAME / LATEST)
    assert old.snapshot is None
    assert new.snapshot is not None
    assert new.snapshot.at == THEN
    assert set(new.snapshot.suites) == {RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security"}
    files = loose_files(again / NAME / LATEST, new)
    assert files is not None
    assert "/etc/apt/sources.list.d/security.list" in files
    assert not {"/etc/apt/apt.conf", "/etc/apt/preferences"} & files.keys()
    assert (copy.processes(), copy.mounts()) == ([], set())
