"""Which traits of Placement tell whether a host can what an image or its flavor asks for. Pure.

Sources: ``_get_storage_bus_traits`` and its kin in Nova's ``nova/virt/libvirt/driver.py``,
``CAPABILITY_TRAITS_MAP`` in ``nova/virt/driver.py``, ``nova/scheduler/request_filter.py``; the
release notes of Nova for since when.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.feature.nova_release import NovaRelease
from builder.nova.properties import is_true


@dataclass(frozen=True)
class Trait:
    """A trait, what asks for it, and since when hosts say that they have it."""

    name: str
    asked_by: str
    since: NovaRelease = NovaRelease.QUEENS


MODELS = {
    "hw_disk_bus": ("COMPUTE_STORAGE_BUS_", NovaRelease.USSURI),
    "hw_cdrom_bus": ("COMPUTE_STORAGE_BUS_", NovaRelease.USSURI),
    "hw_video_model": ("COMPUTE_GRAPHICS_MODEL_", NovaRelease.USSURI),
    "hw_vif_model": ("COMPUTE_NET_VIF_MODEL_", NovaRelease.USSURI),
    "hw_viommu_model": ("COMPUTE_VIOMMU_MODEL_", NovaRelease.ANTELOPE),
}
"""Properties whose value is the end of a trait's name."""

ABILITIES = {
    ("os_secure_boot", "required"): ("COMPUTE_SECURITY_UEFI_SECURE_BOOT", NovaRelease.WALLABY),
    ("hw_tpm_version", "1.2"): ("COMPUTE_SECURITY_TPM_1_2", NovaRelease.VICTORIA),
    ("hw_tpm_version", "2.0"): ("COMPUTE_SECURITY_TPM_2_0", NovaRelease.VICTORIA),
}
"""Properties of one value that is a trait."""

REQUIRED = "required"


def traits(properties: Mapping[str, str], flavor: Mapping[str, str]) -> Iterator[Trait]:
    """Those that a host must have for an image and its flavor."""
    for name, (prefix, since) in MODELS.items():
        if name in properties:
            value = properties[name].replace("-", "_").upper()
            yield Trait(f"{prefix}{value}", f"{name}={properties[name]}", since)
    for (name, value), (trait, since) in ABILITIES.items():
        if properties.get(name) == value:
            yield Trait(trait, f"{name}={value}", since)
    if is_true(properties.get("hw_virtio_packed_ring", "")):
        asked = f"hw_virtio_packed_ring={properties['hw_virtio_packed_ring']}"
        yield Trait("COMPUTE_NET_VIRTIO_PACKED", asked, NovaRelease.EPOXY)
    for source in (properties, flavor):
        for name, value in source.items():
            kind, _, trait = name.partition(":")
            if kind == "trait" and value == REQUIRED:
                yield Trait(trait, f"{name}={value}")
