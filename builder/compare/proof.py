"""Which claims and checks came and went, and which have another grade or outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.compare.change import Change, changes
from builder.feature import Grade
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord
from builder.store.verdict import expected, verdict_of

INSPECTION = "disk at rest"
NOT_MADE = "not made"

Outcomes = Mapping[str, str]
"""How a check ended, or that it was not made, by the boot or for the disk at rest."""


@dataclass(frozen=True)
class ClaimState:
    """What a property promises, and how well that is proven."""

    value: str
    grade: Grade
    proven: bool
    """Whether the grade is the one that the claim needs."""


def claim_changes(old: Manifest, new: Manifest) -> tuple[Change[ClaimState], ...]:
    """What differs in the claims, by image property."""
    return changes(_claims(old), _claims(new))


def check_changes(old: Manifest, new: Manifest) -> tuple[Change[Outcomes], ...]:
    """Which checks the plan of one build alone has, and which ended otherwise.

    A check that ends alike in every boot has not changed where boots came or went. Outcomes are
    compared where both builds have been checked.
    """
    checked = bool(old.valid_evidence() and new.valid_evidence())
    return tuple(
        change
        for change in changes(_checks(old), _checks(new))
        if change.old is None
        or change.new is None
        or (checked and _ended_otherwise(change.old, change.new))
    )


def boot_changes(old: Manifest, new: Manifest) -> tuple[Change[BootRecord], ...]:
    """What differs in the boots, where both builds were booted: hardware, times, kernels."""
    if not (boots(old) and boots(new)):
        return ()
    return tuple(
        change
        for change in changes(_boots(old), _boots(new))
        if change.old is None or change.new is None or _undated(change.old) != _undated(change.new)
    )


def boots(build: Manifest) -> tuple[BootRecord, ...]:
    """Those of the very file."""
    return tuple(boot for boot in build.boots if boot.image_sha256 == build.image.sha256)


def _claims(build: Manifest) -> dict[str, ClaimState]:
    return {
        verdict.claim.property: ClaimState(verdict.claim.value, verdict.grade, verdict.proven)
        for verdict in verdict_of(build).claims
    }


def _checks(build: Manifest) -> Mapping[str, Outcomes]:
    outcomes = {(result.check, result.boot): result.outcome for result in build.valid_evidence()}
    checks: dict[str, dict[str, str]] = {}
    for check in expected(build.planned()):
        outcome = outcomes.get((check.check, check.boot), NOT_MADE)
        checks.setdefault(check.check, {})[check.boot or INSPECTION] = str(outcome)
    return checks


def _ended_otherwise(old: Outcomes, new: Outcomes) -> bool:
    return set(old.values()) != set(new.values()) or any(
        old[place] != new[place] for place in old.keys() & new.keys()
    )


def _boots(build: Manifest) -> dict[str, BootRecord]:
    return {boot.name: boot for boot in boots(build)}


def _undated(boot: BootRecord) -> BootRecord:
    return boot.model_copy(update={"at": None, "image_sha256": ""})
