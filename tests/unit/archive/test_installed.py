from hypothesis import given
from hypothesis import strategies as st

from builder.archive.apt_answer import fields
from builder.archive.installed import identity, paragraphs, status_file
from builder.store.sections import Package

INDEX = b"""\
Package: libc6
Version: 2.36-9
Architecture: amd64
Depends: libgcc-s1
Description: a library
 Package: zstd is not this one

Package: libc6
Version: 2.36-10
Architecture: amd64

Package: zstd
Version: 1.5
Architecture: amd64
"""


def package(name: str, version: str) -> Package:
    return Package(name=name, version=version, architecture="amd64", installed_size=1)


def test_an_index_is_searched_by_the_names_of_its_packages() -> None:
    found = [identity(text) for text in paragraphs(INDEX, {"libc6", "Package"})]
    assert found == [("libc6", "2.36-9", "amd64"), ("libc6", "2.36-10", "amd64")]


def test_what_the_index_has_is_installed_as_it_says_and_the_rest_by_name_and_version() -> None:
    indexed = paragraphs(INDEX, {"libc6", "zstd"})
    status = status_file([package("libc6:amd64", "2.36-9"), package("zstd", "1.4")], indexed)
    first, second = status.split("\n\n")[:2]
    assert fields(first)["Depends"] == "libgcc-s1"
    assert identity(second) == ("zstd", "1.4", "amd64")
    assert [fields(text)["Status"] for text in (first, second)] == ["install ok installed"] * 2


@given(st.binary(), st.sets(st.text(min_size=1), max_size=3))
def test_no_index_disturbs_the_reading(index: bytes, names: set[str]) -> None:
    for text in paragraphs(index, {name for name in names if name.isprintable()}):
        identity(text)


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z0-9][a-z0-9+.-]+", fullmatch=True),
            st.from_regex(r"[0-9][A-Za-z0-9.+~]*", fullmatch=True),
        ),
        unique_by=lambda row: row[0],
    )
)
def test_every_package_is_installed_once(wanted: list[tuple[str, str]]) -> None:
    status = status_file([package(*row) for row in wanted], ())
    told = [identity(text)[:2] for text in status.split("\n\n") if text]
    assert told == wanted
