"""The other ways to make an image that do not count as unproven: built, one guest of each booted.

What a guest does under load and after a restart is shown by ``pinned-scsi``, whose features and
elements they share.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.distribution import DISTRIBUTIONS
from builder.feature import Outcome
from builder.features.registry import shipped
from builder.plan.model import Plan
from builder.profile.load import load, shipped_profiles
from builder.proof.checks import checks_of, record
from builder.proof.inspection import inspect
from builder.store import manifest
from builder.terminal.progress import Progress
from builder.vm.guest import RunningGuest
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

Built = Callable[[str], Path]

PROFILES = ("debian-12-dracut", "debian-13-pinned-scsi")
WHOLE = ("debian-13-dracut", "debian-12-minimal")
"""These are booted by "make test-all" alone."""

ESSENTIAL = (
    "foundation/firmware-is-as-asked",
    "foundation/release-is-as-claimed",
    "foundation/default-user-logs-in",
    "foundation/nic-has-dhcp-address",
    "foundation/cloud-init-finishes",
    "foundation/root-has-grown",
    "virtio-scsi/root-is-on-virtio-scsi",
    "guest-agent/agent-answers",
    "multiqueue/queues-equal-vcpus",
    "watchdog/device-is-i6300esb",
    "watchdog/daemon-holds-device",
    "foundation/no-unit-has-failed",
    "foundation/kernel-reports-no-failure",
)


def test_every_way_to_make_an_image_that_is_not_unproven_is_built_and_booted_here() -> None:
    """``pinned-scsi`` stands for debian-12 with its own generator of initrds."""
    ways = {
        (distribution.name, initramfs)
        for distribution in DISTRIBUTIONS.values()
        for initramfs in distribution.initramfs_choices
        if not distribution.untested_reason
    }
    tested = [load(name, shipped()).distribution for name in (*PROFILES, *WHOLE, "pinned-scsi")]
    assert {(distribution.name, distribution.initramfs) for distribution in tested} == ways
    assert {*PROFILES, *WHOLE} < set(shipped_profiles())


@pytest.fixture(
    scope="module",
    params=[*PROFILES, *(pytest.param(name, marks=pytest.mark.whole) for name in WHOLE)],
)
def build(request: pytest.FixtureRequest, built: Built) -> Path:
    return built(request.param)


@pytest.fixture(scope="module")
def plan(build: Path) -> Plan:
    return manifest.read(build).planned()


@pytest.fixture(scope="module")
def guest(
    build: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuest]:
    workdir = tmp_path_factory.mktemp("guest") / "work"
    with booted(
        build / "image.qcow2", "qcow2", plan.boots[0].machine, workdir, admin_user="debian"
    ) as running:
        yield running


def test_its_disk_has_what_it_claims(build: Path, plan: Plan) -> None:
    checks = checks_of(plan, shipped())
    with Progress() as progress:
        evidence = inspect(
            build / "image.qcow2",
            "qcow2",
            [checks[check.id] for check in plan.inspections],
            "",
            progress,
        )
    assert {
        result.check: result.seen for result in evidence if result.outcome is not Outcome.PASSED
    } == {}
    seen = {result.check: result.seen for result in evidence}
    initramfs = plan.distribution.initramfs
    assert seen["foundation/initrd-is-renewed"].startswith(f"{initramfs} makes the initrd")


def test_its_guest_comes_up_and_does_what_is_essential(guest: RunningGuest, plan: Plan) -> None:
    checks = checks_of(plan, shipped())
    evidence = [record(checks[name], guest, image_sha256="") for name in ESSENTIAL]
    assert {
        result.check: result.seen for result in evidence if result.outcome is not Outcome.PASSED
    } == {}


def test_its_initrd_was_made_as_the_profile_says(guest: RunningGuest, plan: Plan) -> None:
    """In dracut's a systemd runs, which tells the guest's when it was started."""
    started = guest.run("systemctl", "show", "--property=InitRDTimestampMonotonic", "--value")
    assert (started.stdout.strip() != "0") == (plan.distribution.initramfs == "dracut")
