"""Devices, firmware, TPM, disks and what goes through the agent: refused or passed over."""

import pytest
from nova_verdicts import Case, tells_apart, verdict

from builder.nova.conflicts import nova_conflicts

UEFI = {"hw_firmware_type": "uefi"}
SECURE = {**UEFI, "hw_machine_type": "q35", "os_secure_boot": "required"}
TPM = {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}
ENCRYPTED = {"hw_ephemeral_encryption": "yes", "hw_ephemeral_encryption_format": "luks"}

CASES = [
    Case(
        image={"hw_disk_bus": "scsi"}, says="hw_disk_bus",
        right_image={"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"},
    ),
    Case(
        image={"hw_scsi_model": "virtio-scsi", "hw_disk_bus": "virtio"}, says="hw_scsi_model",
        right_image={"hw_disk_bus": "virtio"},
    ),
    Case(
        image=ENCRYPTED, flavor={"hw:ephemeral_encryption": "no"},
        says="hw_ephemeral_encryption FlavorImageConflict",
        right_image=ENCRYPTED, right_flavor={"hw:ephemeral_encryption": "true"},
    ),
    Case(
        image=ENCRYPTED, flavor={"hw:ephemeral_encryption_format": "plain"},
        says="hw_ephemeral_encryption_format FlavorImageConflict",
        right_image=ENCRYPTED, right_flavor={"hw:ephemeral_encryption_format": "luks"},
    ),
    Case(
        image={"hw_ephemeral_encryption_format": "luks"}, says="hw_ephemeral_encryption_format",
        right_image=ENCRYPTED,
    ),
    Case(
        image={"os_admin_user": "debian"}, says="os_admin_user",
        right_image={"os_admin_user": "debian", "hw_qemu_guest_agent": "yes"},
    ),
    Case(
        image={"os_require_quiesce": "yes"}, says="os_require_quiesce",
        right_image={"os_require_quiesce": "no"},
    ),
    Case(
        image={"img_signature": "c2lnbmVk"}, says="img_signature SignatureVerificationError",
    ),
    Case(
        image=SECURE, flavor={"os:secure_boot": "disabled"},
        says="os_secure_boot FlavorImageConflict",
        right_image=SECURE, right_flavor={"os:secure_boot": "required"},
    ),
    Case(
        image={"os_secure_boot": "required"}, says="os_secure_boot",
        right_image={"os_secure_boot": "required", "architecture": "aarch64"},
    ),
    Case(
        flavor={"os:secure_boot": "required"}, says="os:secure_boot",
        right_image=SECURE, right_flavor={"os:secure_boot": "required"},
    ),
    Case(
        image=UEFI, flavor={"os:secure_boot": "required"},
        says="os:secure_boot SecureBootNotSupported",
        right_image=UEFI, right_flavor={"os:secure_boot": "disabled"},
    ),
    Case(
        image={"hw_firmware_stateless": "yes"}, says="hw_firmware_stateless",
        right_image={**UEFI, "hw_firmware_stateless": "yes"},
    ),
    Case(
        image={"hw_tpm_version": "2.0"}, flavor={"hw:tpm_version": "1.2"},
        says="hw_tpm_version FlavorImageConflict",
        right_image=TPM, right_flavor={"hw:tpm_version": "2.0"},
    ),
    Case(
        image=TPM, flavor={"hw:tpm_model": "tpm-tis"}, says="hw_tpm_model FlavorImageConflict",
        right_image=TPM, right_flavor={"hw:tpm_model": "tpm-crb"},
    ),
    Case(
        image={"hw_tpm_model": "tpm-tis"}, says="hw_tpm_model",
        right_image={"hw_tpm_model": "tpm-tis"}, right_flavor={"hw:tpm_version": "1.2"},
    ),
    Case(
        flavor={"hw:tpm_model": "tpm-tis"}, says="hw:tpm_model",
        right_image={"hw_tpm_version": "2.0"}, right_flavor={"hw:tpm_model": "tpm-tis"},
    ),
    Case(
        image={"hw_tpm_version": "1.2"}, flavor={"hw:tpm_model": "tpm-crb"},
        says="hw:tpm_model Invalid",
        right_image={"hw_tpm_version": "2.0"}, right_flavor={"hw:tpm_model": "tpm-crb"},
    ),
    Case(
        image={"hw_rng_model": "virtio"}, flavor={"hw_rng:allowed": "False"}, says="hw_rng_model",
        right_image={"hw_rng_model": "virtio"}, right_flavor={"hw_rng:allowed": "True"},
    ),
    Case(
        image={"hw_watchdog_action": "reset"}, flavor={"hw:watchdog_action": "pause"},
        says="hw:watchdog_action",
        right_image={"hw_watchdog_action": "pause"}, right_flavor={"hw:watchdog_action": "pause"},
    ),
    Case(
        image={"hw_boot_menu": "no"}, flavor={"hw:boot_menu": "yes"}, says="hw:boot_menu",
        right_image={"hw_boot_menu": "true"}, right_flavor={"hw:boot_menu": "yes"},
    ),
    Case(
        image={"hw_video_ram": "16"}, says="hw_video_ram RequestedVRamTooHigh",
        right_image={"hw_video_ram": "16"}, right_flavor={"hw_video:ram_max_mb": "16"},
    ),
    Case(
        image={"hw_serial_port_count": "3"}, flavor={"hw:serial_port_count": "2"},
        says="hw_serial_port_count ImageSerialPortNumberExceedFlavorValue",
        right_image={"hw_serial_port_count": "3"}, right_flavor={"hw:serial_port_count": "0"},
    ),
    Case(
        flavor={"hw:serial_port_count": "4"},
        says="hw:serial_port_count SerialPortNumberLimitExceeded",
        right_image={"hw_serial_port_count": "2"}, right_flavor={"hw:serial_port_count": "4"},
    ),
    Case(
        image={"hw_viommu_model": "auto"}, says="hw_viommu_model InvalidVIOMMUMachineType",
        right_image={"hw_viommu_model": "auto", "hw_machine_type": "q35"},
    ),
    Case(
        flavor={"hw:viommu_model": "auto"}, says="hw:viommu_model InvalidVIOMMUMachineType",
        right_image={"architecture": "aarch64"}, right_flavor={"hw:viommu_model": "auto"},
    ),
    Case(
        image={"hw_viommu_model": "auto", "hw_emulation_architecture": "s390x"},
        says="hw_viommu_model InvalidVIOMMUArchitecture",
        right_image={"hw_emulation_architecture": "s390x"},
    ),
    Case(
        image={"hw_viommu_model": "intel", "hw_machine_type": "q35"},
        flavor={"hw:viommu_model": "virtio"}, says="hw_viommu_model",
        right_image={"hw_machine_type": "q35"}, right_flavor={"hw:viommu_model": "virtio"},
    ),
    Case(
        image={"hw_sound_model": "ich9"}, flavor={"hw:sound_model": "virtio"},
        says="hw_sound_model FlavorImageConflict",
        right_image={"hw_sound_model": "ich9"}, right_flavor={"hw:sound_model": "ich9"},
    ),
    Case(
        image={"hw_usb_model": "none"}, flavor={"hw:usb_model": "qemu-xhci"},
        says="hw_usb_model FlavorImageConflict",
        right_image={"hw_usb_model": "none"}, right_flavor={"hw:usb_model": "none"},
    ),
    Case(
        image={"hw_redirected_usb_ports": "2"}, flavor={"hw:redirected_usb_ports": "2"},
        says="hw_redirected_usb_ports FlavorImageConflict",
        right_image={"hw_redirected_usb_ports": "2"},
    ),
    Case(
        image={"hw_vif_model": "vmxnet"}, says="hw_vif_model UnsupportedHardware",
        right_image={"hw_vif_model": "vmxnet3"},
    ),
    Case(
        image={"hw_virtio_packed_ring": "yes"}, flavor={"hw:virtio_packed_ring": "banana"},
        says="hw_virtio_packed_ring FlavorImageConflict",
        right_image={"hw_virtio_packed_ring": "yes"}, right_flavor={"hw:virtio_packed_ring": "1"},
    ),
    Case(
        image={"hw_vif_multiqueue_enabled": "no"},
        flavor={"hw:vif_multiqueue_enabled": "yes", "vcpus": "2"},
        says="hw_vif_multiqueue_enabled FlavorImageConflict",
        right_image={"hw_vif_multiqueue_enabled": "no"},
        right_flavor={"hw:vif_multiqueue_enabled": "yes", "vcpus": "1"},
    ),
    Case(
        image={"hw_vif_multiqueue_enabled": "yes", "hw_vif_model": "e1000"},
        says="hw_vif_multiqueue_enabled",
        right_image={"hw_vif_multiqueue_enabled": "no", "hw_vif_model": "e1000"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_wrong_request_is_told_from_a_right_one(case: Case) -> None:
    assert tells_apart(case)


def test_a_guest_with_one_vcpu_has_one_queue() -> None:
    one_vcpu = dict.fromkeys(("hw_cpu_sockets", "hw_cpu_cores", "hw_cpu_threads"), "1")
    image = {**one_vcpu, "hw_vif_multiqueue_enabled": "yes"}
    assert verdict(image, {}) == ["hw_vif_multiqueue_enabled"]
    assert verdict({**image, "hw_cpu_cores": "2"}, {}) == []


def test_what_is_refused_names_novas_exception() -> None:
    (conflict,) = nova_conflicts({"hw_video_ram": "16"}, {})
    assert conflict.reason == "the flavor allows 0 MiB (RequestedVRamTooHigh)"
