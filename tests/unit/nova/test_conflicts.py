"""Conflicts with Nova, whichever rule says them: what holds for all, and some of every subject."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_choices import PAIRS, Pair

from builder.nova.conflicts import RULES, nova_conflicts
from builder.nova.properties import KNOWN, SIGNATURE

EXTRA_SPECS = ("hw:cpu_policy", "hw:cpu_realtime", "hw:cpu_dedicated_mask", "hw:numa_cpus.0")


@given(PAIRS)
def test_a_conflict_is_about_something_that_was_asked_for(pair: Pair) -> None:
    image, flavor = pair
    for conflict in nova_conflicts(image, flavor):
        assert conflict.name in {**image, **flavor}
        assert conflict.exception == "" or f"({conflict.exception})" in conflict.reason
        assert not conflict.reason.endswith(".")
        assert conflict.remedy.endswith(".")


@given(
    st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text()),
    st.dictionaries(st.sampled_from(EXTRA_SPECS), st.text()),
)
def test_no_text_is_too_strange_to_be_judged(image: dict[str, str], flavor: dict[str, str]) -> None:
    assert isinstance(nova_conflicts(image, {**flavor, "vcpus": "4", "ram": "2048"}), list)


def test_every_rule_is_asked_once() -> None:
    assert len(set(RULES)) == len(RULES)


OBJECTIONABLE: list[tuple[Mapping[str, str], Mapping[str, str], str]] = [
    ({"hw_disk_bus": "scsi"}, {}, "hw_disk_bus"),
    ({"hw_scsi_model": "virtio-scsi"}, {}, "hw_scsi_model"),
    ({"os_admin_user": "debian"}, {}, "os_admin_user"),
    ({"os_require_quiesce": "yes", "hw_qemu_guest_agent": "banana"}, {}, "os_require_quiesce"),
    ({"os_secure_boot": "required"}, {}, "os_secure_boot"),
    ({"os_secure_boot": "required", "hw_firmware_type": "bios"}, {}, "os_secure_boot"),
    ({"os_secure_boot": "required", "hw_firmware_type": "uefi"}, {}, "os_secure_boot"),
    (
        {"os_secure_boot": "required", "hw_firmware_type": "uefi", "hw_machine_type": "pc"},
        {},
        "os_secure_boot",
    ),
    ({"hw_tpm_model": "tpm-tis"}, {}, "hw_tpm_model"),
    ({"hw_tpm_model": "tpm-crb", "hw_tpm_version": "1.2"}, {}, "hw_tpm_model"),
    ({"hw_rng_model": "virtio"}, {"hw_rng:allowed": "False"}, "hw_rng_model"),
    ({"hw_cpu_policy": "dedicated"}, {"hw:cpu_policy": "shared"}, "hw_cpu_policy"),
    ({}, {"hw:cpu_thread_policy": "prefer"}, "hw:cpu_thread_policy"),
    ({"hw_cpu_thread_policy": "prefer"}, {}, "hw_cpu_thread_policy"),
    (
        {"hw_vif_multiqueue_enabled": "true"},
        {"hw:vif_multiqueue_enabled": "false"},
        "hw_vif_multiqueue_enabled",
    ),
    (
        {
            "hw_vif_multiqueue_enabled": "true",
            "hw_cpu_sockets": "1",
            "hw_cpu_cores": "1",
            "hw_cpu_threads": "1",
        },
        {},
        "hw_vif_multiqueue_enabled",
    ),
    ({"hw_watchdog_action": "reset"}, {"hw:watchdog_action": "pause"}, "hw:watchdog_action"),
    (
        {"hw_vif_multiqueue_enabled": "yes", "hw_vif_model": "e1000"},
        {},
        "hw_vif_multiqueue_enabled",
    ),
    (
        {"hw_virtio_packed_ring": "true"},
        {"hw:virtio_packed_ring": "false"},
        "hw_virtio_packed_ring",
    ),
    ({"hw_serial_port_count": "3"}, {"hw:serial_port_count": "2"}, "hw_serial_port_count"),
    ({"img_signature": "c2lnbmVk", "img_signature_hash_method": "SHA-256"}, {}, "img_signature"),
]


@pytest.mark.parametrize(("properties", "flavor", "name"), OBJECTIONABLE)
def test_nova_would_object(
    properties: Mapping[str, str], flavor: Mapping[str, str], name: str
) -> None:
    assert [conflict.name for conflict in nova_conflicts(properties, flavor)] == [name]


def test_nova_has_no_objection_to_what_fits_together() -> None:
    properties = {
        "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_qemu_guest_agent": "yes",
        "os_admin_user": "debian", "os_require_quiesce": "yes", "os_secure_boot": "required",
        "hw_firmware_type": "uefi", "hw_machine_type": "pc-q35-7.2",
        "hw_vif_multiqueue_enabled": "true", "hw_watchdog_action": "reset",
        "hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb", "hw_rng_model": "virtio",
        "hw_vif_model": "virtio", "hw_serial_port_count": "2", "hw_virtio_packed_ring": "true",
        **dict.fromkeys(SIGNATURE, "x"),
    }  # fmt: skip
    flavor = {
        "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "prefer",
        "hw:vif_multiqueue_enabled": "yes", "hw:watchdog_action": "reset",
        "hw_rng:allowed": "True", "hw:serial_port_count": "2", "hw:virtio_packed_ring": "yes",
    }  # fmt: skip
    assert nova_conflicts(properties, flavor) == []


def test_mixed_cpus_may_have_a_thread_policy() -> None:
    flavor = {"hw:cpu_policy": "mixed", "hw:cpu_thread_policy": "prefer"}
    flavor |= {"hw:cpu_dedicated_mask": "0"}
    assert nova_conflicts({}, flavor) == []
