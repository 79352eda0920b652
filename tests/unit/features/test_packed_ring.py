"""The rings of virtio NICs."""

from collections.abc import Iterator

import pytest
from check_cases import Case, right_guest, wrong_guest
from fake_guest import FakeGuest

from builder.features import packed_ring


def guests() -> Iterator[Case]:
    probe = packed_ring.nics_use_packed_rings
    yield right_guest(
        probe,
        FakeGuest({"virtio_net": "ens4 1\nens3 1\n"}),
        "the rings of ens3 and ens4 are packed",
    )
    yield wrong_guest(
        probe, FakeGuest({"virtio_net": "ens3 1\nens4 0\n"}), "the rings of ens4 are split"
    )
    yield wrong_guest(probe, FakeGuest({"virtio_net": "\n"}), "no virtio NIC")


@pytest.mark.parametrize("case", [*guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
