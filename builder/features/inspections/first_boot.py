"""A guest's first boot does its work: network, cloud-init, the SSH server."""

from builder.feature import CheckFailed, Filesystem, inspection
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import cloudinit, conditions, growth, network, network_wait, resolver, systemd

SSH_UNITS = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")


@inspection("the network stack that cloud-init configures will be started")
def network_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """Files that are rendered for a stack that is not started leave the NIC down."""
    return network.require_stack(disk)


@inspection("nothing holds the boot up where there is no network")
def nothing_waits_for_network(disk: Filesystem, _: FoundationParameters) -> str:
    """A server may have no NIC, or one that nobody answers on; its boot is held up for minutes."""
    found = tuple(dict.fromkeys(network_wait.waits(disk)))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; {network_wait.REMEDY}")
    return f"nothing waits longer than {network_wait.LIMIT:.0f} s for a network"


@inspection("the guest will be told its name servers")
def name_servers_will_be_told(disk: Filesystem, _: FoundationParameters) -> str:
    """The file of the resolver has them, or is written by a service that will be started."""
    return resolver.require_resolver(disk)


@inspection("cloud-init will be started")
def cloud_init_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """Every stage of it, and no switch, argument of the kernel or drop-in keeps it off."""
    found = tuple(dict.fromkeys(cloudinit.idle(disk)))
    if found:
        raise CheckFailed("; ".join(found))
    return "every stage of cloud-init will be started, and nothing switches it off"


@inspection("cloud-init does what Nova tells it")
def cloud_init_listens(disk: Filesystem, _: FoundationParameters) -> str:
    """It looks for Nova's data, takes the network from there, and gives its user the key."""
    found = tuple(dict.fromkeys(cloudinit.deaf(disk)))
    if found:
        raise CheckFailed("; ".join(found))
    return "cloud-init looks for Nova's data, and has none of its own"


@inspection("the root can grow into a larger disk")
def root_can_grow(disk: Filesystem, _: FoundationParameters) -> str:
    """It is the last partition, and something grows it."""
    return growth.require_growth(disk)


@inspection("the SSH server will be started")
def ssh_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """As a service, or by its socket."""
    seen = systemd.require_any_started(disk, SSH_UNITS)
    for unit in SSH_UNITS:
        conditions.require_met(disk, unit)
    return seen


INSPECTIONS = (
    network_will_start,
    nothing_waits_for_network,
    name_servers_will_be_told,
    cloud_init_will_start,
    cloud_init_listens,
    root_can_grow,
    ssh_will_start,
)
