"""Network traffic is spread over all vCPUs.

One queue means one vCPU for all of a NIC's interrupts, and that vCPU is the limit of the guest's
network, however many it has. With the property Nova gives each NIC as many queues as vCPUs; the
guest must use them, for every NIC, also one that is plugged in later, and its interrupts must
really be taken by different vCPUs. Linux does so by itself since 4.10, as long as nothing in the
image sets another number; an image that is built here says it once more. Nova gives one queue
without a word to a guest of one vCPU, and to every guest that it does not run by KVM.
"""

from collections.abc import Collection

from builder.feature import (
    SPARE_NETDEV,
    SPARE_PORT,
    CheckFailed,
    CheckSkipped,
    Claim,
    ConfigOption,
    Feature,
    Filesystem,
    FlavorVcpus,
    Guest,
    Necessity,
    Need,
    NovaRelease,
    Parameters,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.features.needs.agreement import agreeing
from builder.linux import network, queues, systemd
from builder.linux.live import output, require_active
from builder.linux.scripts import script


class MultiqueueParameters(Parameters):
    """Multiqueue has nothing to choose: Nova gives as many queues as vCPUs."""


@inspection("irqbalance is installed and will be started", compares=True)
def irqbalance_will_start(disk: Filesystem, _: MultiqueueParameters) -> str:
    """Without it the driver's own choice of CPUs stays, whatever their load is."""
    return systemd.require_started(disk, "irqbalance.service")


@inspection("every virtio-net NIC is told to use all its queues", compares=True)
def queue_rule_exists(disk: Filesystem, _: MultiqueueParameters) -> str:
    """systemd-udevd applies the first .link file that matches a NIC, and no other."""
    rule = network.link_file(disk, queues.DRIVER)
    if rule is None:
        raise CheckFailed("no .link file applies to virtio_net NICs: it is left to their driver")
    channels = rule.settings.get("CombinedChannels")
    if channels != queues.ALL:
        seen = f"sets CombinedChannels={channels}" if channels else "does not set CombinedChannels"
        raise CheckFailed(
            f"{rule.path} is the first .link file for virtio_net, and {seen}; it must be 'max'"
        )
    return f"{rule.path} sets CombinedChannels=max"


@inspection("nothing in the image sets a number of queues", refutes=True)
def queues_are_not_limited(disk: Filesystem, _: MultiqueueParameters) -> str:
    """Look at .link files, and at whatever runs at boot or when a NIC appears."""
    found = tuple(queues.limits(disk))
    if found:
        raise CheckFailed("; ".join(found))
    return "no .link file, udev rule, unit or script sets a number of queues"


QUEUES = script("nic-queues.sh")


@probe("irqbalance is active", once=True, vcpus=2)
def irqbalance_is_active(guest: Guest, _: MultiqueueParameters) -> str:
    """On one CPU it has nothing to do, and its unit is not started."""
    return require_active(guest, "irqbalance.service")


@probe("a NIC uses as many queues as the guest has vCPUs")
def queues_equal_vcpus(guest: Guest, _: MultiqueueParameters) -> str:
    """Look at the NIC with the most queues: the first NIC of the machine has but one."""
    return _judge(guest, _nic(guest))


TRAFFIC = script("nic_traffic.py")
FEW = 10


@probe("a NIC's interrupts are spread over the vCPUs", once=True, vcpus=2, seconds=8)
def interrupts_are_spread(guest: Guest, _: MultiqueueParameters) -> str:
    """Send from each vCPU in turn; each queue has an interrupt of its own."""
    if guest.machine.vcpus == 1:
        raise CheckSkipped("the guest has one vCPU: there is nothing to spread over")
    name, *_rest = _nic(guest)
    done = guest.run("python3", "-c", TRAFFIC, name, timeout=120)
    if done.status != 0:
        said = done.stderr.strip().splitlines() or ["it printed nothing"]
        raise CheckFailed(f"no traffic on {name}: {said[-1]}")
    counts = [int(word) for word in done.stdout.split()]
    busy = sum(count >= FEW for count in counts)
    seen = f"{name}'s interrupts by CPU: {', '.join(map(str, counts))}"
    if busy < 2:  # noqa: PLR2004 - "more than one"
        raise CheckFailed(f"{seen}: they are not spread")
    return seen


PLUGGED_MAC = "fa:16:3e:00:00:03"
PLUG_LIMIT = 60.0
NICS = "ls /sys/class/net"


@probe(
    "a NIC that is plugged in later uses as many queues as the guest has vCPUs",
    once=True,
    vcpus=2,
    seconds=8,
)
def plugged_nic_has_queues(guest: Guest, _: MultiqueueParameters) -> str:
    """What is set at boot only would miss it."""
    before = output(guest, NICS).split()
    port = {"bus": SPARE_PORT} if guest.machine.has_express else {}
    queues = {"mq": True, "vectors": 2 * guest.machine.vcpus + 2} if guest.machine.vcpus > 1 else {}
    nic = {"netdev": SPARE_NETDEV, "mac": PLUGGED_MAC, **port, **queues}
    guest.qmp("device_add", driver="virtio-net-pci", id="plugged", **nic)
    try:
        output(guest, AWAIT_NIC, str(len(before)), f"{PLUG_LIMIT:.0f}", timeout=PLUG_LIMIT + 30)
        return "plugged in: " + _judge(guest, _nic(guest, but=before))
    finally:
        guest.qmp("device_del", id="plugged")
        guest.event("DEVICE_DELETED", timeout=PLUG_LIMIT)


AWAIT_NIC = script("await-nic.sh")


def _nic(guest: Guest, *, but: Collection[str] = ()) -> tuple[str, int, int]:
    """The NIC that can have the most queues: its name, how many it can have, and has."""
    _, *lines = output(guest, QUEUES).splitlines()
    nics = [
        (name, int(possible), int(used))
        for name, possible, used in map(str.split, lines)
        if name not in but
    ]
    if not nics:
        raise CheckFailed("the guest has no virtio-net NIC")
    return max(nics, key=lambda nic: nic[1])


def _judge(guest: Guest, nic: tuple[str, int, int]) -> str:
    name, possible, used = nic
    vcpus = guest.machine.vcpus
    if not possible == used == vcpus:
        raise CheckFailed(f"{name} uses {used} of {possible} queues; the guest has {vcpus} vCPUs")
    return f"{name} uses {used} of {possible} queues, the guest has {vcpus} vCPUs"


def claims(_: MultiqueueParameters) -> tuple[Claim, ...]:
    """The one property; Nova ignores it for a guest of one vCPU."""
    return (
        Claim(
            property="hw_vif_multiqueue_enabled",
            value="true",
            promise="each NIC of the guest uses as many queues as the guest has vCPUs",
            proof=(
                queues_are_not_limited,
                plugged_nic_has_queues,
                interrupts_are_spread,
                queues_equal_vcpus,
            ),
        ),
    )


TUNING = f"{NOVA_DOCS}/configuration/extra-specs.html#hw:vif_multiqueue_enabled"
OPTIONS = f"{NOVA_DOCS}/configuration/config.html"


def needs(_: MultiqueueParameters) -> tuple[Need, ...]:
    """The image asks by itself; what can be in its way is the flavor, and the host."""
    return (
        agreeing("hw:vif_multiqueue_enabled", "true", source=TUNING, since=NovaRelease.YOGA),
        Need(
            what=FlavorVcpus(2, at_least=True),
            reason="A NIC gets as many queues as the guest has vCPUs.",
            source=TUNING,
            necessity=Necessity.ADVISED,
        ),
        Need(
            what=ConfigOption("libvirt", "virt_type", "kvm"),
            reason="An emulated guest (qemu) gets one queue, and Nova says nothing.",
            source=f"{OPTIONS}#libvirt.virt_type",
        ),
    )


FEATURE = Feature(
    name="multiqueue",
    summary="every NIC uses as many queues as the guest has vCPUs",
    parameters=MultiqueueParameters,
    elements=("guest-multiqueue",),
    claims=claims,
    needs=needs,
    inspections=(irqbalance_will_start, queue_rule_exists, queues_are_not_limited),
    probes=(
        irqbalance_is_active,
        queues_equal_vcpus,
        interrupts_are_spread,
        plugged_nic_has_queues,
    ),
)
