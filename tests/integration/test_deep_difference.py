"""What ``diff --deep`` reads of two images, in libguestfs' appliance."""

import gzip
import hashlib
import io
from pathlib import Path

import pytest
from comparisons import newer, older
from small_disks import make_disk

from builder.compare.builds import Difference
from builder.compare.changelogs import ChangelogChange
from builder.pipeline import compare_builds
from builder.sbom.rpm_database import DATABASES
from builder.store.manifest import Manifest, write
from builder.terminal.progress import Progress

pytestmark = pytest.mark.integration

FSTAB = "LABEL=root / ext4 defaults 0 1\n"
V1 = "openssl (3.0.15-1~deb12u1) bookworm; urgency=medium\n\n  * First.\n"
V2 = "openssl (3.0.15-1~deb12u2) bookworm-security; urgency=high\n\n  * Fix a hole.\n"
LIBSSL = "usr/share/doc/libssl3"


def build(directory: Path, told: Manifest, files: dict[str, str | bytes]) -> Path:
    """A build directory with a small disk; its packages' documentation is that of one source."""
    directory.mkdir()
    everywhere = {"etc/os-release": "ID=debian\nVERSION_ID=12\n", "etc/fstab": FSTAB}
    image = make_disk(directory, {**everywhere, **files}, {"usr/share/doc/bind9": "libssl3"})
    image = image.rename(directory / told.image.name)
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    file = told.image.model_copy(
        update={"sha256": digest, "format": "raw", "size": image.stat().st_size}
    )
    write(directory, told.model_copy(update={"image": file}))
    return directory


def compared(old: Path, new: Path) -> Difference:
    return compare_builds(str(old), str(new), old.parent, Progress(io.StringIO()), deep=True)


def test_changelogs_and_configuration_are_read_from_both_disks(tmp_path: Path) -> None:
    log = f"{LIBSSL}/changelog.Debian.gz"
    before: dict[str, str | bytes] = {log: gzip.compress(V1.encode()), "etc/hosts": "1\n"}
    after: dict[str, str | bytes] = {
        log: gzip.compress((V2 + "\n" + V1).encode()),
        "etc/hosts": "2\n",
    }
    old = build(tmp_path / "old", older(), before)
    new = build(tmp_path / "new", newer(), after)
    found = compared(old, new)
    assert found.changelogs == (ChangelogChange(("bind9", "libssl3"), (V2.strip(),), ()),)
    assert [file.name for file in found.configuration or ()] == ["/etc/hosts"]
    assert "Not in both images, or too long, are the changelogs of vim." in found.unknown


def test_what_is_no_changelog_on_a_disk_is_told_as_none(tmp_path: Path) -> None:
    strange: dict[str, str | bytes] = {
        f"{LIBSSL}/changelog.Debian.gz/directory": "",
        f"{LIBSSL}/changelog.gz": b"\x1f\x8b\x08 no archive",
        DATABASES[0].strip("/"): b"no database",
    }
    old = build(tmp_path / "old", older(), strange)
    new = build(tmp_path / "new", newer(), strange)
    found = compared(old, new)
    assert found.changelogs == ()
    assert (
        "Not in both images, or too long, are the changelogs of bind9, libssl3 and vim."
        in found.unknown
    )
