"""Whether a build could be made again, as text and JSON."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import to_jsonable_python

from builder.compare.change import Change
from builder.compare.packages import PackageChange
from builder.compare.reproduction import FileDifference, Reproduction
from builder.terminal.output import BAD, GOOD, Part, items, prose, section, table

SHOWN = 20
"""Files that are named."""
SHOWN_LINES = 40
"""Of what differs inside of a file."""


def reproduction_text(found: Reproduction) -> list[Part]:
    """Whether it is the same, and else all that is known to differ, by what it is."""
    name = found.old.image.name
    if found.same:
        return prose(f"{name} is the same, byte for byte: SHA-256 {found.new.image.sha256}", GOOD)
    files = found.files or ()
    more = len(files) - SHOWN
    return [
        *prose(f"{name} is another file than that of build {found.old.build}.", BAD),
        *section("made from something else", table(_rows(found.made_from))),
        *section("made by other tools", table(_rows(found.tools))),
        *section("packages", table(map(_package, found.packages))),
        *section("files of no package", table(map(_file, files[:SHOWN]))),
        *section("", prose(f"and {more} more files") if more > 0 else []),
        *(_inside(found.first) if found.first else []),
        *section("", prose(_conclusion(found))),
    ]


def _conclusion(found: Reproduction) -> str:
    if found.packages:
        return (
            "The archive has other packages by now. Name a mirror that still has those of then:"
            " DIB_DISTRIBUTION_MIRROR in the environment."
        )
    if found.made_from or found.tools:
        return "Take the program, the elements and the tools of then."
    return "All that it was made from is the same: please report this as a bug."


def _inside(first: FileDifference) -> list[Part]:
    lines = first.text.splitlines()
    more = len(lines) - SHOWN_LINES
    rest = [f"and {more} more lines"] if more > 0 else []
    return section(f"inside of {first.path}", items([*lines[:SHOWN_LINES], *rest]))


def _rows(changes: Iterable[Change[str]]) -> Iterable[tuple[str, str]]:
    return ((each.name, f"{each.old or 'nothing'} → {each.new or 'nothing'}") for each in changes)


def _package(change: PackageChange) -> tuple[str, str, str]:
    old, new = (package.version if package else "-" for package in (change.old, change.new))
    return change.kind, change.name, f"{old} → {new}"


def _file(change: Change[str]) -> tuple[str, str]:
    if change.old is None:
        return "new", change.name
    return ("gone" if change.new is None else "changed"), change.name


def reproduction_json(found: Reproduction) -> Any:  # Any: JSON
    """All of it, for programs."""
    return to_jsonable_python(
        {
            "same": found.same,
            "build": found.old.build,
            "sha256": {"old": found.old.image.sha256, "new": found.new.image.sha256},
            "made_from": found.made_from,
            "tools": found.tools,
            "packages": found.packages,
            "files": found.files,
            "first": found.first,
        }
    )
