"""Which versions of an image's packages an archive does not have any more."""

from builder.archive.pins import lost
from builder.store.sections import Package

ZSTD = Package(name="zstd", version="1.5-1", architecture="amd64", installed_size=1)
LIBC = Package(name="libc6:amd64", version="2.36-9", architecture="amd64", installed_size=1)
LISTED = {("zstd", "1.5-1", "amd64"), ("libc6", "2.36-9", "amd64")}


def told(*listed: tuple[str, str, str], own_files: bool = False) -> list[str]:
    return [gone.told for gone in lost((ZSTD, LIBC), listed, own_files=own_files)]


def test_versions_that_are_there_are_not_lost_whatever_else_is_there() -> None:
    assert told(*LISTED, ("zstd", "1.6-1", "amd64"), ("game", "1", "all")) == []


def test_each_lost_package_is_named_with_the_versions_that_there_are_by_their_age() -> None:
    others = [("zstd", version, "amd64") for version in ("1.10-1", "1.9-1", "1.9~rc1-1")]
    assert told(*others) == [
        "zstd 1.5-1: the archive has 1.9~rc1-1, 1.9-1, 1.10-1",
        "libc6:amd64 2.36-9: the archive has none",
    ]


def test_a_package_of_another_architecture_is_another_one() -> None:
    assert told(("zstd", "1.5-1", "i386"), ("libc6", "2.36-9", "amd64")) == [
        "zstd 1.5-1: the archive has none"
    ]


def test_what_came_with_the_user_s_own_files_is_not_looked_for() -> None:
    assert told(("libc6", "2.37-1", "amd64"), own_files=True) == [
        "libc6:amd64 2.36-9: the archive has 2.37-1"
    ]
