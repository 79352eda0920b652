"""What features claim stands in Glance's own catalogue of metadata definitions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cloudtemplate import PROGRAMS, require_installed
from test_nova import CLAIMS

from builder.nova.kind import BOOLEANS
from builder.nova.properties import KNOWN

pytestmark = pytest.mark.openstack

ABSENT = frozenset({"architecture", "os_secure_boot"})
"""Properties that everybody uses and the catalogue lacks."""
UNTOLD = frozenset(
    {
        "architecture", "bdm_v2", "hw_architecture", "hw_auto_disk_config",
        "hw_emulation_architecture", "hw_ephemeral_encryption", "hw_ephemeral_encryption_format",
        "hw_floppy_bus", "hw_input_bus", "hw_ipxe_boot", "hw_locked_memory", "hw_maxphysaddr_mode",
        "hw_pci_numa_affinity_policy", "hw_rescue_bus", "hw_rescue_device", "hw_sound_model",
        "hw_time_hpet", "hw_usb_model", "hw_viommu_model", "hw_vm_mode", "img_bdm_v2",
        "img_bittorrent", "img_cache_in_nova", "img_hv_type", "img_use_agent", "license_included",
        "license_required", "os_purpose", "os_secure_boot", "os_skip_agent_inject_files_at_boot",
        "os_skip_agent_inject_ssh", "replace_frequency", "subscription_included",
        "subscription_required",
    }
)  # fmt: skip
"""Enumerated properties that the catalogue lacks: Nova's of later years and of other hypervisors,
those that Nova writes itself, and those of SCS-0102."""
WITHOUT_VALUES = frozenset({"hw_rng_model", "hw_scsi_model"})
"""Properties whose values the catalogue does not tell."""
OURS_ONLY: dict[str, frozenset[str]] = {
    # Nova's enumeration has them, and the catalogue was not brought up to it.
    "hw_cpu_policy": frozenset({"mixed"}),
    "hw_mem_encryption_model": frozenset({"intel-tdx"}),
    "hw_vif_model": frozenset({"lan9118", "sriov", "vmxnet"}),
}
_NOT_KVM = frozenset({"lxc", "uml", "xen"})
THEIRS_ONLY: dict[str, frozenset[str]] = {
    # Images from here are for QEMU and KVM alone.
    "hw_cdrom_bus": _NOT_KVM,
    "hw_disk_bus": _NOT_KVM,
    "hypervisor_type": _NOT_KVM | {"baremetal", "hyperv", "powervm", "vmware", "vz"},
    # Binary curves, which newer releases of cryptography no longer have.
    "img_signature_key_type": frozenset(
        {"ECC_SECT409K1", "ECC_SECT409R1", "ECC_SECT571K1", "ECC_SECT571R1"}
    ),
}
CLAIMED = [(name, value) for name, value in CLAIMS if not name.startswith("trait:")]


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, Any]]:
    """Each property that an image may have, and what the catalogue says of it."""
    require_installed()
    found = {}
    for path in (PROGRAMS.parent / "etc/glance/metadefs").glob("*.json"):
        namespace = json.loads(path.read_text(encoding="utf-8"))
        for association in namespace.get("resource_type_associations", ()):
            if association["name"] == "OS::Glance::Image":
                for name, definition in properties(namespace):
                    found[association.get("prefix", "") + name] = definition
    return found


def properties(namespace: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from namespace.get("properties", {}).items()
    for group in namespace.get("objects", ()):
        yield from group.get("properties", {}).items()


def test_a_claimed_property_is_in_the_catalogue(catalogue: dict[str, dict[str, Any]]) -> None:
    assert {name for name, _ in CLAIMED} - set(catalogue) == ABSENT


@pytest.mark.parametrize(("name", "value"), [claim for claim in CLAIMED if claim[0] not in ABSENT])
def test_a_claimed_value_is_one_of_the_catalogues(
    catalogue: dict[str, dict[str, Any]], name: str, value: str
) -> None:
    assert value in catalogue[name].get("enum", [value])


ENUMERATED = sorted(name for name, entry in KNOWN.items() if entry.kind.words)


def test_the_catalogue_lacks_what_it_is_known_to_lack(catalogue: dict[str, dict[str, Any]]) -> None:
    assert set(ENUMERATED) - set(catalogue) == UNTOLD


@pytest.mark.parametrize("name", [name for name in ENUMERATED if name not in UNTOLD])
def test_the_values_of_an_enumeration_are_the_catalogues(
    catalogue: dict[str, dict[str, Any]], name: str
) -> None:
    ours, theirs = set(KNOWN[name].kind.words), set(catalogue[name].get("enum", ()))
    if ours == set(BOOLEANS):
        # Of the words that Nova reads the catalogue names a pair, or calls it a boolean.
        assert theirs < ours
        assert theirs or catalogue[name]["type"] == "boolean"
    elif name in WITHOUT_VALUES:
        assert not theirs
    else:
        assert ours - theirs == OURS_ONLY.get(name, frozenset())
        assert theirs - ours == THEIRS_ONLY.get(name, frozenset())


def test_the_catalogue_does_not_tell_the_scsi_models(catalogue: dict[str, dict[str, Any]]) -> None:
    assert "enum" in catalogue["hw_disk_bus"]
    assert "enum" not in catalogue["hw_scsi_model"]
