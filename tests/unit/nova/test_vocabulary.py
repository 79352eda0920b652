"""The vocabulary of image properties."""

import pytest

from builder.nova.properties import KNOWN, complaints, known_property, restricts


@pytest.mark.parametrize("name", KNOWN)
def test_a_property_says_what_it_means_in_sentences(name: str) -> None:
    meaning = KNOWN[name].meaning
    assert meaning[0].isupper() or meaning.startswith(("iSCSI", "virtio", "libvirt"))
    assert meaning.endswith(".")
    assert "  " not in meaning


@pytest.mark.parametrize("name", [name for name, known in KNOWN.items() if known.newer])
def test_a_newer_value_is_one_and_is_newer(name: str) -> None:
    known = KNOWN[name]
    assert known.since is not None
    for value, release in known.newer.items():
        assert value in known.kind.words
        assert release > known.since


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("hw_numa_cpus.0", "0-3,^1", "3-1"),
        ("hw_numa_cpus.12", "7", ""),
        ("hw_numa_mem.1", "2048", "2G"),
        ("hw_cpu_realtime_mask", "^0", "all"),
        ("hw_redirected_usb_ports", "15", "16"),
        ("hw_mem_encryption_model", "amd-sev-es", "sev"),
        ("hw_sound_model", "virtio", "hda"),
        ("hw_usb_model", "qemu-xhci", "ehci"),
        ("hw_locked_memory", "yes", "maybe"),
        ("hw_maxphysaddr_mode", "emulate", "host"),
        ("hw_maxphysaddr_bits", "48", "0"),
        ("hw_pci_numa_affinity_policy", "socket", "near"),
        ("hw_ephemeral_encryption_format", "luks", "luks3"),
        ("hw_emulation_architecture", "aarch64", "arm"),
        ("img_hv_requested_version", ">=6.0,<8.0", "6"),
        ("img_root_device_name", "/dev/vda", "vda"),
        ("block_device_mapping", '[{"boot_index": 0}]', "{}"),
        ("mappings", "[]", "[1"),
    ],
)
def test_what_nova_came_to_read_is_known(name: str, value: str, wrong: str) -> None:
    assert known_property(name) is not None
    assert complaints({name: value}) == []
    assert len(complaints({name: wrong})) == 1


@pytest.mark.parametrize(
    "name", ["hw_numa_cpus.N", "hw_numa_cpus", "hw_numa_cpus.01", "trait:lower"]
)
def test_a_name_that_stands_for_many_is_none_itself(name: str) -> None:
    assert known_property(name) is None


def test_a_mistyped_name_is_guessed() -> None:
    (text,) = complaints({"hw_memory_encryption_model": "amd-sev"})
    assert "Did you mean 'hw_mem_encryption_model'?" in text


def test_what_binds_a_guest_to_its_host_is_told_from_the_rest() -> None:
    assert restricts("hw_mem_encryption")
    assert restricts("hw_numa_nodes")
    assert not restricts("hw_disk_bus")
