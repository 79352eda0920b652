"""Checks by their ids, ready to be called: a plan names them, the features have them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import ValidationError

from builder.errors import BuilderError, HostError, InputError, InterruptedByUser
from builder.feature import CheckFailed, CheckSkipped, Outcome, Parameters, Probe, When
from builder.features.registry import FOUNDATION, WINDOWS, AnyFeature, Registry
from builder.plan.merge import AnyCheck, check_id
from builder.plan.model import Plan
from builder.store.sections import Evidence
from builder.words import printable

SEEN_LIMIT = 16 << 10
"""Characters of what a check has seen."""

MISSHAPEN = (
    ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""What comes of reading an answer that has another shape: a guest may answer what it likes."""

Kind = Literal["inspection", "probe"]


@dataclass(frozen=True)
class Check:
    """One check of one feature, with the parameters that the plan gives it."""

    id: str
    kind: Kind
    title: str
    call: Callable[[Any], str]  # Any: a Filesystem for an inspection, a Guest for a probe
    when: When | None = None
    """The part of a boot that a probe is made in."""


def checks_of(plan: Plan, registry: Registry) -> Mapping[str, Check]:
    """Every check of the plan's features, by id.

    Raises ``InputError`` if the plan was made with a feature that is not installed here, or has
    parameters or checks that this version does not know.
    """
    features = {feature.name: feature for feature in (FOUNDATION, WINDOWS)}
    features |= {name: registered.feature for name, registered in registry.items()}
    unknown = [name for name in plan.parameters if name not in features]
    if unknown:
        raise InputError(
            f"The plan of '{plan.profile}' has features that are not installed here.",
            details=unknown,
            hint="Install the packages that bring them, as on the machine that built the image.",
        )
    found = {
        check.id: check
        for name, values in plan.parameters.items()
        for check in checks_of_feature(features[name], _parameters(features[name], values))
    }
    planned = (
        *(check.id for check in plan.inspections),
        *(probe for boot in plan.boots for probe in boot.probes),
    )
    lacking = [name for name in dict.fromkeys(planned) if name not in found]
    if lacking:
        raise InputError(
            f"The plan of '{plan.profile}' has checks that are not known here.",
            details=lacking[:5],
            hint="Build the image again with this version.",
        )
    return found


def _parameters(feature: AnyFeature, values: Mapping[str, Any]) -> Parameters:  # Any: JSON
    try:
        parameters: Parameters = feature.parameters.model_validate(values)
    except ValidationError as error:
        raise InputError(
            f"The plan's parameters of the feature '{feature.name}' cannot be read.",
            details=[
                f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors()
            ],
            hint="Build the image again with this version.",
        ) from error
    return parameters


def checks_of_feature(feature: AnyFeature, parameters: Parameters) -> tuple[Check, ...]:
    """A feature's inspections and probes that apply to its parameters, in their order."""
    return (
        *(
            _check(check_id(feature, check), "inspection", check, parameters)
            for check in feature.inspections
            if check.applies(parameters)
        ),
        *(
            _check(check_id(feature, check), "probe", check, parameters)
            for check in feature.probes
            if check.applies(parameters)
        ),
    )


def _check(
    name: str,
    kind: Kind,
    check: AnyCheck,
    parameters: Parameters,
) -> Check:
    return Check(
        name,
        kind,
        check.title,
        lambda subject: check.function(subject, parameters),
        check.when if isinstance(check, Probe) else None,
    )


def record(
    check: Check,
    subject: Any,  # Any: as the check's own
    *,
    image_sha256: str,
    boot: str | None = None,
) -> Evidence:
    """Make a check and record what came of it, whatever came of it.

    Raises ``InterruptedByUser`` and ``HostError`` only: they say nothing about the image.
    """
    at, start = datetime.now(UTC), time.monotonic()
    try:
        outcome, seen = Outcome.PASSED, check.call(subject)
    except CheckFailed as failure:
        outcome, seen = Outcome.FAILED, str(failure)
    except TimeoutError as failure:
        outcome, seen = Outcome.FAILED, str(failure)
    except CheckSkipped as skip:
        outcome, seen = Outcome.SKIPPED, str(skip)
    except (HostError, InterruptedByUser):
        raise
    except BuilderError as error:
        outcome, seen = Outcome.ERROR, str(error)
    except MemoryError:
        outcome, seen = Outcome.ERROR, "what it had to read takes more memory than it may"
    except Exception as error:  # noqa: BLE001 - a defect of one check must not hide the others
        outcome, seen = Outcome.ERROR, f"defect of the check: {type(error).__name__}: {error}"
        if check.kind == "probe" and isinstance(error, MISSHAPEN):
            outcome = Outcome.FAILED
            seen = f"the guest answered otherwise than a sound one: {type(error).__name__}: {error}"
    return Evidence(
        check=check.id,
        kind=check.kind,
        title=check.title,
        outcome=outcome,
        seen="\n".join(printable(line) for line in _shortened(seen).splitlines()),
        image_sha256=image_sha256,
        boot=boot,
        at=at,
        seconds=round(time.monotonic() - start, 2),
    )


def _shortened(seen: str) -> str:
    """What a stranger's guest has said without end is not kept without end."""
    left_out = len(seen) - SEEN_LIMIT
    return f"{seen[:SEEN_LIMIT]}… ({left_out} characters more)" if left_out > 0 else seen


def summary(evidence: Sequence[Evidence]) -> str:
    """How many checks ended in which way, in a few words."""
    counts = {outcome: sum(result.outcome is outcome for result in evidence) for outcome in Outcome}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "none"
