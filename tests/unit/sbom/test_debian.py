"""dpkg's files, sound and odd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.sbom.debian import installed, licence_names
from builder.sbom.rpm import source_of

STATUS = """\
Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <libc@example.org>
Installed-Size: 12986
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-8)
Version: 2.36-9
Description: GNU C Library
 Version: 9.9

Package: adduser
Status: hold ok installed
Architecture: all
Version: 3.134

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


def test_what_is_installed_is_read_and_what_was_removed_is_not() -> None:
    (adduser, libc), defects = installed(STATUS)
    assert defects == 0
    assert (libc.name, libc.version, libc.installed_size) == ("libc6:amd64", "2.36-9", 12986)
    assert (libc.source, libc.source_version) == ("glibc", "2.36-8")
    assert (adduser.name, adduser.source, adduser.source_version) == ("adduser", "adduser", "3.134")


@pytest.mark.parametrize(
    "entry",
    [
        "Package: ../../etc\nStatus: install ok installed\nArchitecture: all\nVersion: 1",
        "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\x1b[2J",
        "Package: a\nStatus: install ok installed\nArchitecture: all",
        "Package: a\nStatus: installed\nArchitecture: all\nVersion: 1",
        "Package: a\nStatus: install ok installed\nArchitecture: x/../y\nVersion: 1",
        f"Package: {'a' * 1000}\nStatus: install ok installed\nArchitecture: all\nVersion: 1",
        "no field at all: but a colon",
    ],
)
def test_an_entry_that_makes_no_sense_is_counted_and_is_no_package(entry: str) -> None:
    found, defects = installed(f"{STATUS}\n{entry}\n")
    assert len(found) == 2
    assert defects == 1


def test_a_package_that_stands_there_twice_counts_once() -> None:
    assert installed(f"{STATUS}\n{STATUS}") == installed(STATUS)


def test_a_source_that_makes_no_sense_is_taken_for_the_package_s_own() -> None:
    (_, libc), defects = installed(STATUS.replace("glibc (2.36-8)", "/../ (\x1b)"))
    assert (libc.source, libc.source_version, defects) == ("libc6", "2.36-9", 0)


def test_long_lines_take_no_time() -> None:
    spaces = " " * 1_000_000
    assert licence_names(["Format: x", f"License:{spaces}MIT{spaces}x"]) == (f"MIT{spaces}x",)
    installed(f"Package: a\n{spaces}x\n{spaces}")


def test_a_size_that_is_no_number_is_none() -> None:
    (_, libc), _ = installed(STATUS.replace("12986", "9" * 5000))
    assert libc.installed_size == 0


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    installed(text)
    licence_names(text.splitlines())


def test_only_paragraphs_with_files_and_the_header_name_licences() -> None:
    text = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
License: ISC

License: GPL-2+
 On Debian systems …

Files: debian/*
License: MIT
Copyright: somebody
"""
    assert licence_names(text.splitlines()) == ("ISC", "MIT")


@pytest.mark.parametrize(
    "text", ["", "This package is free.\nLicense: GPL\n", "\n\nFiles: *\nLicense: MIT\n"]
)
def test_a_text_for_people_tells_nothing(text: str) -> None:
    assert licence_names(text.splitlines()) == ()


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bash-5.1.8-6.el9.src.rpm", ("bash", "5.1.8-6.el9")),
        ("nvidia-driver-550.1-1.nosrc.rpm", ("nvidia-driver", "550.1-1")),
        ("(none)", ("", "")),
        ("x-1.src.rpm", ("", "")),
        ("--.src.rpm", ("", "")),
    ],
)
def test_an_rpm_names_its_source_by_a_file(file: str, source: tuple[str, str]) -> None:
    assert source_of(file) == source
