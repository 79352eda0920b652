"""A guest's first boot does its work: network, cloud-init, the SSH server."""

from builder.feature import CheckFailed, Filesystem, inspection
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import cloudinit, network, systemd

SSH_UNITS = ("ssh.service", "sshd.service", "ssh.socket", "sshd.socket")


@inspection("the network stack that cloud-init configures will be started")
def network_will_start(disk: Filesystem, _: FoundationParameters) -> str:
    """Files that are rendered for a stack that is not started leave the NIC down."""
    return network.require_stack(disk)


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


INSPECTIONS = (network_will_start, cloud_init_will_start, ssh_will_start)
