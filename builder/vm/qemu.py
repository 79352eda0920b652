"""A ``Machine`` as QEMU's arguments: the hardware that Nova's libvirt driver would give a guest.

Pure: files, accelerator and file descriptors are given. Differences from Nova are only those that
keep a guest off the network and in this program's hands: user-mode network without access to
anything, no display, a throw-away overlay as its disk.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from builder.feature import SPARE_NETDEV, SPARE_PORT, Machine, Topology
from builder.host.accelerator import Accelerator
from builder.image.overlay import block_node
from builder.vm.firmware import Firmware

PROGRAM = "qemu-system-x86_64"

MULTIQUEUE_MAC = "fa:16:3e:00:00:02"

AGENT_PORT = "org.qemu.guest_agent.0"

ENTROPY = "/dev/urandom"
"""Nova's default of ``[libvirt] rng_dev_path``."""

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
    """Where the serial console is, as ``-chardev`` takes it (https://www.qemu.org/docs/master/
    system/invocation.html#hxtool-6), without an id; the same for the others."""
    monitor: str
    """Where QMP is spoken."""
    agent: str | None = None
    """Where the guest agent's channel ends."""
    tpm: str | None = None
    """Where swtpm is controlled."""
    tap: tuple[int, ...] = ()
    """The opened queues of a tap device."""
    spare_tap: tuple[int, ...] = ()
    """The opened queues of another one, which a NIC may be plugged on later."""
    firmware: Firmware | None = None
    ssh_port: int = 0
    """The port on 127.0.0.1 that leads to the guest's SSH; 0 lets QEMU choose."""


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
    words = [
        PROGRAM,
        *("-nodefaults", "-no-user-config", "-display", "none"),
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
    words += _disk(machine, backends)
    words += _config_drive(backends.config_drive)
    words += _network(machine, backends)
    if backends.agent is not None:
        words += [
            *("-device", "virtio-serial-pci,id=serial"),
            *("-chardev", f"{backends.agent},id=agent"),
            *("-device", f"virtserialport,bus=serial.0,chardev=agent,name={AGENT_PORT}"),
        ]
    if machine.rng:
        words += [
            *("-object", f"rng-random,id=entropy,filename={ENTROPY}"),
            *("-device", "virtio-rng-pci,rng=entropy"),
        ]
    if backends.tpm is not None:
        words += [
            *("-chardev", f"{backends.tpm},id=tpm"),
            *("-tpmdev", "emulator,id=tpm0,chardev=tpm"),
            *("-device", f"{machine.tpm},tpmdev=tpm0"),
        ]
    if machine.watchdog is not None:
        words += ["-device", "i6300esb", "-action", f"watchdog={machine.watchdog}"]
    return words


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

EMULATED = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+svm,+npt"
"""x86-64-v2, which every distribution here runs on, with SVM for guests of the guest.

Everything that QEMU can emulate ("max") costs a Debian guest a fifth more time until it is up: its
kernel then loads and tests drivers for instructions that are slow when they are emulated.
"""


def _processor(machine: Machine) -> str:
    """Threads of an AMD processor are told by its TOPOEXT, which QEMU does not emulate."""
    threads = machine.topology is not None and machine.topology.threads > 1
    return f"{EMULATED},vendor=GenuineIntel" if threads else EMULATED


def _board(machine: Machine) -> str:
    if machine.firmware == "bios":
        return "pc,graphics=off"
    # Only code in system management mode may change the variables then, keys among them.
    return "q35,smm=on" if machine.secure_boot else "q35"


def _flash(unit: int, path: Path, *, read_only: bool) -> list[str]:
    mode = "on" if read_only else "off"
    drive = f"if=pflash,unit={unit},format=raw,readonly={mode},file={_escaped(path)}"
    return ["-drive", drive]


def _disk(machine: Machine, backends: QemuBackends) -> list[str]:
    """The root disk as Nova's ``LibvirtConfigGuestDisk`` has it.

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
    words = ["-blockdev", json.dumps(overlay)]
    if machine.disk_bus == "scsi":
        return [
            *words,
            *("-device", "virtio-scsi-pci,id=scsi0"),
            *("-device", "scsi-hd,bus=scsi0.0,channel=0,scsi-id=0,lun=0,drive=root,bootindex=1"),
        ]
    return [*words, "-device", "virtio-blk-pci,drive=root,bootindex=1"]


def _config_drive(path: Path) -> list[str]:
    """A CD-ROM on the machine's own controller, as Nova's ``config_drive_format = iso9660``."""
    medium = {
        "driver": "raw",
        "node-name": "config",
        "read-only": True,
        "file": {"driver": "file", "filename": str(path), "read-only": True},
    }
    return ["-blockdev", json.dumps(medium), "-device", "ide-cd,bus=ide.0,drive=config"]


def _network(machine: Machine, backends: QemuBackends) -> list[str]:
    """The NICs, which cannot reach anything, and the one with several queues.

    None offers to boot from the network. ``vectors`` is what libvirt gives: two for each queue,
    one for control, one for configuration.
    """
    user = f"ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:{backends.ssh_port}-:22"
    words = []
    for number, nic in enumerate(machine.nics):
        network = f"hubport,id=nic{number},hubid={number}"
        if not nic.silent:
            network = f"user,id=nic{number},{user}"
        device = f"virtio-net-pci,netdev=nic{number},mac={nic.mac},romfile="
        words += ["-netdev", network, "-device", device]
    if backends.tap:
        q35 = machine.firmware == "uefi"
        several = machine.vcpus > 1
        queues = f"mq=on,vectors={2 * machine.vcpus + 2}," if several else ""
        words += [
            *("-netdev", _tap("net1", backends.tap)),
            *("-netdev", _tap(SPARE_NETDEV, backends.spare_tap)),
            *(("-device", f"pcie-root-port,id={SPARE_PORT},chassis=1") if q35 else ()),
            "-device",
            f"virtio-net-pci,netdev=net1,mac={MULTIQUEUE_MAC},{queues}romfile=",
        ]
    return words


def _tap(name: str, queues: tuple[int, ...]) -> str:
    descriptors = ":".join(str(descriptor) for descriptor in queues)
    return f"tap,id={name},fds={descriptors},vhost=off"


def _escaped(path: Path) -> str:
    """A path within QEMU's comma-separated options."""
    return str(path).replace(",", ",,")
