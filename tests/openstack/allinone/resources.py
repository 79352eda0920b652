"""What a new OpenStack has for its users: flavors and a network."""

import warnings

from cloudtemplate import connect

from allinone.site import Site

FLAVORS = {"guest-1": 1, "guest-2": 2}
"""Flavors by their number of vCPUs."""
_MEMORY, _DISK = 1024, 5
NETWORK = "guests"


def create(site: Site) -> None:
    """Make public flavors, and a network for all; the services must be ready."""
    with warnings.catch_warnings():
        # The SDK warns of its own attributes.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        cloud = connect(f"{site.url('keystone')}/v3", "admin", "admin", site.password)
        for name, vcpus in FLAVORS.items():
            cloud.compute.create_flavor(name=name, vcpus=vcpus, ram=_MEMORY, disk=_DISK)
        network = cloud.network.create_network(name=NETWORK, is_shared=True)
        cloud.network.create_subnet(
            name=NETWORK,
            network_id=network.id,
            ip_version=4,
            cidr="192.0.2.0/24",  # documentation addresses: no network of this machine has them
            is_dhcp_enabled=False,
            gateway_ip=None,
        )
