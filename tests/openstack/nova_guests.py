"""The guest that Nova's libvirt driver would define. Runs in Nova's virtual environment.

The driver is Nova's own; its host is a fake one of x86-64 that can do everything, and libvirt's
binding, which is not installed, is a mock that nobody asks anything.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock
from uuid import uuid4

sys.modules["libvirt"] = mock.MagicMock(name="libvirt")

import os_vif  # noqa: E402 - Nova looks for libvirt when it is imported
from nova import conf, context, exception, objects  # noqa: E402
from nova.network import model as network_model  # noqa: E402
from nova.objects.flavor import Flavor  # noqa: E402
from nova.objects.image_meta import ImageMeta  # noqa: E402
from nova.virt.libvirt import blockinfo, driver, host  # noqa: E402
from nova.virt.libvirt import config as domain_config  # noqa: E402

CAPABILITIES = f"""
<capabilities>
  <host><uuid>{uuid4()}</uuid><cpu><arch>x86_64</arch><model>Nehalem</model></cpu></host>
  <guest><os_type>hvm</os_type>
    <arch name="x86_64"><domain type="kvm"/><machine>pc</machine><machine>q35</machine></arch>
  </guest>
</capabilities>
"""


class Driver:
    """Nova's libvirt driver, and what it is configured with."""

    def __init__(self) -> None:
        conf.CONF([], project="nova", default_config_files=[])
        conf.CONF.set_override("virt_type", "kvm", "libvirt")
        conf.CONF.set_override("swtpm_enabled", override=True, group="libvirt")
        conf.CONF.set_override("hw_disk_discard", "unmap", "libvirt")
        conf.CONF.set_override("cpu_shared_set", "0-1", "compute")
        os_vif.initialize()
        # No port of this machine's is taken for the consoles of guests that are never started.
        mock.patch.object(driver.serial_console, "acquire_port", return_value=10_000).start()
        self._driver = driver.LibvirtDriver(mock.MagicMock(), read_only=True)
        self._driver._host = self._driver.vif_driver._host = _host()  # noqa: SLF001 - no other way

    def questions(self, image: ImageMeta, flavor: Flavor) -> Iterator[Callable[[], Any]]:
        """What is asked about a guest while its domain is made: each raises what Nova raises."""
        conf.CONF.set_override("enabled", override=True, group="serial_console")
        guest, instance = domain_config.LibvirtConfigGuest(), _instance(flavor)
        of_nova = self._driver
        yield lambda: of_nova._configure_guest_by_virt_type(guest, instance, image, flavor)  # noqa: SLF001 - no other way to ask
        yield lambda: of_nova._add_video_driver(guest, image, flavor)  # noqa: SLF001
        yield lambda: of_nova._get_iommu_model(guest, image, flavor)  # noqa: SLF001
        yield lambda: of_nova._create_consoles_qemu_kvm(guest, instance, flavor, image)  # noqa: SLF001
        yield lambda: of_nova._get_guest_memory_backing_config(None, None, flavor, image)  # noqa: SLF001
        yield lambda: of_nova._guest_add_usb_root_controller(guest, flavor, image)  # noqa: SLF001
        yield lambda: of_nova._add_redirected_usb_ports(guest, flavor, instance, image)  # noqa: SLF001
        yield lambda: of_nova._add_vtpm_device(guest, flavor, instance, image)  # noqa: SLF001
        yield lambda: of_nova.vif_driver.get_config(instance, _nic(), image, flavor, "kvm")

    def domain(self, image: dict[str, str], flavor: dict[str, str], vcpus: int) -> str:
        """The domain's XML of a guest with one NIC and a config drive."""
        several = "hw_serial_port_count" in image
        conf.CONF.set_override("enabled", several, "serial_console")
        image_meta = ImageMeta.from_dict(
            {"id": str(uuid4()), "name": "an image", "disk_format": "qcow2", "properties": image}
        )
        instance = _instance(
            Flavor(
                name="a flavor",
                flavorid="a flavor",
                vcpus=vcpus,
                memory_mb=1024,
                root_gb=4,
                ephemeral_gb=0,
                swap=0,
                extra_specs=flavor,
            )
        )
        disks = blockinfo.get_disk_info("kvm", instance, image_meta)
        networks = network_model.NetworkInfo([_nic()])
        guest = self._driver._get_guest_config(  # noqa: SLF001 - no other way to ask
            instance, networks, image_meta, disks
        )
        return guest.to_xml()


def _host() -> mock.Mock:
    capabilities = domain_config.LibvirtConfigCaps()
    capabilities.parse_str(CAPABILITIES)
    fake = mock.MagicMock(spec=host.Host)
    fake.get_capabilities.return_value = capabilities
    fake.supports_uefi = fake.supports_secure_boot = True
    fake.supports_mem_encryption = True
    fake.has_min_version.return_value = True
    fake.get_online_cpus.return_value = {0, 1}
    fake.get_guest.side_effect = exception.InstanceNotFound(instance_id="a guest")
    return fake


def _instance(flavor: Flavor) -> objects.Instance:
    instance = objects.Instance(
        context=context.get_admin_context(),
        id=1,
        uuid=str(uuid4()),
        display_name="a guest",
        flavor=flavor,
        image_ref="",
        config_drive="True",
        user_id="a user",
        project_id="a project",
        system_metadata={"vtpm_secret_uuid": str(uuid4())},
        metadata={},
        pci_requests=objects.InstancePCIRequests(requests=[]),
        pci_devices=objects.PciDeviceList(objects=[]),
    )
    for name in objects.Instance.fields:
        if not instance.obj_attr_is_set(name):
            setattr(instance, f"_obj_{name}", None)  # Nova would ask its database for it
    return instance


def _nic() -> network_model.VIF:
    return network_model.VIF(
        id=str(uuid4()),
        address="fa:16:3e:00:00:01",
        type=network_model.VIF_TYPE_OVS,
        vnic_type=network_model.VNIC_TYPE_NORMAL,
        devname="tap0",
        network=network_model.Network(id=str(uuid4()), bridge="br-int", subnets=[]),
        details={"ovs_hybrid_plug": False},
        ovs_interfaceid=str(uuid4()),
    )
