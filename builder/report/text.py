"""A build's verdict as people read it: each claim, its grade, what was seen, what did not pass."""

from collections.abc import Iterable, Sequence

from builder.feature import Grade, Outcome
from builder.plan.model import Plan
from builder.report.adopted import faults, unproven_text
from builder.report.needs import needs_sections
from builder.report.units import duration
from builder.report.view import by_cloud
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, Evidence, Observed
from builder.store.verdict import ClaimVerdict, Verdict, verdict_of
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
from builder.words import counted, enumeration

MIB = 1024 * 1024
_STYLES = {
    Outcome.PASSED: GOOD,
    Outcome.FAILED: BAD,
    Outcome.SKIPPED: DOUBT,
    Outcome.ERROR: BAD,
}


def verdict_text(build: Manifest) -> list[Part]:
    """The whole verdict."""
    verdict, plan = verdict_of(build), build.planned()
    rows = [
        (
            f"{claim_verdict.claim.property}={claim_verdict.claim.value}",
            _grade(claim_verdict),
            claim_verdict.seen,
        )
        for claim_verdict in verdict.claims
    ]
    missing = [
        f"{expectation.check}{f' in {expectation.boot}' if expectation.boot else ''}"
        for expectation in verdict.missing
    ]
    passed = sum(result.outcome is Outcome.PASSED for result in build.valid_evidence())
    conclusion = f"{_conclusion(verdict)} ({passed} checks passed)"
    return [
        *prose(_heading(build), STRONG),
        *section("", table(rows, heading=("claim", "grade", "seen"))),
        *section("not passed", _problems(verdict.problems)),
        *section(f"not checked: {len(missing)} of the plan's checks", items(missing)),
        *_observed(build.valid_observations()),
        *(_adopted(build, build.adopted) if build.adopted else []),
        *(
            part
            for heading, parts in needs_sections(plan.all_needs).items()
            for part in section(heading, parts)
        ),
        *section("", prose(conclusion, _style(verdict))),
    ]


def verdict_json(build: Manifest) -> dict[str, object]:
    """The whole verdict for programs."""
    verdict = verdict_of(build)
    return {
        "build": build.build,
        "profile": build.planned().profile,
        "image": build.image.model_dump(),
        "formats": [file.model_dump() for file in build.formats],
        "proven": verdict.proven,
        "complete": verdict.complete,
        "booted": verdict.booted,
        "claims": [
            {
                "property": claim_verdict.claim.property,
                "value": claim_verdict.claim.value,
                "owner": claim_verdict.claim.owner,
                "grade": claim_verdict.grade,
                "proven": claim_verdict.proven and verdict.booted,
                "seen": claim_verdict.seen,
            }
            for claim_verdict in verdict.claims
        ],
        "problems": [result.model_dump(mode="json") for result in verdict.problems],
        "missing": [
            {"check": expectation.check, "boot": expectation.boot}
            for expectation in verdict.missing
        ],
        "observations": [result.model_dump(mode="json") for result in build.valid_observations()],
        "timings": build.timings,
        "boots": [boot.model_dump(mode="json") for boot in build.boots],
        **({"adopted": build.adopted.model_dump()} if build.adopted else {}),
    }


def evidence_text(evidence: Iterable[Evidence]) -> list[Part]:
    """Every check with its outcome and what it saw."""
    rows = [(result.check, _outcome(result.outcome), result.seen) for result in evidence]
    return table(rows, heading=("check", "outcome", "seen"))


def observations_text(build: Manifest, observations: Sequence[Observed]) -> list[Part]:
    """What a cloud's server has shown, and how many of the claims are observed by now."""
    claims = verdict_of(build).claims
    count = sum(claim_verdict.grade is Grade.OBSERVED for claim_verdict in claims)
    conclusion = f"Observed: {count} of {len(claims)} claims."
    bad = any(result.outcome in {Outcome.FAILED, Outcome.ERROR} for result in observations)
    style = BAD if bad else GOOD
    return [*_observed(observations)[1:], *section("", prose(conclusion, style))]


def _observed(observations: Sequence[Observed]) -> list[Part]:
    parts: list[Part] = []
    for name, results in by_cloud(observations).items():
        rows = [(result.check, _outcome(result.outcome), result.seen) for result in results]
        shown = table(rows, heading=("observation", "outcome", "seen"))
        parts += section(f"observed in cloud {name}", shown)
    return parts


def checks_text(plan: Plan, build: Manifest) -> list[Part]:
    """Every check of a plan by the boot it is made in, with its last outcome."""
    outcomes = {
        (result.check, result.boot): _outcome(result.outcome) for result in build.valid_evidence()
    }
    titles = {check.id: check.title for check in (*plan.inspections, *plan.probes)}
    places: list[tuple[str, str | None, list[str]]] = [
        ("inspection", None, [check.id for check in plan.inspections])
    ]
    places += [(f"boot {boot.name}", boot.name, [*boot.probes]) for boot in plan.boots]
    heading = ("check", "outcome", "what it says when it passes")
    parts: list[Part] = []
    for name, boot, checks in places:
        rows = [(check, outcomes.get((check, boot), "not made"), titles[check]) for check in checks]
        parts += section(name, table(rows, heading=heading))
    return parts[1:]


def _heading(build: Manifest) -> str:
    seconds = sum(build.timings.values())
    parts = [
        build.planned().profile,
        build.build,
        f"{build.image.size / MIB:.0f} MiB",
        "adopted" if build.adopted else f"built in {duration(seconds)}",
    ]
    proof = [boot.until_ssh + boot.probes for boot in build.boots]
    if proof:
        parts.append(f"proven in boots of {enumeration(map(duration, proof), 'and')}")
    return f"{parts[0]}  {parts[1]}  {', '.join(parts[2:])}"


def _grade(verdict: ClaimVerdict) -> Line:
    if verdict.proven:
        return line(verdict.grade, GOOD)
    return line(f"{verdict.grade} ({'refuted' if verdict.refuted else 'not proven'})", BAD)


def _outcome(outcome: Outcome) -> Line:
    return line(outcome, _STYLES[outcome])


def _adopted(build: Manifest, adopted: Adopted) -> list[Part]:
    """What could not be shown of an image that was built elsewhere."""
    rows = [(unproven_text(claim), claim.owner, claim.reason) for claim in adopted.lacking]
    return [
        *section("without evidence", table(rows, heading=("claim", "feature", "reason"))),
        *section("not passed, and of no claim", _problems(faults(build, adopted))),
        *section("limits", table((limit,) for limit in adopted.limits)),
    ]


def _problems(problems: Iterable[Evidence]) -> list[Part]:
    parts: list[Part] = []
    for result in problems:
        where = f" in boot {result.boot}" if result.boot else ""
        told = f"  {result.outcome}: {result.check}{where}: {result.title}"
        parts.append(line(told, _STYLES[result.outcome]))
        parts += table(((text,) for text in result.seen.splitlines()), level=2)
    return parts


def _style(verdict: Verdict) -> str:
    if verdict.proven:
        return GOOD
    return DOUBT if verdict.complete else BAD


def _conclusion(verdict: Verdict) -> str:
    if verdict.proven:
        return f"Proven: all {len(verdict.claims)} claims."
    if verdict.complete:
        return f"Inspected, not booted: {counted(len(verdict.claims), 'claim')}, by the disk alone."
    unproven = sum(not claim_verdict.proven for claim_verdict in verdict.claims)
    return (
        f"Not proven: {unproven or 'none'} of {len(verdict.claims)} claims, "
        f"{len(verdict.problems)} checks did not pass, {len(verdict.missing)} were not made."
    )
