"""rpm's own database, and what a stranger could have in its place.

``rpmdb.sqlite.gz`` is what rpm 4.18 has written of two packages that its rpmbuild had made: "hello"
with an epoch, a vendor and a changelog, "bye" without.
"""

import gzip
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.sbom import rpm_database as subject
from builder.sbom.rpm_database import read_changelogs, read_database

REAL = gzip.decompress((Path(__file__).parent / "rpmdb.sqlite.gz").read_bytes())


def header(**values: str | int) -> bytes:
    tags = {"name": 1000, "version": 1001, "release": 1002, "epoch": 1003, "arch": 1022}
    index, store = b"", b""
    for word, value in values.items():
        store += b"\0" * (-len(store) % 4)
        kind = 6 if isinstance(value, str) else 4
        index += struct.pack(">IIII", tags[word], kind, len(store), 1)
        store += value.encode() + b"\0" if isinstance(value, str) else struct.pack(">I", value)
    return struct.pack(">II", len(values), len(store)) + index + store


def database(*blobs: object, create: str = "CREATE TABLE Packages (hnum, blob)") -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(create)
        connection.executemany("INSERT INTO Packages VALUES (?, ?)", enumerate(blobs))
        connection.commit()
        return connection.serialize()


def test_what_rpm_has_written_is_read() -> None:
    found = read_database(REAL)
    bye, hello = found.packages
    assert (hello.name, hello.version, hello.architecture) == ("hello", "3:1.2-4.el9", "noarch")
    assert (hello.source, hello.source_version) == ("hello", "1.2-4.el9")
    assert hello.supplier == "Rocky Enterprise Software Foundation"
    assert hello.licences == ("GPLv2+ and MIT",)
    assert (bye.version, bye.supplier) == ("1.2-4.el9", "")
    assert sorted(found.paths) == [
        "/etc/bye.conf", "/etc/hello.conf", "/usr/bin/bye", "/usr/bin/hello",
    ]  # fmt: skip
    assert found.defects == 0


def test_changelogs_are_told_as_rpm_prints_them() -> None:
    assert read_changelogs(REAL, ["hello", "other"]) == {
        "hello": (
            "* Fri Jan 02 2026 A Maintainer <a@rocky.example> - 3:1.2-4\n- Fix it\n- Résumé",
            "* Thu Jan 01 2026 B <b@rocky.example>\n- First",
        )
    }
    assert read_changelogs(REAL, ["bye"]) == {"bye": ()}


def test_a_header_without_sense_has_no_changelog() -> None:
    found = read_changelogs(database(b"", b"\xff" * 64, header(name="a")), ["a"])
    assert found == {"a": ()}
    with pytest.raises(ValueError, match="not a database"):
        read_changelogs(b"x" * 100, ["a"])


def test_a_database_that_does_not_fit_into_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "DATABASE_LIMIT", len(REAL) - 1)
    for read in (read_database, lambda content: read_changelogs(content, ["hello"])):
        with pytest.raises(ValueError, match="more than 0 MiB"):
            read(REAL)


def test_several_versions_of_a_package_are_told() -> None:
    blobs = [header(name="kernel", version="5.14", release=release) for release in ("1", "2")]
    found = read_database(database(*blobs))
    assert [each.version for each in found.packages] == ["5.14-1", "5.14-2"]


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 7,
        struct.pack(">II", 0, 0),
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack(">IIIIII", 1, 4, 1003, 4, 0, 0xFFFFFFFF),
        header(name="a", version="1"),
        header(name="../a", version="1", release="1"),
        header(name="a", version="1 2", release="1"),
        header(name=7, version="1", release="1")[:-2],
    ],
)
def test_a_header_that_makes_no_sense_is_counted_and_is_no_package(blob: bytes) -> None:
    sound = header(name="a", version="1", release="1", arch="x86_64")
    found = read_database(database(blob, sound))
    assert [each.name for each in found.packages] == ["a"]
    assert found.defects == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SQLite format 3\0",
        REAL[:5000],
        REAL[:4096] + b"\xff" * (len(REAL) - 4096),
        database("x", create="CREATE TABLE Packages (hnum, other)"),
    ],
    ids=["empty", "no more than its name", "truncated", "overwritten", "another table"],
)
def test_what_is_no_database_of_rpm_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_database(content)


@given(st.binary(max_size=300))
def test_any_header_is_read(blob: bytes) -> None:
    assert len(read_database(database(blob)).packages) <= 1
