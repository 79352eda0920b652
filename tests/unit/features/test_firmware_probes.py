"""The probes of what the firmware and the machine give: seen to pass, and to fail."""

from typing import Any

import pytest
from fake_guest import FakeGuest

from builder.feature import CheckFailed, Completed, Probe
from builder.features import rng, secure_boot, tpm, uefi

TIS, CRB = tpm.TpmParameters(), tpm.TpmParameters(model="tpm-crb")
RANDOM = "80010000001c0000000000100123456789abcdef0123456789abcdef"

Case = tuple[Probe[Any], Any, FakeGuest, str]

PASSING: list[Case] = [
    (uefi.guest_is_started_by_uefi, None, FakeGuest({"efi": "uefi 64\n"}), "UEFI of 64 bits"),
    (uefi.machine_is_q35, None, FakeGuest({"0000:00:00.0": "0x8086\n0x29c0\n"}), "a Q35"),
    (secure_boot.secure_boot_is_enforced, None, FakeGuest({"efivars": "   1\n   0\n"}), "is on"),
    (
        secure_boot.kernel_is_locked_down,
        None,
        FakeGuest({"lockdown": "none [integrity] confidentiality\n"}),
        "signed modules only",
    ),
    (
        rng.guest_reads_random_numbers,
        None,
        FakeGuest({"hwrng": "virtio_rng.0 4080\n"}),
        "4096 bytes from virtio_rng.0",
    ),
    (tpm.device_is_tpm_2, TIS, FakeGuest({"tpm0": "2 tpm_tis\n"}), "a TPM 2.0 on tpm_tis"),
    (tpm.device_is_tpm_2, CRB, FakeGuest({"tpm0": "2 tpm_crb\n"}), "a TPM 2.0 on tpm_crb"),
    (tpm.tpm_gives_random_numbers, TIS, FakeGuest({"tpmrm0": RANDOM}), "gave 16 bytes"),
]

FAILING: list[Case] = [
    (uefi.guest_is_started_by_uefi, None, FakeGuest({"efi": "bios\n"}), "was started by bios"),
    (uefi.guest_is_started_by_uefi, None, FakeGuest({"efi": "uefi 32\n"}), "by uefi 32"),
    (uefi.machine_is_q35, None, FakeGuest({"0000": "0x8086\n0x1237\n"}), "is 0x8086 0x1237"),
    (
        secure_boot.secure_boot_is_enforced,
        None,
        FakeGuest({"efivars": "   0\n   1\n"}),
        "SecureBoot and SetupMode are 0 and 1",
    ),
    (
        secure_boot.secure_boot_is_enforced,
        None,
        FakeGuest({"efivars": "none\nnone\n"}),
        "none and none",
    ),
    (
        secure_boot.kernel_is_locked_down,
        None,
        FakeGuest({"lockdown": "[none] integrity confidentiality\n"}),
        "not locked down",
    ),
    (
        rng.guest_reads_random_numbers,
        None,
        FakeGuest({"hwrng": "none 0 tpm-rng-0\n"}),
        "no random number generator of virtio's: it has tpm-rng-0",
    ),
    (
        rng.guest_reads_random_numbers,
        None,
        FakeGuest({"hwrng": "none 0 \n"}),
        "it has none at all",
    ),
    (
        rng.guest_reads_random_numbers,
        None,
        FakeGuest({"hwrng": "virtio_rng.0 0\n"}),
        "gave 0 bytes that are not zero",
    ),
    (tpm.device_is_tpm_2, TIS, FakeGuest({"tpm0": "none\n"}), "the guest has no TPM"),
    (tpm.device_is_tpm_2, TIS, FakeGuest({"tpm0": "1 tpm_tis\n"}), "version 1 on tpm_tis, not 2"),
    (tpm.device_is_tpm_2, CRB, FakeGuest({"tpm0": "2 tpm_tis\n"}), "not 2 on tpm_crb"),
    (
        tpm.tpm_gives_random_numbers,
        TIS,
        FakeGuest({"tpmrm0": "80010000000a00000100"}),
        "answered TPM2_GetRandom with 80010000000a00000100",
    ),
    (tpm.tpm_gives_random_numbers, TIS, FakeGuest({"tpmrm0": ""}), "with nothing"),
    (
        tpm.tpm_gives_random_numbers,
        TIS,
        FakeGuest({"tpmrm0": Completed(2, "", "cannot open /dev/tpmrm0: No such file\n")}),
        "cannot open /dev/tpmrm0",
    ),
]


def name(case: Any) -> str | None:
    return case.name if isinstance(case, Probe) else None


@pytest.mark.parametrize(("probe", "parameters", "guest", "seen"), PASSING, ids=name)
def test_a_probe_of_the_machine_passes_and_says_what_it_saw(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, seen: str
) -> None:
    assert seen in probe.function(guest, parameters)


@pytest.mark.parametrize(("probe", "parameters", "guest", "reason"), FAILING, ids=name)
def test_a_probe_of_the_machine_fails_and_names_the_cause(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, reason: str
) -> None:
    with pytest.raises(CheckFailed) as failure:
        probe.function(guest, parameters)
    assert reason in str(failure.value)


def test_every_probe_of_the_machine_is_seen_to_pass_and_to_fail() -> None:
    shipped = {probe for module in (rng, secure_boot, tpm, uefi) for probe in module.FEATURE.probes}
    assert {case[0] for case in PASSING} == shipped
    assert {case[0] for case in FAILING} == shipped
