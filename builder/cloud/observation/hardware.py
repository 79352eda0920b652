"""What the guest of a server must have for each property of its image. Pure.

Sources: Nova 34's ``virt/libvirt/driver.py``, ``vif.py``, ``blockinfo.py`` and
``virt/hardware.py``.
"""

from builder.cloud.observation.guest_report import Devices, Disk, Nic, Processors, System
from builder.cloud.observation.observation import observation
from builder.cloud.observation.sight import EMULATED, Sight, Stage
from builder.feature import CheckFailed, CheckSkipped
from builder.linux import watchdog
from builder.nova import topology
from builder.nova.properties import is_true
from builder.words import counted

CONTROLLERS = {"scsi": ("sd", "virtio_scsi"), "virtio": ("vd", "virtio_blk")}
"""A disk bus: what Linux calls its disks, and the driver of their controller."""
PINNING = ("hw:cpu_policy", "hw_cpu_policy")
"""The flavor's extra spec, and the image's property."""


@observation(
    "the guest is the system that its image says", "os_type", "os_distro", "os_version",
    "architecture",
)  # fmt: skip
def system_is_as_claimed(sight: Sight) -> str:
    """Compare os-release(5) and the kernel with the properties."""
    system = sight.fact(System)
    seen = {
        "os_type": "linux",
        "os_distro": system.id,
        "os_version": system.version,
        "architecture": system.machine,
    }
    for name, value in seen.items():
        if name in sight.properties and sight.properties[name] != value:
            raise CheckFailed(f"{name} is {sight.properties[name]}, the guest says '{value}'")
    return f"the guest is Linux {system.id} {system.version} {system.machine}"


@observation("every disk is on the bus that the image asks for", "hw_disk_bus", "hw_scsi_model")
def second_disk_is_on_bus(sight: Sight) -> str:
    """An ephemeral disk comes from the flavor; it is the next one on the root disk's bus."""
    letters, driver = controller(sight)
    others = [disk for disk in sight.boot().all(Disk) if not disk.root]
    if not sight.flavor.ephemeral:
        raise CheckSkipped(f"flavor {sight.flavor.name} gives no second disk (ephemeral)")
    expected = _first_names(letters, 2)
    found = next((disk for disk in others if disk.name in expected), None)
    if found is None or found.driver != driver:
        seen = ", ".join(f"{disk.name} ({disk.driver})" for disk in others) or "none"
        raise CheckFailed(f"the second disk is not {expected[1]} on {driver}; other disks: {seen}")
    return f"the ephemeral disk is /dev/{found.name} (driver {driver})"


@observation(
    "the root disk is the first one on the bus that the image asks for",
    "hw_disk_bus",
    "hw_scsi_model",
)
def root_is_on_bus(sight: Sight) -> str:
    """Look up the driver below the disk that holds the root file system."""
    return root_text(sight, "first", named=True)


def root_text(sight: Sight, stage: Stage, *, named: bool) -> str:
    """Which disk the root is on, where that is as the image asks.

    ``named`` wants it to be the first one, or one of the first where there are several: Linux looks
    at SCSI disks side by side, and the first to answer is ``sda``. Raises ``CheckFailed`` or
    ``CheckSkipped``.
    """
    letters, driver = controller(sight)
    root = sight.boot(stage).root
    if root is None:
        raise CheckFailed("the guest does not know which disk its root is on")
    count = sum(disk.driver == driver for disk in sight.boot(stage).all(Disk))
    is_first = root.name in _first_names(letters, count)
    if root.driver != driver or (named and not is_first):
        raise CheckFailed(f"root is /dev/{root.name} (driver {root.driver}), not {letters}a")
    return f"root is /dev/{root.name} (driver {driver})"


def _first_names(letters: str, count: int) -> list[str]:
    return [f"{letters}{chr(ord('a') + number)}" for number in range(count)]


def controller(sight: Sight) -> tuple[str, str]:
    """What Linux calls the disks on the image's bus, and the driver of their controller.

    Raises ``CheckSkipped`` where that is not known.
    """
    bus = sight.properties.get("hw_disk_bus", "virtio")
    if bus not in CONTROLLERS:
        raise CheckSkipped(f"what a disk on {bus} is called is not known here")
    return CONTROLLERS[bus]


@observation("the root disk passes discards on")
def root_discards(sight: Sight) -> str:
    """``hw_disk_discard`` is the compute host's; no property asks for it."""
    root = sight.boot().root
    if root is None or not root.discards:
        raise CheckSkipped("the compute host does not pass discards on ([libvirt] hw_disk_discard)")
    return f"/dev/{root.name} takes discards"


@observation(
    "the guest has the watchdog that the image asks for", "hw_watchdog_action", refutes=True
)
def watchdog_is_there(sight: Sight) -> str:
    """A device alone acts on nothing."""
    return watchdog_text(sight)


def watchdog_text(sight: Sight) -> str:
    """Whether there is one, as the image asks: ``disabled`` is the one action without a device.

    Raises ``CheckFailed`` or ``CheckSkipped``.
    """
    found = watchdog.IDENTITY in sight.fact(Devices).watchdogs
    wanted = sight.properties["hw_watchdog_action"] != "disabled"
    if found != wanted:
        raise CheckFailed(f"the guest has {'an' if found else 'no'} i6300ESB watchdog")
    return f"the guest has {'the' if found else 'no'} i6300ESB watchdog, as asked"


@observation("each NIC uses as many queues as the guest has vCPUs", "hw_vif_multiqueue_enabled")
def queues_equal_vcpus(sight: Sight) -> str:
    """Nova gives one queue to a guest of one vCPU, and to every one that KVM does not run."""
    if not is_true(sight.properties["hw_vif_multiqueue_enabled"]):
        raise CheckSkipped("the image asks for one queue")
    if sight.fact(System).hypervisor == EMULATED:
        raise CheckSkipped("virt_type=qemu: Nova gives one queue")
    vcpus = sight.fact(Processors).count
    if vcpus == 1:
        raise CheckSkipped(f"flavor {sight.flavor.name} has one vCPU: Nova gives one queue")
    nics = _nics(sight)
    for nic in nics:
        if nic.queues != vcpus:
            raise CheckFailed(f"{nic.name} uses {nic.queues} queues; the guest has {vcpus} vCPUs")
    return f"{nics[0].name} uses {vcpus} queues, the guest has {vcpus} vCPUs"


@observation("each NIC has packed rings", "hw_virtio_packed_ring")
def rings_are_packed(sight: Sight) -> str:
    """The feature that driver and device have agreed on."""
    if not is_true(sight.properties["hw_virtio_packed_ring"]):
        raise CheckSkipped("the image asks for none")
    for nic in _nics(sight):
        if not nic.packed:
            raise CheckFailed(f"{nic.name} has split rings")
    return f"{_nics(sight)[0].name} has packed rings"


def _nics(sight: Sight) -> tuple[Nic, ...]:
    nics = sight.boot().all(Nic)
    if not sight.has_nic:
        raise CheckSkipped("the server has no NIC: --network names a network")
    if not nics:
        raise CheckFailed("the guest sees no NIC")
    return nics


@observation(
    "the guest sees its vCPUs arranged as the image asks",
    *(f"hw_cpu_{part}" for part in topology.PARTS),
)
def topology_is_as_asked(sight: Sight) -> str:
    """Nova grants what can be granted with the flavor's vCPUs; its own wish counts before."""
    if any(f"hw:cpu_{part}" in sight.flavor.specs for part in topology.PARTS):
        raise CheckSkipped(f"flavor {sight.flavor.name} has an arrangement of its own")
    seen, wish = sight.fact(Processors), topology.wished(sight.properties, "hw_cpu_")
    found = (seen.sockets, seen.cores, seen.threads)
    text = f"{seen.count} vCPUs are {found[0]} × {found[1]} × {found[2]}"
    if any(wanted not in (0, part) for wanted, part in zip(wish, found, strict=True)):
        text = f"{text}; the image asks for {' × '.join(str(part or '?') for part in wish)}"
        if seen.count % topology.vcpus(wish):
            raise CheckSkipped(f"{text}, which flavor {sight.flavor.name} cannot give")
        raise CheckFailed(text)
    return f"{text} (sockets × cores × threads)"


@observation("every vCPU is pinned to a processor of its own", "hw_cpu_policy", always=True)
def vcpus_are_pinned(sight: Sight) -> str:
    """Inside nothing of it is seen: libvirt's XML tells."""
    policy = sight.flavor.specs.get(PINNING[0]) or sight.properties.get(PINNING[1])
    if policy != "dedicated":
        raise CheckSkipped(f"flavor {sight.flavor.name} has no hw:cpu_policy=dedicated")
    pins = {
        pin.get("vcpu"): pin.get("cpuset", "")
        for pin in sight.libvirt().iterfind("cputune/vcpupin")
    }
    processors = [pin for pin in pins.values() if pin.isdecimal()]
    if len(pins) != sight.flavor.vcpus or len(set(processors)) != sight.flavor.vcpus:
        raise CheckFailed(f"of {counted(sight.flavor.vcpus, 'vCPU')} these are pinned: {pins}")
    return ", ".join(f"vCPU {vcpu} runs on processor {pin}" for vcpu, pin in pins.items())


@observation("the guest takes its entropy from the host", "hw_rng_model")
def rng_is_virtio(sight: Sight) -> str:
    """A flavor can refuse it: ``hw_rng:allowed``."""
    rng = sight.fact(Devices).rng
    if not rng.startswith("virtio_rng"):
        raise CheckFailed(f"the guest's RNG is '{rng}'" if rng else "the guest has no RNG")
    return f"the guest's RNG is {rng}"


@observation("the guest was started by the firmware that the image asks for", "hw_firmware_type")
def firmware_is_as_asked(sight: Sight) -> str:
    """Only UEFI leaves its variables to the system."""
    found = "uefi" if sight.fact(System).uefi else "bios"
    if found != sight.properties["hw_firmware_type"]:
        raise CheckFailed(f"the guest was started by {found}")
    return f"the guest was started by {found}"


@observation("Secure Boot is enforced", "os_secure_boot")
def secure_boot_is_on(sight: Sight) -> str:
    """As the firmware tells the system."""
    if sight.properties["os_secure_boot"] != "required":
        raise CheckSkipped("the image does not require it")
    if not sight.fact(System).secure_boot:
        raise CheckFailed("the firmware does not enforce Secure Boot")
    return "the firmware enforces Secure Boot"


@observation("the guest has a TPM of the version that the image asks for", "hw_tpm_version")
def tpm_is_there(sight: Sight) -> str:
    """Linux tells the major version."""
    version, wanted = sight.fact(Devices).tpm, sight.properties["hw_tpm_version"]
    if not version or version != wanted.partition(".")[0]:
        raise CheckFailed(f"the guest's TPM is of version {version}" if version else "no TPM")
    return f"the guest has a TPM {wanted}"


@observation("the guest has the serial ports that the image asks for", "hw_serial_port_count")
def serial_ports_are_there(sight: Sight) -> str:
    """As many as the image says, unless the flavor says fewer."""
    found, wanted = sight.fact(Devices).serial_ports, sight.properties["hw_serial_port_count"]
    if str(found) != wanted:
        raise CheckFailed(f"the guest has {counted(found, 'serial port')}, not {wanted}")
    return f"the guest has {counted(found, 'serial port')}"
