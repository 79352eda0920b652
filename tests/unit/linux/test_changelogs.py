"""Changelogs of Debian packages, and how much of them is kept."""

import gzip

import pytest
from fakes import FakeFilesystem, Link
from hypothesis import given
from hypothesis import strategies as st

from builder.linux import changelogs as subject
from builder.linux.changelogs import Changelog, changelogs, entries, kept

NEWEST = """\
openssl (3.0.15-1~deb12u2) bookworm-security; urgency=medium

  * Fix a hole (CVE-2026-1). Closes: #1; see (and read) the notes.

 -- A Maintainer <a@debian.example>  Fri, 02 Jan 2026 03:04:05 +0000"""
BEFORE = """\
openssl (3.0.15-1~deb12u1) bookworm; urgency=medium, binary-only=yes

  * Version 1.

 -- A Maintainer <a@debian.example>  Thu, 01 Jan 2026 03:04:05 +0000"""
TEXT = f"{NEWEST}\n\n{BEFORE}\n\n# Older entries have been removed.\n"
DOC = "/usr/share/doc"


def test_each_heading_begins_an_entry() -> None:
    newest, before = entries(TEXT)
    assert newest == NEWEST
    assert before.startswith(BEFORE)


@pytest.mark.parametrize(
    "text", ["", "Changes in 1.2:\n  * Fixed (all); of it.\n", "a (1\n) x;", " a (1) x; y"]
)
def test_what_upstream_writes_has_no_entries(text: str) -> None:
    assert entries(text) == ()


@given(st.text() | st.from_regex(r"(\w+ \([^)]*\).*;.*\n?)*", fullmatch=True))
def test_any_text_has_entries_or_none(text: str) -> None:
    assert all(entry in text for entry in entries(text))


def test_packages_of_one_source_have_one_changelog() -> None:
    packed = gzip.compress(TEXT.encode())
    disk = FakeFilesystem(
        {
            f"{DOC}/libssl3/changelog.Debian.gz": packed,
            f"{DOC}/libssl3/changelog.gz": gzip.compress(b"Upstream's\n"),
            f"{DOC}/openssl": Link("libssl3"),
            f"{DOC}/apt/changelog.gz": gzip.compress(b"apt (2.6.1) unstable; urgency=low\n"),
            f"{DOC}/bash/changelog.gz": gzip.compress(b"Upstream's\n"),
            f"{DOC}/broken/changelog.Debian.gz": b"no archive",
            f"{DOC}/cut/changelog.Debian.gz": packed[:-9],
        }
    )
    found = changelogs(disk, ["libssl3", "openssl", "apt", "bash", "broken", "cut", "absent"])
    assert found == (
        Changelog(("apt",), ("apt (2.6.1) unstable; urgency=low",)),
        Changelog(("libssl3", "openssl", "cut"), entries(TEXT)),
    )


def test_what_a_changelog_unpacks_to_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LIMIT", len(NEWEST) + 2 + 9)
    disk = FakeFilesystem({f"{DOC}/a/changelog.gz": gzip.compress(TEXT.encode())})
    (found,) = changelogs(disk, ["a"])
    assert found.entries == (NEWEST,)


def test_the_newest_entry_is_kept_as_far_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LIMIT", 5)
    assert kept({"a": ("123456789", "1")}) == (Changelog(("a",), ("12345",)),)


def test_changelogs_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "TOTAL_LIMIT", 5)
    found = kept({"b": ("45678",), "a": ("1234",), "c": ("1234",), "d": ("8",), "e": ()})
    assert found == (Changelog(("d",), ("8",)), Changelog(("a", "c"), ("1234",)))
