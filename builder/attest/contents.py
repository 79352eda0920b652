"""Whether a manifest says what was signed: the build, its evidence, what was observed. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from builder.attest.canonical import build_sections, canonical, place_of, section_digests
from builder.attest.part import Part, State
from builder.attest.provenance import SECTION
from builder.attest.statement import PROVENANCE, TEST_RESULT, byproducts_of, result_of
from builder.attest.trusted import Signed
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Observed
from builder.words import counted

BUILD, EVIDENCE, OBSERVATIONS = "manifest.json", "evidence", "observations"

R = TypeVar("R", Evidence, Observed)

_SHOWN = 5


def contents(build: Manifest, signed: Sequence[Signed]) -> list[Part]:
    """The parts of a manifest that claims rest upon; ``signed`` is about its image."""
    results = [
        (result_of(each.statement), each.key_id)
        for each in signed
        if each.statement.predicate_type == TEST_RESULT
    ]
    return [
        _build_part(build, signed),
        *_records(
            EVIDENCE,
            build.valid_evidence(),
            [(each, key) for result, key in results for each in result.evidence],
        ),
        *_records(
            OBSERVATIONS,
            build.valid_observations(),
            [(each, key) for result, key in results for each in result.observations],
        ),
    ]


def provenance_of(signed: Sequence[Signed]) -> Signed | None:
    """The newest provenance."""
    found = [each for each in signed if each.statement.predicate_type == PROVENANCE]
    return found[-1] if found else None


def changed_sections(told: dict[str, str], present: dict[str, str]) -> list[str]:
    """The sections of a manifest that are not as they were signed."""
    names = dict.fromkeys([*present, *told])
    return [name for name in names if told.get(name) != present.get(name)]


def _build_part(build: Manifest, signed: Sequence[Signed]) -> Part:
    source = provenance_of(signed)
    if source is None:
        return Part(BUILD, State.UNSIGNED)
    told = {
        part.name.removeprefix(SECTION): part.sha256
        for part in byproducts_of(source.statement)
        if part.name.startswith(SECTION)
    }
    if changed := changed_sections(told, build_sections(section_digests(build))):
        return Part(BUILD, State.CHANGED, listed(changed), source.key_id)
    return Part(BUILD, State.SIGNED, key_id=source.key_id)


def _records(
    name: str,
    present: Sequence[R],
    signed: Sequence[tuple[R, str]],
) -> Iterator[Part]:
    """What became of signed records, and which ones nobody has signed."""
    told = {canonical(record): key for record, key in signed}
    places: dict[str, list[R]] = {}
    for record, _ in signed:
        places.setdefault(place_of(record), []).append(record)
    here = {place_of(record) for record in present}
    unknown = [record for record in present if canonical(record) not in told]
    # What was made anew since is another result; what is as old as the signed one is the same.
    changed = [
        place_of(record)
        for record in unknown
        if any(record.at <= other.at for other in places.get(place_of(record), []))
    ]
    unsigned = [place_of(record) for record in unknown if place_of(record) not in changed]
    missing = [where for where in places if where not in here]
    for names, state in (
        (changed, State.CHANGED),
        (missing, State.MISSING),
        (unsigned, State.UNSIGNED),
    ):
        if names:
            yield Part(name, state, listed(names))
    for key in dict.fromkeys(told.values()):
        own = sum(told.get(canonical(record)) == key for record in present)
        if own:
            yield Part(name, State.SIGNED, counted(own, "result"), key)


def listed(names: Sequence[str]) -> str:
    """The names, or the first of them."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
