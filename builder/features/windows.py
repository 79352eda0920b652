"""A Windows that was installed elsewhere, as far as its disk tells.

The drivers and the agent are those of virtio-win: the services ``vioscsi``, ``VirtioSerial`` (whose
file is ``vioser.sys``), and ``QEMU-GA``.
"""

import re

from builder import windows
from builder.feature import CheckFailed, Claim, Feature, Filesystem, Parameters, inspection

_PATH = re.compile(r"\s(?:-p|--path)[\s=]*\"?(?!\S*org\.qemu\.guest_agent)\S+")
"""Another port than Nova's, which is qemu-ga(8)'s own."""

OTHER_CHANNEL = "isa-serial"
"""What the agent is told (``--method``) to listen to a serial port of the machine."""


class WindowsParameters(Parameters):
    """Facts of the disk; no profile has them."""

    os_version: str
    architecture: str


@inspection("the disk has the Windows that the image claims")
def windows_is_as_claimed(disk: Filesystem, parameters: WindowsParameters) -> str:
    """Compare the registry with the claims."""
    found = windows.release(disk)
    if found is None:
        raise CheckFailed("the disk has no Windows: no registry hive names its release")
    seen = f"{found.version} for {found.architecture or 'an unknown architecture'}"
    claimed = f"{parameters.os_version} for {parameters.architecture}"
    if seen != claimed:
        raise CheckFailed(f"the registry says {seen}, the image claims {claimed}")
    return f"the registry says {found.product} ({seen})"


@inspection("the driver of virtio-scsi is started by the boot loader")
def vioscsi_starts_at_boot(disk: Filesystem, _: WindowsParameters) -> str:
    """A driver that starts later leaves Windows without its disk (INACCESSIBLE_BOOT_DEVICE)."""
    found = windows.require_service(
        disk, "vioscsi", "the driver of virtio-scsi", (windows.BOOT_START,)
    )
    path = windows.driver(disk, found, "vioscsi.sys")
    return f"the service vioscsi starts at boot, and {path} exists"


@inspection("the guest agent is started with Windows, and reaches its channel")
def agent_starts_with_windows(disk: Filesystem, _: WindowsParameters) -> str:
    """Its installer registers the service; Nova's channel needs the driver of virtio-serial."""
    agent = windows.require_service(disk, "QEMU-GA", "the guest agent", (windows.AUTO_START,))
    if OTHER_CHANNEL in agent.command or _PATH.search(agent.command):
        raise CheckFailed(
            f"the service QEMU-GA runs {agent.command}: Nova's channel is virtio-serial"
        )
    channel = windows.require_service(disk, "VirtioSerial", "the driver of virtio-serial")
    path = windows.driver(disk, channel, "vioser.sys")
    return f"the service QEMU-GA starts with Windows, and {path} exists"


def claims(parameters: WindowsParameters) -> tuple[Claim, ...]:
    """What Nova is told of a Windows guest; by inspections alone, none is more than present."""
    version, architecture = parameters.os_version, parameters.architecture
    rows = (
        ("os_type", "windows", "the guest is a Windows", windows_is_as_claimed),
        ("os_distro", "windows", "the guest is a Windows", windows_is_as_claimed),
        ("os_version", version, f"the guest is Windows {version}", windows_is_as_claimed),
        (
            "architecture",
            architecture,
            f"the guest is built for {architecture}",
            windows_is_as_claimed,
        ),
        ("hw_disk_bus", "scsi", "the guest's disks are SCSI disks", vioscsi_starts_at_boot),
        (
            "hw_scsi_model",
            "virtio-scsi",
            "the guest reaches its disks through a virtio-scsi controller",
            vioscsi_starts_at_boot,
        ),
        (
            "hw_qemu_guest_agent",
            "yes",
            "the QEMU guest agent is started with the guest",
            agent_starts_with_windows,
        ),
    )
    return tuple(
        Claim(property=name, value=value, promise=promise, proof=(check,))
        for name, value, promise, check in rows
    )


FEATURE = Feature(
    name="windows",
    summary="a Windows with the drivers of virtio-win, recognised by its disk",
    parameters=WindowsParameters,
    defaults=lambda distribution: {
        "os_version": distribution.os_version,
        "architecture": distribution.architecture,
    },
    claims=claims,
    inspections=(windows_is_as_claimed, vioscsi_starts_at_boot, agent_starts_with_windows),
    no_probe_reason="No probe knows its way into a Windows guest: it is inspected, and not booted.",
)
