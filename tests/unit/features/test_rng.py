"""Random numbers from the host."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from firmware_disk import RELEASE, without_driver

from builder.features import rng


def disks() -> Iterator[Case]:
    yield from good_disks(rng.FEATURE.inspections)
    check = rng.kernels_have_virtio_rng
    yield broken_disk(
        check,
        "no driver",
        without_driver("virtio_rng"),
        f"kernel {RELEASE} has no virtio_rng: it is built without",
    )


def guests() -> Iterator[Case]:
    probe = rng.guest_reads_random_numbers
    yield right_guest(
        probe, FakeGuest({"hwrng": "virtio_rng.0 4080\n"}), "4096 bytes from virtio_rng.0"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"hwrng": "none 0 tpm-rng-0\n"}),
        "no random number generator of virtio's: it has tpm-rng-0",
    )
    yield wrong_guest(probe, FakeGuest({"hwrng": "none 0 \n"}), "it has none at all")
    yield wrong_guest(
        probe, FakeGuest({"hwrng": "virtio_rng.0 0\n"}), "gave 0 bytes that are not zero"
    )


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
