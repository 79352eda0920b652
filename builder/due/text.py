"""A judgement as people read it."""

from collections.abc import Iterator

from builder.due.judgement import Judgement, Reason
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Part, line, section, table
from builder.words import counted


def judgement_text(judgement: Judgement) -> Iterator[Part]:
    """The answer in one line, why a build must be, what would differ in one, what is unknown."""
    build = judgement.build or "no build"
    yield line(f"{judgement.profile}  {build}  {_answer(judgement)}", STRONG)
    must = [reason for reason in judgement.reasons if reason.must]
    differing = [reason for reason in judgement.reasons if not reason.must]
    yield from _part("there must be a build", must, BAD)
    yield from _part("a build would differ", differing, DOUBT)
    lines = [
        line(f"  {text}")
        for unknown in judgement.unknown
        for text in f"{unknown.subject}: {unknown.error}".splitlines()
    ]
    yield from section("unknown", lines)


def _answer(judgement: Judgement) -> str:
    if judgement.due is None:
        return "unknown whether a build is due"
    return f"due, {counted(len(judgement.reasons), 'reason')}" if judgement.due else "not due"


def _part(heading: str, reasons: list[Reason], style: str) -> list[Part]:
    rows = [
        (
            line(reason.kind, style),
            reason.subject,
            line(reason.old, BAD),
            "->",
            line(reason.new, GOOD),
            reason.note,
        )
        for reason in reasons
    ]
    return section(heading, table(rows, level=2))
