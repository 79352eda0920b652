"""The vocabulary of image properties."""

import ast
from pathlib import Path

import pytest

from builder.nova import rules
from builder.nova.properties import KNOWN, complaints, known_property, restricts


@pytest.mark.parametrize("name", KNOWN)
def test_a_property_says_what_it_means_in_sentences(name: str) -> None:
    meaning = KNOWN[name].meaning
    assert meaning[0].isupper() or meaning.startswith(("iSCSI", "virtio", "libvirt"))
    assert meaning.endswith(".")
    assert "  " not in meaning


@pytest.mark.parametrize("name", [name for name, entry in KNOWN.items() if entry.newer])
def test_a_newer_value_is_one_and_is_newer(name: str) -> None:
    entry = KNOWN[name]
    assert entry.since is not None
    for value, release in entry.newer.items():
        assert value in entry.kind.words
        assert release > entry.since


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


ON_ANY_HOST = {
    "architecture", "hw_architecture", "hw_boot_menu", "hw_cdrom_bus", "hw_disk_bus",
    "hw_qemu_guest_agent", "hw_redirected_usb_ports", "hw_rng_model", "hw_scsi_model",
    "hw_video_model", "hw_vif_model", "hw_vif_multiqueue_enabled", "hw_watchdog_action",
    "os_admin_user", "os_require_quiesce",
}  # fmt: skip
"""What a rule of Nova's names, and any host with QEMU gives where no flavor contradicts it."""


def test_what_binds_a_guest_to_its_host_is_told_from_the_rest() -> None:
    """A property that a new rule names has to be judged: it restricts, or stands above."""
    nova = Path(rules.__file__).parent.parent
    named = {
        node.value
        for path in (*nova.glob("rules/*.py"), nova / "traits.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and known_property(node.value)
    }
    assert {name for name in named if not restricts(name)} == ON_ANY_HOST
    assert {name for name in named if restricts(name)} >= {"hw_mem_encryption", "hw_numa_nodes"}


@pytest.mark.parametrize("name", ["hw_numa_cpus.3", "trait:HW_CPU_X86_VMX", "hw_cpu_max_threads"])
def test_also_what_many_names_stand_for_restricts(name: str) -> None:
    assert restricts(name)


def test_a_property_that_is_not_known_restricts_nothing() -> None:
    assert not restricts("hw_cpu_colour")
