"""The whole OpenStack is what the tests take it for: its Nova boots images on real QEMU."""

import subprocess
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from allinone import libvirt
from allinone.site import Site

if TYPE_CHECKING:
    from openstack.connection import Connection


def domain(site: Site, server: Any) -> ET.Element:
    """What libvirt runs for a server."""
    words = ["virsh", "-c", libvirt.address(site), "dumpxml", server.instance_name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    return ET.fromstring(done.stdout)  # noqa: S314 - libvirt's own


def test_every_service_answers(cloud: "Connection") -> None:
    assert {service.binary: service.state for service in cloud.compute.services()} == {
        "nova-conductor": "up",
        "nova-scheduler": "up",
        "nova-compute": "up",
    }
    assert [agent.is_alive for agent in cloud.network.agents()] == [True]
    assert [image.name for image in cloud.image.images()] == []
    (provider,) = cloud.placement.resource_providers()
    assert provider.name


def test_a_server_gets_the_hardware_that_its_image_claims(servers: Any, site: Site) -> None:
    server = servers.boot(
        {
            "hw_disk_bus": "scsi",
            "hw_scsi_model": "virtio-scsi",
            "hw_qemu_guest_agent": "yes",
            "hw_watchdog_action": "reset",
        }
    )
    devices = domain(site, server)
    assert devices.find(".//disk[@device='disk']/target").attrib == {"dev": "sda", "bus": "scsi"}
    assert devices.find(".//controller[@type='scsi']").get("model") == "virtio-scsi"
    assert devices.find(".//watchdog").get("action") == "reset"
    assert devices.find(".//channel/target[@name='org.qemu.guest_agent.0']") is not None


def test_a_server_without_claims_gets_the_usual_hardware(servers: Any, site: Site) -> None:
    devices = domain(site, servers.boot({}))
    assert devices.find(".//disk[@device='disk']/target").attrib == {"dev": "vda", "bus": "virtio"}
    assert devices.find(".//watchdog") is None
    assert devices.find(".//channel/target[@name='org.qemu.guest_agent.0']") is None


def test_a_server_has_an_address_in_the_network(servers: Any, site: Site) -> None:
    server = servers.boot({})
    ((address,),) = server.addresses.values()
    assert address["addr"].startswith("192.0.2.")
    interface = domain(site, server).find(".//interface")
    assert interface.find("mac").get("address") == address["OS-EXT-IPS-MAC:mac_addr"]
    assert interface.find("virtualport").get("type") == "openvswitch"


def test_a_deleted_server_can_be_restored(servers: Any, site: Site) -> None:
    server = servers.boot({})
    servers.compute.delete_server(server)
    deleted = servers.compute.wait_for_server(server, status="SOFT_DELETED", wait=60)
    servers.compute.restore_server(deleted)
    assert servers.compute.wait_for_server(server, wait=60).status == "ACTIVE"
