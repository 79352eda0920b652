"""What the element guest-hygiene removes."""

import os
import struct
import subprocess
from pathlib import Path

import pytest
from element_files import OURS

from builder.linux import hygiene, identities


def test_the_element_removes_what_the_inspections_forbid(tmp_path: Path) -> None:
    """But not apt's downloads, where the package cache lies, nor the resolv.conf that waits."""
    kept = {"/var/cache/apt/archives/*.deb", "/etc/resolv.conf.ORIG"}
    patterns = {*identities.IDENTITIES, *hygiene.LEFTOVERS} - kept
    for pattern in (*patterns, *hygiene.LOGIN_RECORDS, "/var/log/x", "/etc/machine-id", "/run/x"):
        path = tmp_path / pattern.replace("*", "a_b-proxy_lease_key").lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("something")
    (tmp_path / "etc/shadow").write_text("")
    clean(tmp_path)
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and path.read_text().strip()
    ] == []


def test_the_image_s_own_resolver_waits_there_until_the_build_ends(tmp_path: Path) -> None:
    """diskimage-builder moves it back after the hooks: guest-resolver tells why it is there."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text("")
    (tmp_path / "var/log").mkdir(parents=True)
    own = tmp_path / "etc/resolv.conf.ORIG"
    own.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    clean(tmp_path)
    assert own.is_symlink()


def test_the_journal_s_directory_keeps_its_mode_and_loses_its_acls(tmp_path: Path) -> None:
    journal = tmp_path / "var/log/journal"
    journal.mkdir(parents=True)
    journal.chmod(0o2755)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text("")
    # linux/posix_acl_xattr.h: version 2; tag, permissions and id of user, group, mask and others.
    entries = ((0x01, 7, -1), (0x04, 5, -1), (0x08, 5, 4), (0x10, 5, -1), (0x20, 5, -1))
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(journal, "system.posix_acl_default", acl)
    except OSError as error:
        pytest.skip(f"no ACLs here: {error.strerror}")
    clean(tmp_path)
    assert "system.posix_acl_default" not in os.listxattr(journal)
    assert journal.stat().st_mode & 0o7777 == 0o2755


def test_accounts_are_no_younger_than_the_images_packages(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "var/log").mkdir(parents=True)
    shadow = tmp_path / "etc/shadow"
    shadow.write_text(
        "root:!*:20787:0:99999:7:::\nold:*:19000:0:99999:7:::\nnever:!:::::::\nfirst:*:0:0:::::\n"
    )
    shadow.chmod(0o640)
    clean(tmp_path)
    assert shadow.read_text() == (
        "root:!*:19675:0:99999:7:::\nold:*:19000:0:99999:7:::\nnever:!:::::::\nfirst:*:0:0:::::\n"
    )
    assert shadow.stat().st_mode & 0o777 == 0o640


def clean(tree: Path) -> None:
    script = OURS / "guest-hygiene/cleanup.d/99-guest-hygiene"
    environment = {
        "TARGET_ROOT": str(tree),
        "SOURCE_DATE_EPOCH": "1700000000",
        "PATH": os.defpath,
    }
    subprocess.run([script], env=environment, check=True)
