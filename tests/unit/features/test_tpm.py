"""A TPM 2.0 behind the interface that was asked for."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from firmware_disk import RELEASE, without_driver

from builder.feature import Completed
from builder.features import tpm

RANDOM = "80010000001c0000000000100123456789abcdef0123456789abcdef"


def disks() -> Iterator[Case]:
    yield from good_disks(tpm.FEATURE.inspections)
    check = tpm.kernels_have_tpm_driver
    yield broken_disk(
        check,
        "no driver",
        without_driver("tpm_tis"),
        f"kernel {RELEASE} has no tpm_tis: it is built without",
    )
    yield broken_disk(
        check, "none of CRB", without_driver("tpm_crb"), "has no tpm_crb", model="tpm-crb"
    )


def guests() -> Iterator[Case]:
    probe = tpm.device_is_tpm_2
    yield right_guest(probe, FakeGuest({"tpm0": "2 tpm_tis\n"}), "a TPM 2.0 on tpm_tis")
    yield right_guest(
        probe, FakeGuest({"tpm0": "2 tpm_crb\n"}), "a TPM 2.0 on tpm_crb", model="tpm-crb"
    )
    yield wrong_guest(probe, FakeGuest({"tpm0": "none\n"}), "the guest has no TPM")
    yield wrong_guest(probe, FakeGuest({"tpm0": "1 tpm_tis\n"}), "version 1 on tpm_tis, not 2")
    yield wrong_guest(
        probe, FakeGuest({"tpm0": "2 tpm_tis\n"}), "not 2 on tpm_crb", model="tpm-crb"
    )
    probe = tpm.tpm_gives_random_numbers
    yield right_guest(probe, FakeGuest({"tpmrm0": RANDOM}), "gave 16 bytes")
    yield wrong_guest(
        probe,
        FakeGuest({"tpmrm0": "80010000000a00000100"}),
        "answered TPM2_GetRandom with 80010000000a00000100",
    )
    yield wrong_guest(probe, FakeGuest({"tpmrm0": ""}), "with nothing")
    yield wrong_guest(
        probe,
        FakeGuest({"tpmrm0": Completed(2, "", "cannot open /dev/tpmrm0: No such file\n")}),
        "cannot open /dev/tpmrm0",
    )


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
