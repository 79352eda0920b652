"""What a server on a real Nova must show for each property of its image. Pure.

An observation is to a cloud what a probe is to QEMU: a function of what was seen, with a title that
it says when it passes. It raises ``CheckFailed``, or ``CheckSkipped`` with what this cloud cannot
show. Sources: Nova 34's ``virt/libvirt/driver.py``, ``vif.py`` and ``blockinfo.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from builder.cloud.guest_report import Devices, Disk, Nic, Processors, System
from builder.cloud.sight import EMULATED, Sight, Stage
from builder.feature import CheckFailed, CheckSkipped
from builder.linux import console, watchdog
from builder.nova import topology
from builder.nova.properties import is_true
from builder.words import counted

CONTROLLERS = {"scsi": ("sd", "virtio_scsi"), "virtio": ("vd", "virtio_blk")}
"""A disk bus: what Linux calls its disks, and the driver of their controller."""
PINNING = ("hw:cpu_policy", "hw_cpu_policy")
_SHOWN = 5


@dataclass(frozen=True)
class Observation:
    """A check of what was seen. It returns what it saw, or raises."""

    title: str
    function: Callable[[Sight], str]
    properties: tuple[str, ...] = ()
    """Those of the image that it shows. Without any it says something of the cloud."""
    always: bool = True
    """Whether it is made although the image has none of the properties."""

    @property
    def name(self) -> str:
        """The function's name with hyphens."""
        return self.function.__name__.replace("_", "-")

    def applies(self, properties: Mapping[str, str]) -> bool:
        """Whether it says anything of an image with these properties."""
        return self.always or any(name in properties for name in self.properties)


def _observation(
    title: str, *properties: str, always: bool = False
) -> Callable[[Callable[[Sight], str]], Observation]:
    def decorate(function: Callable[[Sight], str]) -> Observation:
        return Observation(title, function, properties, always=always or not properties)

    return decorate


@_observation("the server becomes active")
def server_is_active(sight: Sight) -> str:
    """Nova and libvirt accept the image's properties together with the flavor's extra specs."""
    return sight.done("create")


@_observation("the guest runs its user-data, and tells what it sees")
def guest_tells(sight: Sight) -> str:
    """Everything that is seen inside hangs on it."""
    return sight.done("report")


@_observation("the console shows no failure")
def console_is_clean(sight: Sight) -> str:
    """Judge it as in a boot of our own; an emulated CPU stands still when its host is busy."""
    if not sight.console:
        raise CheckSkipped("the cloud shows no console log")
    found = console.failures(console.without_stalls(sight.console), today=date.max)
    if found:
        shown = [f"{finding.kind}: {finding.line}" for finding in found[:_SHOWN]]
        raise CheckFailed("\n".join(shown))
    return f"{counted(len(sight.console.splitlines()), 'line')} of the console show no failure"


@_observation(
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


@_observation("every disk is on the bus that the image asks for", "hw_disk_bus", "hw_scsi_model")
def second_disk_is_on_bus(sight: Sight) -> str:
    """An ephemeral disk comes from the flavor; it is the next one on the root disk's bus."""
    letters, driver = _controller(sight)
    others = [disk for disk in sight.boot().all(Disk) if not disk.root]
    if not sight.flavor.ephemeral:
        raise CheckSkipped(f"flavor {sight.flavor.name} gives no second disk (ephemeral)")
    expected = f"{letters}b"
    found = next((disk for disk in others if disk.name == expected), None)
    if found is None or found.driver != driver:
        seen = ", ".join(f"{disk.name} ({disk.driver})" for disk in others) or "none"
        raise CheckFailed(f"the second disk is not {expected} on {driver}; other disks: {seen}")
    return f"the ephemeral disk is /dev/{expected} (driver {driver})"


@_observation(
    "the root disk is the first one on the bus that the image asks for",
    "hw_disk_bus",
    "hw_scsi_model",
)
def root_is_on_bus(sight: Sight) -> str:
    """Look up the driver below the disk that holds the root file system."""
    return _root(sight, "first", named=True)


def _root(sight: Sight, stage: Stage, *, named: bool) -> str:
    letters, driver = _controller(sight)
    root = sight.boot(stage).root
    if root is None:
        raise CheckFailed("the guest does not know which disk its root is on")
    is_first = root.name == f"{letters}a"
    if root.driver != driver or (named and not is_first):
        raise CheckFailed(f"root is /dev/{root.name} (driver {root.driver}), not {letters}a")
    return f"root is /dev/{root.name} (driver {driver})"


def _controller(sight: Sight) -> tuple[str, str]:
    bus = sight.properties.get("hw_disk_bus", "virtio")
    if bus not in CONTROLLERS:
        raise CheckSkipped(f"what a disk on {bus} is called is not known here")
    return CONTROLLERS[bus]


@_observation("the root disk passes discards on")
def root_discards(sight: Sight) -> str:
    """``hw_disk_discard`` is the compute host's; no property asks for it."""
    root = sight.boot().root
    if root is None or not root.discards:
        raise CheckSkipped("the compute host does not pass discards on ([libvirt] hw_disk_discard)")
    return f"/dev/{root.name} takes discards"


@_observation("Nova sets the password through the guest agent, and it lets the user in",
              "hw_qemu_guest_agent", "os_admin_user")  # fmt: skip
def password_is_set(sight: Sight) -> str:
    """Somebody who is nobody logs in with it, and could not before."""
    return sight.done("password")


@_observation("the guest has the watchdog that the image asks for", "hw_watchdog_action")
def watchdog_is_there(sight: Sight) -> str:
    """``disabled`` is the one action without a device."""
    found = watchdog.IDENTITY in sight.fact(Devices).watchdogs
    wanted = sight.properties["hw_watchdog_action"] != "disabled"
    if found != wanted:
        raise CheckFailed(f"the guest has {'an' if found else 'no'} i6300ESB watchdog")
    return f"the guest has {'the' if found else 'no'} i6300ESB watchdog, as asked"


@_observation("Nova acts on a guest that hangs as the image asks", "hw_watchdog_action")
def watchdog_acts(sight: Sight) -> str:
    """The guest stops whoever feeds its watchdog; its own end is seen from outside."""
    if sight.properties["hw_watchdog_action"] == "disabled":
        raise CheckSkipped("there is no watchdog to act")
    return sight.done("watchdog")


@_observation("each NIC uses as many queues as the guest has vCPUs", "hw_vif_multiqueue_enabled")
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


@_observation("each NIC has packed rings", "hw_virtio_packed_ring")
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


@_observation(
    "the guest sees its vCPUs arranged as the image asks",
    *(f"hw_cpu_{part}" for part in topology.PARTS),
)
def topology_is_as_asked(sight: Sight) -> str:
    """Nova grants what can be granted with the flavor's vCPUs; its own wish counts before."""
    if any(f"hw:cpu_{part}" in sight.flavor.extra_specs for part in topology.PARTS):
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


@_observation("every vCPU is pinned to a processor of its own", "hw_cpu_policy", always=True)
def vcpus_are_pinned(sight: Sight) -> str:
    """Inside nothing of it is seen: libvirt's XML tells."""
    policy = sight.flavor.extra_specs.get(PINNING[0]) or sight.properties.get(PINNING[1])
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


@_observation("the guest takes its entropy from the host", "hw_rng_model")
def rng_is_virtio(sight: Sight) -> str:
    """A flavor can refuse it: ``hw_rng:allowed``."""
    rng = sight.fact(Devices).rng
    if not rng.startswith("virtio_rng"):
        raise CheckFailed(f"the guest's RNG is '{rng}'" if rng else "the guest has no RNG")
    return f"the guest's RNG is {rng}"


@_observation("the guest was started by the firmware that the image asks for", "hw_firmware_type")
def firmware_is_as_asked(sight: Sight) -> str:
    """Only UEFI leaves its variables to the system."""
    found = "uefi" if sight.fact(System).uefi else "bios"
    if found != sight.properties["hw_firmware_type"]:
        raise CheckFailed(f"the guest was started by {found}")
    return f"the guest was started by {found}"


@_observation("Secure Boot is enforced", "os_secure_boot")
def secure_boot_is_on(sight: Sight) -> str:
    """As the firmware tells the system."""
    if sight.properties["os_secure_boot"] != "required":
        raise CheckSkipped("the image does not require it")
    if not sight.fact(System).secure_boot:
        raise CheckFailed("the firmware does not enforce Secure Boot")
    return "the firmware enforces Secure Boot"


@_observation("the guest has a TPM of the version that the image asks for", "hw_tpm_version")
def tpm_is_there(sight: Sight) -> str:
    """Linux tells the major version."""
    version, wanted = sight.fact(Devices).tpm, sight.properties["hw_tpm_version"]
    if not version or version != wanted.partition(".")[0]:
        raise CheckFailed(f"the guest's TPM is of version {version}" if version else "no TPM")
    return f"the guest has a TPM {wanted}"


@_observation("the guest has the serial ports that the image asks for", "hw_serial_port_count")
def serial_ports_are_there(sight: Sight) -> str:
    """As many as the image says, unless the flavor says fewer."""
    found, wanted = sight.fact(Devices).serial_ports, sight.properties["hw_serial_port_count"]
    if str(found) != wanted:
        raise CheckFailed(f"the guest has {counted(found, 'serial port')}, not {wanted}")
    return f"the guest has {counted(found, 'serial port')}"


@_observation("the root disk grows while the guest runs")
def root_grows_live(sight: Sight) -> str:
    """A tenant can do that with volumes only."""
    return sight.done("resize")


@_observation("the server keeps its hardware in rescue")
def rescue_keeps_hardware(sight: Sight) -> str:
    """Its root may be either disk: both are of the same image."""
    sight.done("rescue")
    return f"in rescue {_root(sight, 'rescued', named=False)}"


@_observation("the server keeps its hardware when it is rebuilt")
def rebuild_keeps_hardware(sight: Sight) -> str:
    """The rebuilt server must be what the first one was."""
    sight.done("rebuild")
    seen = _root(sight, "rebuilt", named=True)
    before, now = sight.fact(Devices), sight.fact(Devices, "rebuilt")
    changed = [
        name for name in ("rng", "watchdogs", "tpm") if getattr(before, name) != getattr(now, name)
    ]
    if changed:
        raise CheckFailed(f"rebuilt, the guest has another {' and '.join(changed)}")
    return f"rebuilt, {seen}; its other devices are the same"


@_observation("a deleted server can be restored")
def deleted_server_is_restored(sight: Sight) -> str:
    """Soft delete is the cloud's, by ``reclaim_instance_interval``."""
    return sight.done("soft-delete")


OBSERVATIONS = (
    server_is_active,
    guest_tells,
    console_is_clean,
    system_is_as_claimed,
    second_disk_is_on_bus,
    root_is_on_bus,
    root_discards,
    rng_is_virtio,
    firmware_is_as_asked,
    secure_boot_is_on,
    tpm_is_there,
    serial_ports_are_there,
    queues_equal_vcpus,
    rings_are_packed,
    topology_is_as_asked,
    vcpus_are_pinned,
    password_is_set,
    root_grows_live,
    rescue_keeps_hardware,
    rebuild_keeps_hardware,
    watchdog_is_there,
    watchdog_acts,
    deleted_server_is_restored,
)
"""In the order in which they are shown; of those of one property the last is the strongest."""
