"""From what is known of the latest build to the reasons for another one. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from builder.archive.update import Update
from builder.build.reuse import digest_of
from builder.compare.change import changes
from builder.compare.plans import plan_changes
from builder.due.judgement import Kind, Reason
from builder.due.promises import NEXT_RUN, hotfix_deadline
from builder.errors import HostError
from builder.plan.model import DIGEST_CHARACTERS, Plan
from builder.profile.publication import Publication
from builder.publish.candidate.admission import CLOCK_SKEW, Refused, Waivers, admit
from builder.store.manifest import Manifest
from builder.store.verdict import expected
from builder.words import age, day_of

SHOWN = 60
"""Characters of a profile's value."""


def package_reasons(
    updates: Sequence[Update], promises: Publication, *, now: datetime
) -> Iterator[Reason]:
    """What packages a new image would have otherwise, security updates first."""
    for update in sorted(updates, key=lambda update: not update.step.is_security):
        step = update.step
        if step.old == step.new:
            continue  # another build of the same version: the archive's word for it is its name
        note = _age(update, promises, now) if step.is_security else ""
        kind = Kind.SECURITY if step.is_security else Kind.PACKAGE
        yield Reason(kind, step.name, step.old, step.new, note, must=step.is_security)


def _age(update: Update, promises: Publication, now: datetime) -> str:
    if update.since is None:
        return "of unknown age"
    least = "" if update.dated else " or more"
    deadline = hotfix_deadline(promises, update.since)
    promised = f"; promised by {day_of(deadline)} (hotfix_hours)" if deadline else ""
    return f"there for {age(now - update.since)}{least}, since {day_of(update.since)}{promised}"


def input_reasons(
    build: Manifest, plan: Plan, shown: Plan, parts: Mapping[str, str]
) -> Iterator[Reason]:
    """What became of the profile, the elements, the features and this program.

    ``shown`` is the plan as a manifest has it, without what is secret in addresses; ``parts`` are
    today's ingredients.
    """
    digest = digest_of(plan, parts)
    if digest == build.inputs:
        return
    found = [
        Reason(Kind.PROFILE, change.name, _text(change.old), _text(change.new))
        for change in plan_changes(build.planned(), shown)
    ]
    if build.ingredients:
        found += [
            Reason(Kind.INGREDIENT, change.name, change.old or "", change.new or "")
            for change in changes(build.ingredients, dict(parts))
        ]
    if not build.ingredients:
        note = "which part of this program or of its elements, an older manifest does not tell"
    else:
        note = "" if found else "what is secret in an address of the profile, or of its files"
    if note:
        old, new = (text[:DIGEST_CHARACTERS] for text in (build.inputs, digest))
        found.append(Reason(Kind.INGREDIENT, "inputs", old, new, note))
    yield from found


def evidence_reasons(
    build: Manifest, waivers: Waivers, *, now: datetime, max_age: timedelta
) -> Iterator[Reason]:
    """Why the build's evidence does not, or not much longer, allow an upload."""
    try:
        admit(build, waivers, now=now, max_age=max_age)
    except Refused as refusal:
        reason = refusal.details[0] if refusal.details else refusal.message
        yield Reason(Kind.EVIDENCE, "proof", "not complete", "complete", reason, must=True)
        return
    wanted = {(result.check, result.boot) for result in expected(build.planned())}
    dates = [
        (result.at, result.check)
        for result in build.valid_evidence()
        if (result.check, result.boot) in wanted
    ]
    oldest, check = min(dates, default=(now, ""))
    if now + NEXT_RUN > oldest + max_age:
        yield Reason(
            Kind.EVIDENCE,
            check,
            f"of {day_of(oldest)}",
            f"too old for an upload from {day_of(oldest + max_age)}",
            "--max-age",
            must=True,
        )


def require_past(build: Manifest, now: datetime) -> None:
    """Raise ``HostError`` where a clock here, or on the build host, is plainly wrong."""
    if build.created - now > CLOCK_SKEW:
        raise HostError(
            f"Build {build.build} is from the future: it began {day_of(build.created)}.",
            details=[f"The clock here says {day_of(now)}."],
            hint="So it is unknown what is due by now. Set the clock that is wrong.",
        )


def _text(value: Any) -> str:  # Any: JSON of a plan
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
