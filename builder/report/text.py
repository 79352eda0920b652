"""A build's verdict as text: each claim, its grade, what was seen, and what did not pass."""

from collections.abc import Iterable
from textwrap import wrap

from builder.feature import Outcome
from builder.manifest import Adopted, Evidence, Manifest
from builder.plan import Plan
from builder.report.adopted import faults
from builder.report.units import duration
from builder.verdict import Verdict, verdict_of

MIB = 1024 * 1024
SEEN_WIDTH = 76


def verdict_text(build: Manifest) -> str:
    """The whole verdict."""
    verdict, plan = verdict_of(build), build.planned()
    lines = [_heading(build), ""]
    rows = [
        (f"{one.claim.property}={one.claim.value}", _grade(one.grade, proven=one.proven), one.seen)
        for one in verdict.claims
    ]
    lines += _table(("claim", "grade", "seen"), rows)
    if verdict.problems:
        lines += ["", "not passed", *_problems(verdict.problems)]
    if verdict.missing:
        lines += ["", f"not checked: {len(verdict.missing)} of the plan's checks"]
        lines += [
            f"  {one.check}{f' in {one.boot}' if one.boot else ''}" for one in verdict.missing
        ]
    if build.adopted:
        lines += _adopted(build, build.adopted)
    lines += _needs(plan)
    passed = sum(one.outcome is Outcome.PASSED for one in build.valid_evidence())
    lines += ["", f"{_conclusion(verdict)} ({passed} checks passed)"]
    return "\n".join(lines)


def verdict_json(build: Manifest) -> dict[str, object]:
    """The whole verdict for programs."""
    verdict = verdict_of(build)
    return {
        "build": build.build,
        "profile": build.planned().profile,
        "image": build.image.model_dump(),
        "proven": verdict.proven,
        "claims": [
            {
                "property": one.claim.property,
                "value": one.claim.value,
                "owner": one.claim.owner,
                "grade": one.grade,
                "proven": one.proven,
                "seen": one.seen,
            }
            for one in verdict.claims
        ],
        "problems": [one.model_dump(mode="json") for one in verdict.problems],
        "missing": [{"check": one.check, "boot": one.boot} for one in verdict.missing],
        "timings": build.timings,
        "boots": [one.model_dump(mode="json") for one in build.boots],
        **({"adopted": build.adopted.model_dump()} if build.adopted else {}),
    }


def evidence_text(evidence: Iterable[Evidence]) -> str:
    """Every check with its outcome and what it saw."""
    rows = [(one.check, one.outcome.value, one.seen) for one in evidence]
    return "\n".join(_table(("check", "outcome", "seen"), rows))


def checks_text(plan: Plan, build: Manifest) -> str:
    """Every check of a plan by the boot it is made in, with its last outcome."""
    outcomes = {(one.check, one.boot): one.outcome.value for one in build.valid_evidence()}
    titles = {one.id: one.title for one in (*plan.inspections, *plan.probes)}
    parts: list[tuple[str, str | None, list[str]]] = [
        ("inspection", None, [one.id for one in plan.inspections])
    ]
    parts += [(f"boot {boot.name}", boot.name, [*boot.probes]) for boot in plan.boots]
    lines: list[str] = []
    for heading, boot, checks in parts:
        rows = [(one, outcomes.get((one, boot), "not made"), titles[one]) for one in checks]
        lines += [heading, *_table(("check", "outcome", "what it says when it passes"), rows), ""]
    return "\n".join(lines[:-1])


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
        parts.append(f"proven in boots of {' and '.join(duration(seconds) for seconds in proof)}")
    return f"{parts[0]}  {parts[1]}  {', '.join(parts[2:])}"


def _grade(grade: str, *, proven: bool) -> str:
    return grade if proven else f"{grade} (not proven)"


def _needs(plan: Plan) -> list[str]:
    lines: list[str] = []
    if plan.flavor:
        lines += ["", "flavor needs", *(f"  {key}={value}" for key, value in plan.flavor.items())]
    if plan.host:
        lines += ["", "compute host needs", *(f"  {need}" for need in plan.host)]
    return lines


def _adopted(build: Manifest, adopted: Adopted) -> list[str]:
    """What could not be shown of an image that was built elsewhere."""
    lines: list[str] = []
    if adopted.lacking:
        rows = [(f"{one.property}={one.value}", one.owner, one.reason) for one in adopted.lacking]
        lines += ["", "without evidence", *_table(("claim", "feature", "reason"), rows)]
    if found := faults(build, adopted):
        lines += ["", "not passed, and of no claim", *_problems(found)]
    if adopted.limits:
        lines += ["", "limits"]
        for limit in adopted.limits:
            lines += wrap(limit, 96, initial_indent="  ", subsequent_indent="  ")
    return lines


def _problems(problems: Iterable[Evidence]) -> list[str]:
    lines = []
    for one in problems:
        where = f" in boot {one.boot}" if one.boot else ""
        lines.append(f"  {one.outcome}: {one.check}{where}: {one.title}")
        for text in one.seen.splitlines():
            lines += wrap(text, 96, initial_indent="    ", subsequent_indent="    ")
    return lines


def _conclusion(verdict: Verdict) -> str:
    if verdict.proven:
        return f"Proven: all {len(verdict.claims)} claims."
    unproven = sum(not one.proven for one in verdict.claims)
    return (
        f"Not proven: {unproven or 'none'} of {len(verdict.claims)} claims, "
        f"{len(verdict.problems)} checks did not pass, {len(verdict.missing)} were not made."
    )


def _table(heading: tuple[str, str, str], rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Two columns as wide as they need, and a third that is wrapped."""
    table = [heading, *rows]
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    lines = []
    for left, middle, right in table:
        wrapped = wrap(" ".join(right.split()), SEEN_WIDTH) or [""]
        lines.append(f"  {left:<{first}}  {middle:<{second}}  {wrapped[0]}".rstrip())
        indent = " " * (first + second + 6)
        lines += [f"{indent}{part}" for part in wrapped[1:]]
    return lines
