"""What is shown of the difference between two builds: tables, arranged as they are shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from builder.compare.builds import Difference
from builder.compare.change import Change
from builder.compare.changelogs import ChangelogChange
from builder.compare.packages import KINDS
from builder.compare.proof import ClaimState, Outcomes
from builder.linux.configuration import ConfigurationFile
from builder.report.units import short_duration, size
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord, Package
from builder.words import enumeration

NOTHING = "-"
"""What was, or is, not there: a cell without any text would shift a program's columns."""

DIRECTORIES = 12
"""How many directories are shown; hundreds differ by some blocks."""

OLD_NEW = ("old", "new")

CONTEXT = 1
"""Lines around each change of a file."""

CHANGELOG_LINES = 60
"""Lines of new changelog entries that are shown; a kernel's have thousands. JSON has all."""

Row = tuple[str, ...]
Rows = tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """A table below its name, and what it comes to."""

    name: str
    summary: str
    heading: Row
    rows: Rows
    blocks: tuple[str, ...] = ()
    """Lines of text below the table."""


def title(difference: Difference) -> str:
    """Which builds were compared."""
    before, after = (_profile(build) for build in (difference.old, difference.new))
    old, new = difference.old.build, difference.new.build
    return f"{before}  {old} → {f'{after}  ' if after != before else ''}{new}"


def conclusion(difference: Difference) -> str:
    """The difference in one sentence."""
    if difference.parts:
        return f"They differ in {enumeration(difference.parts, 'and')}."
    measured = (
        *difference.sizes, *difference.directories, *difference.unpackaged,
        *difference.boots, *difference.phases,
    )  # fmt: skip
    return "They differ in sizes and times only." if measured else "Nothing differs."


def of_the_image(difference: Difference) -> list[Section]:
    """What is new for those who use the image; what did not change has no section."""
    counts = Counter(change.kind for change in difference.packages)
    counted = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    grown = ("directory", *OLD_NEW, "growth")
    return _not_empty(
        Section("packages", counted, ("change", "package", *OLD_NEW), _packages(difference)),
        _changelogs(difference.changelogs or ()),
        _vulnerabilities(difference.vulnerabilities or ()),
        Section("kernel", "", ("", *OLD_NEW), _values(difference.kernel)),
        Section("claims", "", ("claim", *OLD_NEW), _claims(difference.claims)),
        Section("checks", "", ("check", *OLD_NEW), _checks(difference.checks)),
        Section("plan", "", ("key", *OLD_NEW), _values(difference.plan)),
        _configuration(difference.configuration or ()),
        Section("sizes", "", ("", *OLD_NEW, "growth"), tuple(map(_size, difference.sizes))),
        Section("sizes by directory", "", grown, _directories(difference.directories)),
        Section("files of no package", "", grown, _directories(difference.unpackaged)),
        Section("boots", "", ("boot", "", *OLD_NEW), _boots(difference.boots)),
    )


def of_the_making(difference: Difference) -> list[Section]:
    """What is new in how the image was made and checked."""
    return _not_empty(
        Section("tools", "", ("tool", *OLD_NEW), _values(difference.tools)),
        Section(
            "times of the build", "", ("phase", *OLD_NEW, "growth"),
            tuple(map(_time, difference.phases)),
        ),
    )  # fmt: skip


def _profile(build: Manifest) -> str:
    return build.planned().profile


def _not_empty(*sections: Section) -> list[Section]:
    return [section for section in sections if section.rows]


def _packages(difference: Difference) -> Rows:
    return tuple(
        (kind, change.name, *_versions(change.old, change.new))
        for kind in KINDS
        for change in difference.packages
        if change.kind == kind
    )


def _versions(old: Package | None, new: Package | None) -> tuple[str, str]:
    """Both versions, with the architectures where they differ."""
    told = old is not None and new is not None and old.architecture != new.architecture

    def version(package: Package | None) -> str:
        if package is None:
            return NOTHING
        return f"{package.version} ({package.architecture})" if told else package.version

    return version(old), version(new)


def _changelogs(changes: Sequence[ChangelogChange]) -> Section:
    """The entries that came and went, as the lines of a diff."""
    rows = tuple((", ".join(change.packages), _entries(change)) for change in changes)
    blocks = tuple(map(_changelog, changes))
    return Section("changelogs", "", ("packages", "entries"), rows, blocks)


def _entries(change: ChangelogChange) -> str:
    counts = (f"{len(change.come)} new", change.come), (f"{len(change.gone)} gone", change.gone)
    return ", ".join(text for text, entries in counts if entries)


def _changelog(change: ChangelogChange) -> str:
    lines = [
        f"{sign}{line}"
        for sign, entries in (("+", change.come), ("-", change.gone))
        for line in "\n\n".join(entries).splitlines()
    ]
    more = len(lines) - CHANGELOG_LINES
    return "\n".join(
        [*lines[:CHANGELOG_LINES], *([f"… and {more} more lines"] if more > 0 else [])]
    )


def _vulnerabilities(changes: Sequence[Change[str]]) -> Section:
    rows = tuple(
        ("gone" if change.new is None else "new", change.name, *_pair(change)) for change in changes
    )
    counts = Counter(kind for kind, *_ in rows)
    summary = ", ".join(f"{counts[kind]} {kind}" for kind in ("new", "gone") if counts[kind])
    return Section("known vulnerabilities", summary, ("change", "vulnerability", *OLD_NEW), rows)


def _pair(change: Change[str]) -> tuple[str, str]:
    return change.old or NOTHING, change.new or NOTHING


def _claims(changes: Iterable[Change[ClaimState]]) -> Rows:
    def state(claim: ClaimState | None) -> str:
        if claim is None:
            return NOTHING
        return f"{claim.value}, {claim.grade}{'' if claim.proven else ' (not proven)'}"

    return tuple((change.name, state(change.old), state(change.new)) for change in changes)


def _checks(changes: Iterable[Change[Outcomes]]) -> Rows:
    return tuple((change.name, _outcomes(change.old), _outcomes(change.new)) for change in changes)


def _outcomes(outcomes: Outcomes | None) -> str:
    """The outcome of a check, or where it has which."""
    if outcomes is None:
        return NOTHING
    places: dict[str, list[str]] = {}
    for place, outcome in outcomes.items():
        places.setdefault(outcome, []).append(place)
    if len(places) == 1:
        return next(iter(places))
    return "; ".join(f"{outcome}: {', '.join(where)}" for outcome, where in places.items())


def _values(changes: Iterable[Change[Any]]) -> Rows:  # Any: JSON
    return tuple((change.name, *values) for change in changes for values in _pairs(change))


def _pairs(change: Change[Any]) -> Iterator[tuple[str, str]]:  # Any: JSON
    """The values before and now; of lists a pair for each item that came or went."""
    old, new = change.old, change.new
    if not (isinstance(old, list) and isinstance(new, list)):
        yield _value(old), _value(new)
    elif any(item in new for item in old):
        yield NOTHING, "in another order"
    else:
        yield from ((_value(item), NOTHING) for item in old)
        yield from ((NOTHING, _value(item)) for item in new)


def _value(value: Any) -> str:  # Any: JSON
    match value:
        case None | "":
            return NOTHING
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(_value, value)) or NOTHING
        case Mapping():
            return ", ".join(f"{key}={_value(item)}" for key, item in value.items())
        case _:
            return str(value)


def _configuration(changes: Sequence[Change[ConfigurationFile]]) -> Section:
    """Which files changed, and their lines where both texts may be told."""
    rows = tuple((_presence(change), change.name) for change in changes)
    blocks = (_lines(change) for change in changes)
    return Section("configuration", "", ("change", "file"), rows, tuple(filter(None, blocks)))


def _presence(change: Change[Any]) -> str:  # Any: whatever came or went
    if change.old is None:
        return "added"
    return "removed" if change.new is None else "changed"


def _lines(change: Change[ConfigurationFile]) -> str:
    """A unified diff, as diff(1) and git(1) write it."""
    old, new = (file.text if file else None for file in (change.old, change.new))
    if old is None or new is None:
        return ""
    names = f"old{change.name}", f"new{change.name}"
    lines = unified_diff(old.splitlines(), new.splitlines(), *names, n=CONTEXT, lineterm="")
    return "\n".join(lines)


def _directories(changes: Sequence[Change[int]]) -> Rows:
    """Those that have grown or shrunk most, and the others together."""
    ordered = sorted(changes, key=lambda change: (-abs(_growth(change)), change.name))
    others = ordered[DIRECTORIES:]
    rows = [_size(change) for change in ordered[:DIRECTORIES]]
    if others:
        old = sum(change.old or 0 for change in others)
        new = sum(change.new or 0 for change in others)
        rows.append(_size(Change(f"{len(others)} others", old, new)))
    return tuple(rows)


def _growth(change: Change[int]) -> int:
    return (change.new or 0) - (change.old or 0)


def _size(change: Change[int]) -> Row:
    old, new = (NOTHING if count is None else size(count) for count in (change.old, change.new))
    growth = _growth(change)
    return change.name, old, new, f"{'-' if growth < 0 else '+'}{size(abs(growth))}"


def _time(change: Change[float]) -> Row:
    old, new = (NOTHING if t is None else short_duration(t) for t in (change.old, change.new))
    more = (change.new or 0) - (change.old or 0)
    return change.name, old, new, f"{'-' if more < 0 else '+'}{short_duration(abs(more))}"


def _boots(changes: Iterable[Change[BootRecord]]) -> Rows:
    return tuple(
        (change.name, what, was, is_now)
        for change in changes
        for what, was, is_now in _differing(_booted(change.old), _booted(change.new))
    )


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for what in new or old:
        was, is_now = old.get(what, NOTHING), new.get(what, NOTHING)
        if was != is_now:
            yield what, was, is_now


def _booted(boot: BootRecord | None) -> dict[str, str]:
    if boot is None:
        return {}
    return {
        "up after": short_duration(boot.until_ssh),
        "probed in": short_duration(boot.probes),
        "accelerator": boot.accelerator,
        "firmware": boot.firmware or NOTHING,
    }
