"""A guest's first boot does its work: network, cloud-init, the SSH server."""

from builder.feature import CheckFailed, Filesystem, inspection
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import cloudinit, network, resolver, systemd

SSH_UNITS = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")


@inspection("the network stack that cloud-init configures will be started")
def network_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """Files that are rendered for a stack that is not started leave the NIC down."""
    return network.require_stack(disk)


@inspection("the guest will be told its name servers")
def name_servers_will_be_told(disk: Filesystem, _: FoundationParameters) -> str:
    """The file of the resolver has them, or is written by a service that will be started."""
    return resolver.require_resolver(disk)


@inspection("cloud-init will be started")
def cloud_init_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """Its units are enabled, and it is not switched off."""
    if disk.exists(cloudinit.SWITCH):
        raise CheckFailed(f"{cloudinit.SWITCH} switches cloud-init off")
    return systemd.require_any_started(disk, cloudinit.UNITS)


@inspection("the SSH server will be started")
def ssh_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """As a service, or by its socket."""
    return systemd.require_any_started(disk, SSH_UNITS)


INSPECTIONS = (network_will_start, name_servers_will_be_told, cloud_init_will_start, ssh_will_start)
