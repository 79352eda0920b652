"""The guest that Nova's libvirt driver would define. Runs in Nova's virtual environment.

The driver is Nova's own; its host is a fake one of x86-64 that can do everything, and libvirt's
binding, which is not installed, is a mock that nobody asks anything.
"""

import sys
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
        os_vif.initialize()
        self._driver = driver.LibvirtDriver(mock.MagicMock(), read_only=True)
        self._driver._host = self._driver.vif_driver._host = _host()  # noqa: SLF001 - no other way

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
    fake.supports_mem_encryption = False
    fake.has_min_version.return_value = True
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
