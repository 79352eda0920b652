"""The traits that a host must have."""

import pytest

from builder.nova.traits import ALWAYS, required_traits


@pytest.mark.parametrize(
    ("image", "flavor", "trait"),
    [
        ({"hw_virtio_packed_ring": "yes"}, {}, "COMPUTE_NET_VIRTIO_PACKED"),
        ({}, {"hw:virtio_packed_ring": "true"}, "COMPUTE_NET_VIRTIO_PACKED"),
        ({"hw_mem_encryption": "yes"}, {}, "HW_CPU_X86_AMD_SEV"),
        (
            {"hw_mem_encryption": "yes", "hw_mem_encryption_model": "intel-tdx"},
            {},
            "HW_CPU_X86_INTEL_TDX",
        ),
        ({"hw_sound_model": "virtio"}, {}, "COMPUTE_SOUND_MODEL_VIRTIO"),
        ({"hw_ephemeral_encryption": "yes"}, {}, "COMPUTE_EPHEMERAL_ENCRYPTION"),
        ({"os_secure_boot": "required"}, {}, "COMPUTE_SECURITY_UEFI_SECURE_BOOT"),
        (
            {"hw_firmware_stateless": "yes", "hw_firmware_type": "uefi"},
            {},
            "COMPUTE_SECURITY_STATELESS_FIRMWARE",
        ),
        ({"trait:HW_CPU_X86_VMX": "required"}, {}, "HW_CPU_X86_VMX"),
        ({}, {"trait:CUSTOM_GPU": "required"}, "CUSTOM_GPU"),
    ],
)
def test_some_properties_always_need_a_trait(
    image: dict[str, str], flavor: dict[str, str], trait: str
) -> None:
    assert list(required_traits(image, flavor, prefilter=False)) == [trait]


@pytest.mark.parametrize(
    ("image", "flavor"),
    [
        ({"hw_virtio_packed_ring": "no"}, {}),
        ({"hw_mem_encryption_model": "amd-sev"}, {}),
        ({"hw_sound_model": "ich9"}, {}),
        ({"hw_firmware_stateless": "yes"}, {}),
        ({"os_secure_boot": "optional"}, {}),
        ({"hw_tpm_model": "tpm-crb"}, {"hw:tpm_secret_security": "host"}),
        ({}, {"trait:CUSTOM_GPU": "forbidden"}),
    ],
)
def test_others_need_none(image: dict[str, str], flavor: dict[str, str]) -> None:
    assert required_traits(image, flavor, prefilter=True) == {}


def test_the_prefilter_makes_traits_of_more_properties() -> None:
    image = {"hw_disk_bus": "scsi", "hw_vif_model": "spapr-vlan", "architecture": "x86_64"}
    assert required_traits(image, {}, prefilter=False) == {}
    assert required_traits(image, {}, prefilter=True) == {
        "COMPUTE_STORAGE_BUS_SCSI": "hw_disk_bus",
        "COMPUTE_NET_VIF_MODEL_SPAPR_VLAN": "hw_vif_model",
        "HW_ARCH_X86_64": "architecture",
    }


def test_the_prefilter_gives_up_where_it_makes_up_a_trait() -> None:
    image = {"hw_disk_bus": "scsi", "hw_viommu_model": "virtio"}
    assert required_traits(image, {}, prefilter=True) == {}


def test_a_tpm_needs_three_traits() -> None:
    found = required_traits({"hw_tpm_version": "2.0"}, {"hw:tpm_model": "tpm-crb"}, prefilter=False)
    assert found == {
        "COMPUTE_SECURITY_TPM_2_0": "hw_tpm_version",
        "COMPUTE_SECURITY_TPM_CRB": "hw:tpm_model",
        "COMPUTE_SECURITY_TPM_SECRET_SECURITY_USER": "hw_tpm_version",
    }


def test_a_default_is_a_value_that_something_asks_for() -> None:
    defaults = [rule for rule in ALWAYS if rule.default]
    assert len(defaults) == 3
    assert all(rule.default in rule.traits and rule.asked_by for rule in defaults)
