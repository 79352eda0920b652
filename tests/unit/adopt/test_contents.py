"""A stranger's disk tells its packages and its files, and what is odd in it is told as a gap."""

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFilesystem, Link
from pydantic import TypeAdapter

from builder.adopt import contents as subject
from builder.adopt.contents import contents
from builder.errors import ImageError
from builder.sbom.facts import Contents
from builder.sbom.rpm_database import DATABASES

STATUS = """\
Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2
"""
TREE: dict[str, bytes | str | Link] = {
    "/var/lib/dpkg/status": STATUS,
    "/var/lib/dpkg/info/bash.list": "/.\n/bin\n/bin/bash\n",
    "/bin": Link("usr/bin"),
    "/usr/bin/bash": b"\x7fELF",
    "/usr/share/doc/bash/copyright": "Format: x\n\nFiles: *\nLicense: GPL-3+\n",
    "/opt/own": b"abc",
}
OURS = {"/opt/own", "/usr/share/doc/bash/copyright", "/var/lib/dpkg/status",
        "/var/lib/dpkg/info/bash.list"}  # fmt: skip


class Unreadable(FakeFilesystem):
    """A disk with a file that is damaged or too large."""

    def __init__(self, bad: str) -> None:
        super().__init__(TREE)
        self._bad = bad

    def read_bytes(self, path: str) -> bytes:
        if path == self._bad:
            raise ImageError(f"Could not read {path}.")
        return super().read_bytes(path)


def test_packages_licences_and_files_of_no_package_are_told() -> None:
    found = contents(FakeFilesystem(TREE))
    assert found is not None
    (bash,) = found.packages
    assert (bash.name, bash.version, bash.licences) == ("bash", "5.2.15-2", ("GPL-3+",))
    assert {file.path for file in found.files} == OURS
    own = next(file for file in found.files if file.path == "/opt/own")
    assert own.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert found.gaps == ()


RPMDB = gzip.decompress((Path(__file__).parents[1] / "sbom/rpmdb.sqlite.gz").read_bytes())


@pytest.mark.parametrize("path", DATABASES)
def test_rpm_s_database_tells_packages_and_their_files(path: str) -> None:
    tree: dict[str, bytes | str | Link] = {
        path: RPMDB, "/usr/bin/hello": "hi\n", "/etc/hello.conf": "c\n", "/opt/own": b"abc",
    }  # fmt: skip
    found = contents(FakeFilesystem(tree))
    assert found is not None
    assert [each.name for each in found.packages] == ["bye", "hello"]
    assert {file.path for file in found.files} == {path, "/opt/own"}
    assert (found.package_format, found.gaps) == ("rpm", ())


def test_a_database_that_is_none_is_a_gap() -> None:
    path = DATABASES[0]
    found = contents(FakeFilesystem({path: b"nothing"}))
    assert found is not None
    assert (found.packages, found.gaps) == ((), (f"{path} is not a database of rpm's.",))


def test_without_a_package_manager_nothing_is_told() -> None:
    assert contents(FakeFilesystem({"/etc/os-release": "ID=windows\n"})) is None


def test_a_status_that_cannot_be_read_is_a_gap() -> None:
    found = contents(Unreadable("/var/lib/dpkg/status"))
    assert found is not None
    assert found.packages == ()
    assert found.gaps == ("/var/lib/dpkg/status could not be read.",)


def test_a_status_that_is_a_directory_is_a_gap() -> None:
    found = contents(FakeFilesystem({"/var/lib/dpkg/status/x": ""}))
    assert found is not None
    assert found.gaps == ("/var/lib/dpkg/status could not be read.",)


def test_names_that_are_not_utf_8_leave_the_packages() -> None:
    class Foreign(FakeFilesystem):
        def files(self, directory: str) -> tuple[str, ...]:
            b"caf\xe9".decode()
            return super().files(directory)

    found = contents(Foreign(TREE))
    assert found is not None
    assert (len(found.packages), found.files) == (1, ())
    assert found.gaps == ("The files on the disk could not be listed.",)


def test_what_a_child_hands_over_comes_whole() -> None:
    found = contents(FakeFilesystem(TREE))
    adapter = TypeAdapter(Contents | None)
    assert adapter.validate_json(adapter.dump_json(found)) == found


def test_entries_that_make_no_sense_are_counted() -> None:
    tree = {
        **TREE,
        "/var/lib/dpkg/status": f"{STATUS}\nPackage: ../x\nStatus: install ok installed\n",
    }
    found = contents(FakeFilesystem(tree))
    assert found is not None
    assert len(found.packages) == 1
    assert found.gaps == ("Entries of /var/lib/dpkg/status that make no sense: 1.",)


def test_a_file_that_cannot_be_read_is_named() -> None:
    found = contents(Unreadable("/opt/own"))
    assert found is not None
    assert {file.path for file in found.files} == OURS - {"/opt/own"}
    assert found.gaps == ("/opt/own belongs to no package, and could not be read.",)


def test_a_list_that_cannot_be_read_leaves_the_packages() -> None:
    found = contents(Unreadable("/var/lib/dpkg/info/bash.list"))
    assert found is not None
    assert len(found.packages) == 1
    assert found.gaps == ("The files of packages could not be told from others.",)


@pytest.mark.parametrize(
    ("limit", "value", "gap"),
    [
        ("DATABASE_LIMIT", 3, "/var/lib/dpkg/status has more than 0 MiB."),
        ("FILES_LIMIT", 1, "4 files belong to no package; 1 are told."),
        ("BYTES_LIMIT", 3, "on are not told: more than 0 GiB."),
    ],
)
def test_beyond_a_limit_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: Any, gap: str
) -> None:
    monkeypatch.setattr(subject, limit, value)
    found = contents(FakeFilesystem(TREE))
    assert found is not None
    assert len(found.files) <= 1
    assert found.gaps[0].endswith(gap)
