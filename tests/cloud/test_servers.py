"""The whole OpenStack is what the tests take it for: its Nova boots images on real QEMU."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allinone import openvswitch
from allinone.site import Site
from serving import LIMIT, boot, domain

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = pytest.mark.cloud


def test_every_service_answers(cloud: "Connection") -> None:
    assert {service.binary: service.state for service in cloud.compute.services()} == {
        "nova-conductor": "up",
        "nova-scheduler": "up",
        "nova-compute": "up",
    }
    assert [agent.is_alive for agent in cloud.network.agents()] == [True]
    assert {service.binary: service.state for service in cloud.block_storage.services()} == {
        "cinder-scheduler": "up",
        "cinder-volume": "up",
    }
    assert list(cloud.image.images()) == []
    (provider,) = cloud.placement.resource_providers()
    inventories = cloud.placement.resource_provider_inventories(provider)
    assert {"VCPU", "MEMORY_MB", "DISK_GB"} <= {kind.resource_class for kind in inventories}


def test_a_server_gets_the_hardware_that_its_image_claims(
    cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    server = boot(
        cloud,
        tmp_path,
        {
            "hw_disk_bus": "scsi",
            "hw_scsi_model": "virtio-scsi",
            "hw_qemu_guest_agent": "yes",
            "hw_watchdog_action": "reset",
        },
    )
    devices = domain(site, server)
    assert devices.find(".//disk[@device='disk']/target").attrib == {"dev": "sda", "bus": "scsi"}
    assert devices.find(".//controller[@type='scsi']").get("model") == "virtio-scsi"
    assert devices.find(".//watchdog").get("action") == "reset"
    assert devices.find(".//channel/target[@name='org.qemu.guest_agent.0']") is not None


def test_a_server_without_claims_gets_the_usual_hardware(
    cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    devices = domain(site, boot(cloud, tmp_path, {}))
    assert devices.find(".//disk[@device='disk']/target").attrib == {"dev": "vda", "bus": "virtio"}
    assert devices.find(".//watchdog") is None
    assert devices.find(".//channel/target[@name='org.qemu.guest_agent.0']") is None


def test_a_server_has_an_address_in_the_network(
    cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    server = boot(cloud, tmp_path, {})
    ((address,),) = server.addresses.values()
    assert address["addr"].startswith("192.0.2.")
    interface = domain(site, server).find(".//interface")
    assert interface.find("mac").get("address") == address["OS-EXT-IPS-MAC:mac_addr"]
    words = ["ovs-vsctl", f"--db={openvswitch.address(site)}", "list-ports", "br-int"]
    ports = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    assert interface.find("target").get("dev") in ports.split()


def test_a_volume_is_plugged_in_on_the_images_bus_and_out(
    cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    server = boot(cloud, tmp_path, {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"})
    volume = cloud.block_storage.create_volume(size=1)
    cloud.block_storage.wait_for_status(volume, "available", wait=LIMIT)
    cloud.compute.create_volume_attachment(server, volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", wait=LIMIT)
    (disk,) = domain(site, server).findall(".//disk[@type='network']")
    assert disk.find("target").attrib == {"dev": "sdb", "bus": "scsi"}
    assert disk.find("driver").get("discard") == "unmap"
    assert disk.find("source").get("name") == f"volumes/volume-{volume.id}"
    cloud.compute.delete_volume_attachment(server, volume)
    cloud.block_storage.wait_for_status(volume, "available", wait=LIMIT)
    assert domain(site, server).find(".//disk[@type='network']") is None


def test_a_deleted_server_can_be_restored(cloud: "Connection", tmp_path: Path) -> None:
    server = boot(cloud, tmp_path, {})
    cloud.compute.delete_server(server)
    deleted = cloud.compute.wait_for_server(server, status="SOFT_DELETED", wait=60)
    cloud.compute.restore_server(deleted)
    assert cloud.compute.wait_for_server(server, wait=60).status == "ACTIVE"
