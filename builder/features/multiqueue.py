"""Network traffic is spread over all vCPUs."""

from builder.feature import (
    CheckFailed,
    Claim,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    inspection,
    probe,
)
from builder.linux import network, systemd
from builder.linux.live import output, require_active


class MultiqueueParameters(Parameters):
    """Multiqueue has nothing to choose: Nova gives as many queues as vCPUs."""


@inspection("irqbalance is installed and will be started")
def irqbalance_will_start(disk: Filesystem, _: MultiqueueParameters) -> str:
    """Without it all queues' interrupts may end on one CPU."""
    return systemd.require_started(disk, "irqbalance.service")


@inspection("every virtio-net NIC is told to use all its queues")
def queue_rule_exists(disk: Filesystem, _: MultiqueueParameters) -> str:
    """systemd-udevd applies the first .link file that matches a NIC, and no other."""
    rule = network.link_file(disk, "virtio_net")
    if rule is None:
        raise CheckFailed("no .link file applies to virtio_net NICs: they keep one queue")
    channels = rule.settings.get("CombinedChannels")
    if channels != "max":
        seen = f"sets CombinedChannels={channels}" if channels else "does not set CombinedChannels"
        raise CheckFailed(
            f"{rule.path} is the first .link file for virtio_net, and {seen}; it must be 'max'"
        )
    return f"{rule.path} sets CombinedChannels=max"


# Queues in use, not queues offered: sysfs shows one directory for each queue that is switched on.
QUEUES = """
set -e
nproc
for nic in /sys/class/net/*; do
    driver=$(basename "$(readlink -f "$nic/device/driver")")
    [ "$driver" = virtio_net ] || continue
    set -- "$nic"/queues/rx-*; receive=$#
    set -- "$nic"/queues/tx-*; transmit=$#
    echo "$(basename "$nic") $receive $transmit"
done
"""


@probe("irqbalance is active")
def irqbalance_is_active(guest: Guest, _: MultiqueueParameters) -> str:
    """Without it all queues' interrupts may end on one CPU."""
    return require_active(guest, "irqbalance.service")


@probe("a NIC with several queues uses as many as the guest has vCPUs")
def queues_equal_vcpus(guest: Guest, _: MultiqueueParameters) -> str:
    """Look at the NIC with the most queues: the first NIC of the machine has but one."""
    vcpus, *lines = output(guest, QUEUES).splitlines()
    nics = [
        (int(receive), int(transmit), name) for name, receive, transmit in map(str.split, lines)
    ]
    if not nics:
        raise CheckFailed("the guest has no virtio-net NIC")
    receive, transmit, name = max(nics)
    if not receive == transmit == int(vcpus):
        raise CheckFailed(
            f"{name} uses {receive} receive and {transmit} transmit queues; "
            f"the guest has {vcpus} vCPUs"
        )
    return f"{name} uses {receive} queues, the guest has {vcpus} vCPUs"


def claims(_: MultiqueueParameters) -> tuple[Claim, ...]:
    """The one property; Nova ignores it for a guest of one vCPU."""
    return (
        Claim(
            property="hw_vif_multiqueue_enabled",
            value="true",
            promise="each NIC of the guest uses as many queues as the guest has vCPUs",
            proof=(
                irqbalance_will_start,
                queue_rule_exists,
                irqbalance_is_active,
                queues_equal_vcpus,
            ),
        ),
    )


FEATURE = Feature(
    name="multiqueue",
    summary="every NIC uses as many queues as the guest has vCPUs",
    parameters=MultiqueueParameters,
    elements=("guest-multiqueue",),
    claims=claims,
    inspections=(irqbalance_will_start, queue_rule_exists),
    probes=(
        irqbalance_is_active,
        queues_equal_vcpus,
    ),
)
