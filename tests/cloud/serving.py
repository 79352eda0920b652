"""Servers on the whole OpenStack, for tests."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from allinone import libvirt
from allinone.resources import FLAVORS, NETWORK
from allinone.site import Site
from cloudtemplate import connect
from smallbuild import small_image

if TYPE_CHECKING:
    from openstack.connection import Connection

LIMIT = 300
"""Seconds within which a server is what it is to be; half a minute on an idle machine."""


def connected(site: Site) -> "Connection":
    """A connection of the publisher's."""
    return connect(f"{site.url('keystone')}/v3", "publisher", "images", site.password)


def domain(site: Site, server: Any) -> ET.Element:
    """What libvirt runs for a server."""
    words = ["virsh", "-c", libvirt.address(site), "dumpxml", server.instance_name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return ET.fromstring(done.stdout)  # noqa: S314 - libvirt's own


def boot(cloud: "Connection", directory: Path, properties: dict[str, str], **wanted: Any) -> Any:
    """An active server of an image with these properties, on which is no system.

    Nova does not look inside, so that it takes seconds.
    """
    file = directory / "image.qcow2"
    small_image(file)
    image = cloud.image.create_image(
        "an image", data=file.read_bytes(), disk_format="qcow2", wait=True, **properties
    )
    flavor = cloud.compute.find_flavor(next(iter(FLAVORS)), ignore_missing=False)
    network = cloud.network.find_network(NETWORK, ignore_missing=False)
    wanted = {"flavor_id": flavor.id, "networks": [{"uuid": network.id}], **wanted}
    server = cloud.compute.create_server(name="a server", image_id=image.id, **wanted)
    return cloud.compute.wait_for_server(server, wait=LIMIT)
