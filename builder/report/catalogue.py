"""Plans, profiles and features as people read them."""

from collections.abc import Iterable

from builder.feature import machine_text
from builder.features.registry import Registered
from builder.plan.boots import Boot
from builder.plan.model import Plan
from builder.profile.model import Disk, Profile
from builder.profile.snapshot import told
from builder.report.needs import needs_sections
from builder.terminal.output import STRONG, Part, items, line, prose, section, table
from builder.words import enumeration


def plan_text(
    plan: Plan, environment: Iterable[tuple[str, str]], notes: Iterable[str] = ()
) -> list[Part]:
    """A whole plan, section by section; sections without content are left out.

    ``environment`` is that of the build: where a variable comes from, and ``NAME=value``.
    ``notes`` are sentences about it.
    """
    distribution = plan.distribution
    about = [
        ("distribution", f"{distribution.name} ({distribution.release})"),
        *([("unproven", distribution.untested_reason)] if distribution.untested_reason else []),
        ("architecture", distribution.architecture),
        ("initramfs", distribution.initramfs or "unknown"),
        ("disk", _disk(plan.disk)),
        ("packages", " ".join(plan.packages) or "those of the features"),
        *([("snapshot", told(plan.snapshot))] if plan.snapshot else []),
    ]
    claims = (
        (f"{claim.property}={claim.value}", claim.owner, claim.grade.value, claim.promise)
        for claim in plan.claims
    )
    sections = {
        "": table(about, level=0),
        "claims": table(claims),
        "inspections": table((check.id, check.title) for check in plan.inspections),
        "probes": table((check.id, check.title) for check in plan.probes),
        "boots": table((boot.name, _boot(boot)) for boot in plan.boots),
        **needs_sections(plan.all_needs),
        "files": items(f"{file.name}  {file.source}  SHA-256 {file.sha256}" for file in plan.files),
        "elements": items(plan.elements),
        "environment": table(environment),
        "notes": table((note,) for note in notes),
        "command": items([" ".join(plan.argv)]),
    }
    parts: list[Part] = [line(f"{plan.profile}  plan {plan.digest}", STRONG)]
    if plan.description:
        parts += prose(plan.description)
    return parts + [part for name, content in sections.items() for part in section(name, content)]


def profiles_text(profiles: Iterable[Profile]) -> list[Part]:
    """One row per profile, and the reason for each distribution that is unproven."""
    rows, reasons = [], {}
    for profile in profiles:
        distribution = profile.distribution
        mark = "unproven: " if distribution.untested_reason else ""
        rows.append((profile.name, distribution.name, mark + profile.description))
        if distribution.untested_reason:
            reasons[distribution.name] = distribution.untested_reason
    notes = [(f"{name} is unproven: {reason}.",) for name, reason in reasons.items()]
    return [*table(rows, level=0), *section("", table(notes, level=0))]


def features_text(features: Iterable[Registered]) -> list[Part]:
    """One line per feature, and a row per parameter that a profile may give it."""
    parts: list[Part] = []
    for registered in features:
        feature = registered.feature
        parts += prose(f"{feature.name}  {feature.summary}")
        parameters = feature.parameters.model_fields.items()
        parts += table(((name, field.description or "") for name, field in parameters), level=2)
    return parts


def _disk(disk: Disk) -> str:
    image = f"{disk.format}, {disk.compression}" if disk.format == "qcow2" else disk.format
    if disk.others:
        image += f" (and {enumeration(disk.others, 'and')})"
    if disk.size_gib is not None:
        return f"{image}, {disk.size_gib} GiB"
    return f"{image}, content and {disk.extra_mib} MiB of free space"


def _boot(boot: Boot) -> str:
    probes = "1 probe" if len(boot.probes) == 1 else f"{len(boot.probes)} probes"
    return f"{probes} on {machine_text(boot.machine)}"
