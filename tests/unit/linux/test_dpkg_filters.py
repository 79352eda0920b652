"""dpkg's own path filters, as it reads them and as they match."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem
from hypothesis import given
from hypothesis import strategies as st

from builder.linux.dpkg_filters import read

PLACE = "/etc/dpkg/dpkg.cfg.d"


def left_out(files: Mapping[str, str], path: str) -> bool:
    return read(FakeFilesystem(files)).leave_out(path)


@pytest.mark.parametrize(
    ("lines", "path", "expected"),
    [
        ("path-exclude=/usr/share/doc/*", "/usr/share/doc/bash/README", True),
        ("path-exclude=/usr/share/doc/*", "/usr/share/docs", False),
        ("path-exclude /usr/share/doc/*", "/usr/share/doc/bash/a/b", True),
        ('path-exclude = "/a b/*"', "/a b/c", True),
        ("path-exclude=/d/*\npath-include=/d/*/copyright", "/d/x/copyright", False),
        ("path-include=/d/*/copyright\npath-exclude=/d/*", "/d/x/copyright", True),
        ("path-exclude=*/lib/modules/*/sound/*", "/lib/modules/6/kernel/sound/a.ko", True),
        ("path-exclude=*/lib/modules/*/sound/*", "/usr/lib/modules/6/sound/a.ko", True),
        ("# path-exclude=*", "/a", False),
        ("path-excluded=*\nforce-unsafe-io\nlog /var/log/dpkg.log", "/a", False),
    ],
)
def test_the_last_pattern_that_matches_decides(lines: str, path: str, *, expected: bool) -> None:
    assert left_out({f"{PLACE}/local": lines}, path) is expected


def test_files_are_read_in_the_order_of_their_names_and_the_general_one_last() -> None:
    files = {f"{PLACE}/a": "path-exclude=*", f"{PLACE}/b": "path-include=/b*"}
    assert left_out(files, "/a")
    assert not left_out(files, "/b")
    assert left_out({**files, "/etc/dpkg/dpkg.cfg": "path-exclude=/b*"}, "/b")


@pytest.mark.parametrize("name", ["a.conf", "a.dpkg-old", ".a", "a~"])
def test_dpkg_passes_over_files_of_other_names(name: str) -> None:
    assert not left_out({f"{PLACE}/{name}": "path-exclude=*"}, "/a")


def test_without_dpkg_nothing_is_left_out() -> None:
    assert not left_out({}, "/a")


@given(st.text(), st.text(min_size=1))
def test_any_text_is_read(text: str, path: str) -> None:
    assert left_out({f"{PLACE}/a": text}, path) in {True, False}
