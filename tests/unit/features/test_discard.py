"""Blocks that are no longer used go back to the storage."""

from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from good_disk import FSTAB, FSTRIM, masked
from unit_states import ACTIVE, NOT_FOUND

from builder.features import discard

MIB, GIB = 1024**2, 1024**3


class Storage(FakeGuest):
    """A guest whose storage allocates what is written, and takes back what the host lets it."""

    def __init__(self, *, allocated: int = 256 * MIB, returned: int = 256 * MIB) -> None:
        self.sizes = iter((GIB, GIB + allocated, GIB + allocated - returned))
        super().__init__({"fstrim": "", "dd if": ""}, qmp={"query-named-block-nodes": self.nodes})

    def nodes(self, **_: Any) -> list[dict[str, Any]]:
        other = {"node-name": "config", "image": {"actual-size": 1}}
        return [other, {"node-name": "root", "image": {"actual-size": next(self.sizes)}}]


def disks() -> Iterator[Case]:
    yield from good_disks(discard.FEATURE.inspections)
    check = discard.timer_is_enabled
    yield broken_disk(check, "disabled", {FSTRIM: None}, "fstrim.timer is disabled")
    yield broken_disk(check, "masked", masked("fstrim.timer"), "fstrim.timer is masked")
    check = discard.mount_option_is_as_asked
    fstab = {FSTAB: "LABEL=cloudimg-rootfs / ext4 defaults,discard 0 1\n"}
    yield good_disk(check, "asked for", fstab, "defaults,discard", mount_option=True)
    yield broken_disk(check, "not there", {}, "the profile asks for discard", mount_option=True)
    yield broken_disk(check, "not asked for", fstab, "the profile does not ask for discard")
    yield broken_disk(
        check, "no root", {FSTAB: "# nothing\n"}, "/etc/fstab has no line for the root"
    )


def guests() -> Iterator[Case]:
    probe = discard.timer_is_active
    yield right_guest(probe, FakeGuest({"systemctl show": ACTIVE}), "fstrim.timer is active")
    yield wrong_guest(
        probe,
        FakeGuest({"systemctl show": NOT_FOUND}),
        "no unit fstrim.timer",
    )
    probe = discard.deleted_blocks_are_given_back
    yield right_guest(probe, Storage(), "256 of 256 MiB")
    yield wrong_guest(
        probe,
        Storage(returned=0),
        "of 256 MiB that a deleted file had taken, fstrim gave 0 MiB back",
    )
    yield wrong_guest(probe, Storage(allocated=MIB), "allocated 1 MiB for a file of 256 MiB")


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
