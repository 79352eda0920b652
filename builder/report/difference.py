"""The difference between two builds as text, Markdown for release notes, HTML and JSON."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from pydantic_core import to_jsonable_python

from builder.compare.builds import Difference
from builder.compare.packages import PackageChange
from builder.report.difference_view import (
    Section,
    conclusion,
    of_the_image,
    of_the_making,
    title,
)
from builder.report.page import page
from builder.store.manifest import Manifest
from builder.terminal.output import (
    BAD,
    DOUBT,
    GOOD,
    STRONG,
    Line,
    Part,
    items,
    line,
    prose,
    section,
    table,
)
from builder.words import one_line, printable_lines

_STYLES = {
    "up": GOOD,
    "down": BAD,
    "changed": DOUBT,
    "added": GOOD,
    "removed": BAD,
    "gone": GOOD,
    "new": BAD,
}
_SIGNS = {"+": GOOD, "-": BAD}


def difference_text(difference: Difference) -> list[Part]:
    """All of it, on a terminal."""
    parts = prose(title(difference), STRONG)
    for shown in (*of_the_image(difference), *of_the_making(difference)):
        rows = [_styled(row) for row in shown.rows]
        name = f"{shown.name}: {shown.summary}" if shown.summary else shown.name
        parts += section(name, table(rows, heading=shown.heading))
        for block in shown.blocks:
            parts += section("", [_diff_line(text) for text in block.splitlines()])
    return [
        *parts,
        *section("not compared", items(difference.unknown)),
        *section("", prose(conclusion(difference), DOUBT if difference.parts else GOOD)),
    ]


def difference_markdown(difference: Difference) -> str:
    """What is new in the image, as a section of release notes in GitHub's Markdown."""
    lines = [f"## {_plain(title(difference))}", ""]
    for shown in of_the_image(difference):
        lines += [f"### {shown.name.capitalize()}", ""]
        lines += [shown.summary, ""] if shown.summary else []
        lines += [*_markdown_table(shown), ""]
        for block in shown.blocks:
            lines += _markdown_block(block)
    if difference.unknown:
        lines += ["### Not compared", "", *(f"- {_plain(it)}" for it in difference.unknown), ""]
    return "\n".join([*lines, conclusion(difference), ""])


def difference_html(difference: Difference) -> str:
    """All of it, as a page."""
    return page(
        "difference.html",
        title=title(difference),
        conclusion=conclusion(difference),
        sections=[*of_the_image(difference), *of_the_making(difference)],
        unknown=difference.unknown,
    )


def difference_json(difference: Difference) -> dict[str, Any]:  # Any: JSON
    """All of it, for programs."""
    parts = {
        field.name: getattr(difference, field.name)
        for field in fields(difference)
        if field.name not in {"old", "new", "packages"}
    }
    return {
        "old": _build_json(difference.old),
        "new": _build_json(difference.new),
        "differ": difference.parts,
        "packages": [_package_json(change) for change in difference.packages],
        **to_jsonable_python(parts),
    }


def _styled(row: Sequence[str]) -> Sequence[str | Line]:
    first, *rest = row
    return (line(first, _STYLES[first]) if first in _STYLES else first, *rest)


def _diff_line(text: str) -> Line:
    return line(f"  {text.expandtabs()}", _SIGNS.get(text[:1], ""))


def _markdown_table(shown: Section) -> list[str]:
    return [
        f"| {' | '.join(shown.heading)} |",
        f"|{' --- |' * len(shown.heading)}",
        *(f"| {' | '.join(map(_code, row))} |" for row in shown.rows),
    ]


def _markdown_block(block: str) -> list[str]:
    """A fenced block, whose fence is longer than any in it."""
    longest = max(map(len, re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}diff", printable_lines(block), fence, ""]


def _code(text: str) -> str:
    """Text from an image as a table's cell, in which nothing is read as Markdown or HTML."""
    return f"`{one_line(text).replace('`', 'ˋ').replace('|', chr(92) + '|')}`"


def _plain(text: str) -> str:
    """Text between Markdown, of which nothing is read as Markdown or HTML."""
    return "".join(
        f"\\{letter}" if letter in "\\`*_[]<>#&|!" else letter for letter in one_line(text)
    )


def _build_json(build: Manifest) -> dict[str, Any]:  # Any: JSON
    plan = build.planned()
    return {
        "build": build.build,
        "profile": plan.profile,
        "distribution": plan.distribution.name,
        "created": build.created.isoformat(),
        "sha256": build.image.sha256,
        "adopted": build.adopted is not None,
    }


def _package_json(change: PackageChange) -> dict[str, Any]:  # Any: JSON
    return {"name": change.name, **to_jsonable_python(change)}
