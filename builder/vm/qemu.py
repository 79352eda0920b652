"""A ``Machine`` as QEMU's arguments: the hardware that Nova's libvirt driver would give a guest.

Pure: files, accelerator and file descriptors are given. Differences from Nova are only those that
keep a guest off the network and in this program's hands: user-mode network without access to
anything, no display, a throw-away overlay as its disk.
"""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from builder.architecture import AARCH64, ARCHITECTURES, X86_64
from builder.feature import Ends, Machine, Topology
from builder.feature.machine import devices
from builder.host.accelerator import Accelerator
from builder.image.overlay import block_node
from builder.vm.firmware import Firmware

ImageFormat = Literal["qcow2", "raw"]


@dataclass(frozen=True)
class QemuBackends:
    """What of this host a guest is connected to."""

    image: Path
    image_format: ImageFormat
    overlay: Path
    """A qcow2 file on top of the image; only it is written."""
    config_drive: Path
    console: str
    """Where the serial console is, as ``-chardev`` takes it, without an id."""
    monitor: str
    """Where QMP is spoken."""
    ends: Ends = field(default_factory=Ends)
    """Where the machine's other devices end."""
    firmware: Firmware | None = None


def pipe(path: Path) -> str:
    """A console that reads from the named pipe ``PATH.in`` and writes to the file ``PATH.out``.

    A "file" takes its input from the command line only since QEMU 8.1.
    """
    return f"pipe,path={_escaped(path)}"


def connected(descriptor: int) -> str:
    """A socket that is open in QEMU already."""
    return f"socket,fd={descriptor}"


def arguments(machine: Machine, backends: QemuBackends, accelerator: Accelerator) -> list[str]:
    """QEMU's command line."""
    emulated = accelerator.name == "tcg"
    head = [ARCHITECTURES[machine.architecture].qemu, "-nodefaults", "-no-user-config"]
    words = [
        *("-display", "none"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *("-machine", _board(machine)),
        *("-accel", TRANSLATION if emulated else "kvm"),
        *("-cpu", _processor(machine) if emulated else "host"),
        *("-smp", _arrangement(machine)),
        *("-m", f"{machine.memory_mib}M"),
        *("-chardev", f"{backends.monitor},id=monitor"),
        *("-mon", "chardev=monitor,mode=control"),
        *("-chardev", f"{backends.console},id=console"),
        *("-serial", "chardev:console"),
    ]
    if machine.secure_boot:
        words += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
    if backends.firmware is not None:
        words += _flash(0, backends.firmware.code, read_only=True)
        words += _flash(1, backends.firmware.variables, read_only=False)
    words += _root_disk(machine, backends)
    words += SMBIOS if machine.architecture == X86_64.name else ()
    words += ALWAYS
    for device in devices():
        words += device.arguments(machine, backends.ends)
    words += _config_drive(machine, backends.config_drive)  # on a controller that is there by now
    return [*head, *_plugged(machine, words)]


SMBIOS = ("-smbios", "type=1,manufacturer=OpenStack Foundation,product=OpenStack Nova")
"""What Nova tells a guest on x86 of itself, and no other one."""

ALWAYS = (
    *("-object", "iothread,id=iothread1"),
    *("-device", "vmcoreinfo"),
    *("-device", "virtio-balloon-pci,deflate-on-oom=on,free-page-reporting=on"),
)
"""What Nova gives every guest, whatever its image says.

The thread for I/O since its release 33; no disk uses it unless it is told to. Not the display that
comes with ``[vnc] enabled``, and with it on AArch64 a keyboard: to draw a line of the console's
takes an emulated guest 40 ms on a busy host, and a start has a thousand.
"""


def _plugged(machine: Machine, words: Sequence[str]) -> Iterator[str]:
    """Options and their values; each device with what others add to it, where libvirt puts it.

    With PCI Express that is a port of its own for each of its devices, and a bridge on such a port
    for one of PCI. On ``pcie.0`` itself a virtio device would speak its older version, too.
    """
    numbers = itertools.count(2)  # chassis 1 is the multiqueue NIC's spare port
    for option, value in zip(words[::2], words[1::2], strict=True):
        if option != "-device":
            yield from (option, value)
            continue
        driver = value.partition(",")[0]
        device = value + "".join(each.options(machine, driver) for each in devices())
        if machine.has_express and (driver in PCI or EXPRESS.fullmatch(driver)):
            number = next(numbers)
            port = bus = f"port{number}"
            yield from ("-device", f"pcie-root-port,id={port},chassis={number}")
            if driver in PCI:
                bus, device = f"bridge{number}", f"{device},addr=1"  # 0 is the bridge's own
                yield from ("-device", f"pcie-pci-bridge,id={bus},bus={port}")
            device += f",bus={bus}"
        yield from (option, device)


EXPRESS = re.compile(r"virtio-\w+-pci")
PCI = frozenset({"i6300esb"})


def _arrangement(machine: Machine) -> str:
    """Without a topology each vCPU has a socket of its own, as Nova's default is."""
    topology = machine.topology or Topology(sockets=machine.vcpus)
    return (
        f"{machine.vcpus},sockets={topology.sockets},"
        f"cores={topology.cores},threads={topology.threads}"
    )


TRANSLATION = "tcg,thread=single,tb-size=128"
"""How code is translated where it is emulated: in one thread, into a cache of 128 MiB.

Two guests side by side on two cores boot in 120 s with a thread each, in 145 s with a thread for
each vCPU: emulated vCPUs that run at once wait for each other's locks. The cache has 1 GiB unless
told, and QEMU forgets what is in it when it is full only: in a guest that is reset, each write to
a page with some code of the system before is slow. OVMF and GRUB then took 18 to 68 seconds of CPU
for the kernel's next start, with 128 MiB they take 8; with 64 MiB the first start takes a tenth
longer.
"""


def _processor(machine: Machine) -> str:
    """Threads of an AMD processor are told by its TOPOEXT, which QEMU does not emulate."""
    processor = ARCHITECTURES[machine.architecture].emulated_processor
    threads = machine.topology is not None and machine.topology.threads > 1
    if threads and machine.architecture == X86_64.name:
        return f"{processor},vendor=GenuineIntel"
    return processor


def _board(machine: Machine) -> str:
    # SeaBIOS speaks on the serial console only where nothing else is for it.
    quiet = ",graphics=off" if machine.firmware == "bios" else ""
    # Only code in system management mode may change the variables then, keys among them.
    guarded = ",smm=on" if machine.secure_boot else ""
    return machine.machine_type + quiet + guarded


def _flash(unit: int, path: Path, *, read_only: bool) -> list[str]:
    mode = "on" if read_only else "off"
    drive = f"if=pflash,unit={unit},format=raw,readonly={mode},file={_escaped(path)}"
    return ["-drive", drive]


def _root_disk(machine: Machine, backends: QemuBackends) -> list[str]:
    """What is behind the root disk, as Nova's ``LibvirtConfigGuestDisk`` has it.

    The overlay is thrown away: it need not survive a power failure.
    """
    discard = "unmap" if machine.discard else "ignore"
    overlay = {
        "driver": "qcow2",
        "node-name": "root",
        "discard": discard,
        "cache": {"direct": False, "no-flush": True},
        "file": {"driver": "file", "filename": str(backends.overlay), "discard": discard},
        "backing": block_node(backends.image, backends.image_format),
    }
    return ["-blockdev", json.dumps(overlay)]


def _config_drive(machine: Machine, path: Path) -> list[str]:
    """A CD-ROM on the machine's own controller, as Nova's ``config_drive_format = iso9660``.

    On AArch64, which has none, it is the next disk of virtio-scsi.
    """
    medium = {
        "driver": "raw",
        "node-name": "config",
        "read-only": True,
        "file": {"driver": "file", "filename": str(path), "read-only": True},
    }
    drive = ["-blockdev", json.dumps(medium), "-device"]
    if machine.architecture != AARCH64.name:
        return [*drive, "ide-cd,bus=ide.0,drive=config"]
    controller = ["-device", "virtio-scsi-pci,id=scsi0"] if machine.disk_bus != "scsi" else []
    return [*controller, *drive, "scsi-cd,bus=scsi0.0,channel=0,scsi-id=0,lun=1,drive=config"]


def _escaped(path: Path) -> str:
    """A path within QEMU's comma-separated options."""
    return str(path).replace(",", ",,")
