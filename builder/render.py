"""Plans, profiles and features as text for people: plain lines in aligned columns."""

from collections.abc import Iterable, Sequence

from builder.boots import Boot
from builder.feature import Machine, Topology
from builder.features import Registered
from builder.plan import Plan
from builder.profile import Disk, Profile


def columns(rows: Iterable[Sequence[str]], indent: str = "") -> list[str]:
    """Rows as lines whose columns are aligned, two spaces apart."""
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        .rstrip()
        for row in table
    ]  # fmt: skip


def plan_text(plan: Plan, environment: Iterable[tuple[str, str]]) -> str:
    """A whole plan, section by section; sections without content are left out.

    ``environment`` is that of the build: where a variable comes from, and ``NAME=value``.
    """
    distribution = plan.distribution
    about = [
        ("distribution", f"{distribution.name} ({distribution.release})"),
        *([("unproven", distribution.unproven)] if distribution.unproven else []),
        ("architecture", distribution.architecture),
        ("initramfs", distribution.initramfs or "unknown"),
        ("disk", _disk(plan.disk)),
        ("packages", " ".join(plan.packages) or "those of the features"),
    ]
    sections: dict[str, list[tuple[str, ...]]] = {
        "claims": [
            (f"{one.property}={one.value}", one.owner, one.grade.value, one.promise)
            for one in plan.claims
        ],
        "inspections": [(one.id, one.title) for one in plan.inspections],
        "probes": [(one.id, one.title) for one in plan.probes],
        "boots": [(boot.name, _boot(boot)) for boot in plan.boots],
        "flavor needs": [(f"{name}={value}",) for name, value in plan.flavor.items()],
        "compute host needs": [(need,) for need in plan.host],
        "files": [(file.name, file.source, f"SHA-256 {file.sha256}") for file in plan.files],
        "elements": [(name,) for name in plan.elements],
        "environment": [*environment],
        "command": [(" ".join(plan.argv),)],
    }
    lines = [f"{plan.profile}  plan {plan.digest}"]
    if plan.description:
        lines.append(plan.description)
    lines += ["", *columns(about)]
    for heading, rows in sections.items():
        if rows:
            lines += ["", heading, *columns(rows, indent="  ")]
    return "\n".join(lines)


def profiles_text(profiles: Iterable[Profile]) -> str:
    """One line per profile, and the reason for each distribution that is unproven."""
    known = tuple(profiles)
    rows = [
        (one.name, one.distribution.name, ("unproven: " if one.distribution.unproven else "")
         + one.description)
        for one in known
    ]  # fmt: skip
    reasons = {
        one.distribution.name: one.distribution.unproven
        for one in known
        if one.distribution.unproven
    }
    notes = [f"{name} is unproven: {reason}." for name, reason in reasons.items()]
    return "\n".join([*columns(rows), *(["", *notes] if notes else [])])


def features_text(features: Iterable[Registered]) -> str:
    """One line per feature, and one per parameter that a profile may give it."""
    lines = []
    for registered in features:
        feature = registered.feature
        lines.append(f"{feature.name}  {feature.summary}")
        parameters = feature.parameters.model_fields.items()
        rows = [(name, field.description or "") for name, field in parameters]
        lines += columns(rows, indent="    ")
    return "\n".join(lines)


def _disk(disk: Disk) -> str:
    image = f"{disk.format}, {disk.compression}" if disk.format == "qcow2" else disk.format
    if disk.size_gib is not None:
        return f"{image}, {disk.size_gib} GiB"
    return f"{image}, content and {disk.extra_mib} MiB of free space"


def _boot(boot: Boot) -> str:
    probes = "1 probe" if len(boot.probes) == 1 else f"{len(boot.probes)} probes"
    return f"{probes} on {machine_text(boot.machine)}"


def _topology(topology: Topology | None) -> str:
    if topology is None:
        return ""
    numbers = (topology.sockets, topology.cores, topology.threads)
    return f" (sockets × cores × threads: {' × '.join(map(str, numbers))})"


def machine_text(machine: Machine) -> str:
    """The virtual hardware of a boot, in a few words."""
    parts = [
        f"{machine.vcpus} vCPU{'s' * (machine.vcpus != 1)}{_topology(machine.topology)}",
        f"{machine.memory_mib} MiB",
        "virtio-scsi disk" if machine.disk_bus == "scsi" else "virtio-blk disk",
    ]
    if machine.guest_agent:
        parts.append("agent channel")
    if machine.watchdog:
        parts.append(f"i6300esb ({machine.watchdog})")
    if machine.multiqueue:
        parts.append("multiqueue NIC")
    if machine.secure_boot:
        parts.append("Secure Boot")
    if machine.rng:
        parts.append("virtio-rng")
    if machine.tpm:
        parts.append(machine.tpm)
    return ", ".join(parts)
