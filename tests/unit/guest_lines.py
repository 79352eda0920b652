"""What a guest that is observed tells on its console, and what is seen of its server."""

import json
import zlib
from typing import Any
from xml.etree import ElementTree as ET

from builder.cloud.api.model import Flavor
from builder.cloud.observation.guest_report import BootReport, GuestReport
from builder.cloud.observation.sight import Sight, Step
from builder.feature import Outcome

TOKEN = "0123456789abcdef"  # noqa: S105 - no secret
BOOT = "11111111-2222-3333-4444-555555555555"
OTHER_BOOT = "99999999-2222-3333-4444-555555555555"

SYSTEM = {
    "kind": "system", "id": "debian", "version": "12", "machine": "x86_64", "kernel": "6.1",
    "hypervisor": "qemu", "uefi": False, "secure_boot": False,
}  # fmt: skip
PROCESSORS = {"kind": "processors", "count": 1, "sockets": 1, "cores": 1, "threads": 1}
DEVICES = {
    "kind": "devices", "rng": "virtio_rng.0", "watchdogs": ["i6300ESB timer"], "tpm": "",
    "serial_ports": 1,
}  # fmt: skip
ROOT = {
    "kind": "disk", "name": "sda", "bytes": 5 << 30, "driver": "virtio_scsi", "root": True,
    "discards": True,
}  # fmt: skip
SECOND = {**ROOT, "name": "sdb", "bytes": 1 << 30, "root": False}
PLUGGED = {
    "kind": "attached", "name": "sdc", "bytes": 1 << 30, "driver": "virtio_scsi", "discards": True,
    "cleared": True,
}  # fmt: skip
NIC = {"kind": "nic", "name": "ens3", "driver": "virtio_net", "queues": 1, "packed": False}
FACTS = (SYSTEM, PROCESSORS, DEVICES, ROOT, SECOND, NIC)

PROPERTIES = {
    "os_type": "linux",
    "os_distro": "debian",
    "os_version": "12",
    "architecture": "x86_64",
    "hw_disk_bus": "scsi",
    "hw_scsi_model": "virtio-scsi",
    "hw_qemu_guest_agent": "yes",
    "os_admin_user": "debian",
    "hw_vif_multiqueue_enabled": "true",
    "hw_watchdog_action": "reset",
}
STEPS = (
    "create", "report", "password", "resize", "attach", "detach", "rescue", "rebuild", "watchdog",
    "soft-delete",
)  # fmt: skip
FLAVOR = Flavor(
    id="f", name="pinned-1", vcpus=1, ram=1024, disk=5, ephemeral=1,
    extra_specs={"hw:cpu_policy": "dedicated"},
)  # fmt: skip


def domain(*pins: str) -> ET.Element:
    """A domain whose vCPUs are pinned so."""
    pinned = "".join(f"<vcpupin vcpu='{vcpu}' cpuset='{pin}'/>" for vcpu, pin in enumerate(pins))
    return ET.fromstring(f"<domain><cputune>{pinned}</cputune></domain>")  # noqa: S314 - our own


def line(message: dict[str, Any], token: str = TOKEN) -> str:
    """A message as the guest writes it."""
    text = json.dumps(message)
    return f"\r\nGUEST-IMAGE {token} {zlib.crc32(text.encode()):08x} {text}\r\n"


def told(*facts: dict[str, Any], boot: str = BOOT, token: str = TOKEN) -> str:
    """All facts of a boot."""
    numbered = [{**fact, "number": number, "of": len(facts)} for number, fact in enumerate(facts)]
    return "".join(line({**fact, "boot": boot}, token) for fact in numbered)


def boot_report(*facts: dict[str, Any], plugged: dict[str, Any] | None = None) -> BootReport:
    """What is known of a boot that has told these facts, and of a volume that was plugged in."""
    report = GuestReport(TOKEN)
    report.read(told(*facts))
    if plugged:
        report.read(line({**plugged, "boot": BOOT}))
    return report.boots[BOOT]


def sight(*facts: dict[str, Any], **changed: Any) -> Sight:
    """A server on which everything passes but what an emulated guest cannot show."""
    boot = boot_report(*(facts or FACTS), plugged=PLUGGED)
    fields = {
        "properties": PROPERTIES,
        "flavor": FLAVOR,
        "has_nic": True,
        "boots": {"first": boot, "rescued": boot, "rebuilt": boot},
        "steps": {name: Step(Outcome.PASSED, f"{name} was seen") for name in STEPS},
        "domain": domain("1"),
        "console": "Linux version 6.1\nlogin: ",
    }
    return Sight(**{**fields, **changed})
