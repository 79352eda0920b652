"""A small image: what is left out, what must stay, and where it is refused."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from fakes import Link
from firmware_disk import RELEASE
from good_disk import FILTERS, GOOD, MODULES_DEP, NO_KERNEL, OTHER, second_kernel
from pydantic import ValidationError

from builder.distribution import DISTRIBUTIONS
from builder.feature import Completed, Surroundings
from builder.features import minimal
from builder.features.minimal import MinimalParameters

MODULE = f"/usr/lib/modules/{RELEASE}/kernel/sound/core/snd.ko"
PROBE = "guest-image-probe"
KEPT = (
    f"/usr/share/doc/{PROBE}/copyright\n/usr/share/locale/{PROBE}.alias\n"
    f"/lib/modules/{PROBE}/kernel/drivers/scsi/virtio_scsi.ko\n"
)


def test_at_least_one_part_is_left_out() -> None:
    with pytest.raises(ValidationError):
        MinimalParameters(without=())


def test_the_element_is_told_the_parts() -> None:
    asked = MinimalParameters(without=("translations", "documentation"))
    assert minimal.FEATURE.environment(asked) == {
        "DIB_MINIMAL_WITHOUT": "translations documentation"
    }


@pytest.mark.parametrize(
    ("distribution", "refused"), [("debian-12", False), ("ubuntu-24.04", False), ("rocky-9", True)]
)
def test_it_is_for_packages_of_dpkg(distribution: str, *, refused: bool) -> None:
    around = Surroundings(distribution=DISTRIBUTIONS[distribution], flavor={}, complete=True)
    found = [conflict.reason for conflict in minimal.conflicts(MinimalParameters(), around)]
    assert found == ["needs dpkg, and the packages of rocky-9 are not its"] * refused


def disks() -> Iterator[Case]:
    yield from good_disks(minimal.FEATURE.inspections)
    check = minimal.disk_is_without
    for path, part in {
        "/usr/share/doc/bash/README.gz": "documentation",
        "/usr/share/man/man1/bash.1.gz": "documentation",
        "/usr/share/locale/de/LC_MESSAGES/bash.mo": "translations",
        MODULE: "hardware-drivers",
    }.items():
        yield broken_disk(check, f"{part} in {path}", {path: b""}, f"there are {part}: ")
    link = {"/usr/share/doc/python3.11/changelog.gz": Link("NEWS.gz")}
    yield good_disk(check, "a link is there", link, "without documentation")
    yield good_disk(
        check, "it was not asked for", {MODULE: b""}, "without documentation",
        without=("documentation",),
    )  # fmt: skip
    check = minimal.dpkg_leaves_out
    yield broken_disk(check, "no filters", {FILTERS: None}, "dpkg would unpack /usr/share/doc/")
    everything = {f"{FILTERS}-2": "path-exclude=*"}
    yield broken_disk(
        check, "licences are left out", everything, f"dpkg would leave /usr/share/doc/{PROBE}/copy"
    )
    again = {f"{FILTERS}-2": "path-include=/usr/share/locale/de/*"}
    yield good_disk(check, "one language is taken", again, "dpkg has 8 patterns")
    check = minimal.copyrights_are_there
    lacking = {"/usr/share/doc/zlib1g/changelog.gz": b""}
    yield broken_disk(check, "one is gone", lacking, "no copyright file for zlib1g")
    gone = {"/usr/share/doc/bash/copyright": None, "/usr/share/doc/libssl3": None}
    yield broken_disk(check, "all are gone", gone, "no copyright file for any package")
    check = minimal.kernels_have_drivers
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    without_igb = str(GOOD[MODULES_DEP]).replace("kernel/igb.ko:\n", "")
    yield broken_disk(
        check, "a driver is gone", {MODULES_DEP: without_igb}, f"kernel {RELEASE} has no igb: left"
    )
    yield broken_disk(
        check, "gone from one kernel", second_kernel(OTHER, dep=""), f"kernel {OTHER} has no "
    )


def guests() -> Iterator[Case]:
    probe = minimal.installed_package_comes_without
    yield right_guest(probe, FakeGuest({PROBE: KEPT}), "of 13 files of a package 3 came")
    brought = f"{KEPT}/usr/share/man/{PROBE}/{PROBE}\n"
    yield wrong_guest(probe, FakeGuest({PROBE: brought}), "has brought /usr/share/man/")
    lost = KEPT.partition("\n")[2]
    yield wrong_guest(
        probe, FakeGuest({PROBE: lost}), f"has not brought /usr/share/doc/{PROBE}/copyright"
    )
    probe = minimal.drivers_load
    yield right_guest(probe, FakeGuest({"modprobe": ""}), "drivers are loaded, or built in")
    refused = Completed(1, "", "modprobe: FATAL: Module igb not found\n")
    yield wrong_guest(probe, FakeGuest({"modprobe": refused}), "Module igb not found")


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_check(case: Case) -> None:
    assert case.expected in case.message()


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ("documentation", {"copyrights-are-there"}),
        ("translations", set()),
        ("hardware-drivers", {"kernels-have-drivers", "drivers-load"}),
    ],
)
def test_what_a_part_needs_is_checked_with_it_alone(part: minimal.Part, left: set[str]) -> None:
    parameters = MinimalParameters(without=(part,))
    checks = (*minimal.FEATURE.inspections, *minimal.FEATURE.probes)
    chosen = {check.name for check in checks if check.applies(parameters)}
    always = {"disk-is-without", "dpkg-leaves-out", "installed-package-comes-without"}
    assert chosen == always | left
