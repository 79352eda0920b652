"""A judgement as people read it."""

from collections.abc import Iterable, Iterator

from builder.archive.lag import Missing
from builder.security.exceptions import Excepted
from builder.security.finding import Finding
from builder.security.judgement import Judgement
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Line, Part, line, section, table
from builder.words import counted, day_of, enumeration

Row = tuple[str | Line, ...]


def judgement_text(judgement: Judgement) -> Iterator[Part]:
    """The answer in one line, then all that makes it."""
    yield line(f"{judgement.profile}  {judgement.build}  {_answer(judgement)}", STRONG)
    updates = (_update(update, judgement) for update in judgement.updates)
    yield from _part("security updates that it lacks", updates)
    tracker = judgement.tracker
    by = f", by {tracker.path.name} of {day_of(tracker.of)}" if tracker else ""
    yield from _part(f"known vulnerabilities{by}", map(_finding, judgement.counting))
    yield from _part("exceptions that have expired", map(_excepted, judgement.expired))
    yield from _part("excepted", map(_excepted, judgement.excepted))
    if judgement.negligible:
        told = counted(len(judgement.negligible), "vulnerability", "vulnerabilities")
        yield from section("", [line(f"  {told} more, which the distribution calls unimportant")])
    lines = [
        line(f"  {text}")
        for unknown in judgement.unknown
        for text in f"{unknown.subject}: {unknown.reason}".splitlines()
    ]
    yield from section("unknown", lines)


def _answer(judgement: Judgement) -> str:
    amiss = [
        (len(judgement.updates), "security update lacking", "security updates lacking"),
        (len(judgement.counting), "known vulnerability", "known vulnerabilities"),
    ]
    found = [counted(number, singular, several) for number, singular, several in amiss if number]
    if found:
        return enumeration(found, "and")
    if judgement.unknown:
        subjects = dict.fromkeys(unknown.subject for unknown in judgement.unknown)
        return f"unknown: {enumeration(subjects, 'and')}"
    asked = " and no known vulnerability" if judgement.tracker else ""
    return f"no security update lacking{asked}"


def _part(heading: str, rows: Iterable[Row]) -> list[Part]:
    return section(heading, table(rows, level=1))


def _update(update: Missing, judgement: Judgement) -> Row:
    note = update.note(judgement.at)
    return line(update.package, BAD), update.installed, "->", line(update.fixed, GOOD), note


def _finding(finding: Finding) -> Row:
    return line(finding.name, BAD), finding.source.name, finding.told


def _excepted(excepted: Excepted) -> Row:
    said = excepted.statement
    until = f"until {day_of(said.expires)}" if said.expires else ""
    why = f"{said.status}: {said.reason}" if said.reason else said.status
    return line(excepted.finding.name, DOUBT), excepted.finding.source.name, until, why
