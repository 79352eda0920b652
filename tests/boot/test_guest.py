"""A built image in a real guest: every probe passes, and fails on a machine that lacks something.

``built_image`` (tests/conftest.py) builds an image of a profile once in a test run, or takes one
that is already there, and returns its path.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from builder.distribution import DISTRIBUTIONS
from builder.errors import InterruptedByUser
from builder.feature import CheckFailed, Feature, Firmware, Guest, Machine
from builder.features import (
    discard,
    foundation,
    guest_agent,
    multiqueue,
    virtio_scsi,
    watchdog,
)
from builder.vm import booted

pytestmark = pytest.mark.boot

DEBIAN = DISTRIBUTIONS["debian-12"]
FULL = Machine(disk_bus="scsi", guest_agent=True, watchdog="reset", multiqueue=True)
FEATURES = (foundation, virtio_scsi, discard, guest_agent, multiqueue, watchdog)

BuiltImage = Callable[[str], Path]


def outcomes(guest: Guest, feature: Feature) -> dict[str, str]:  # type: ignore[type-arg]
    """What each probe of the feature says, failures by their reason."""
    parameters = feature.parameters(**feature.defaults(DEBIAN))
    said = {}
    for probe in feature.probes:
        try:
            said[probe.name] = probe.function(guest, parameters)
        except CheckFailed as failure:
            said[probe.name] = f"FAILED: {failure}"
    return said


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_an_image_passes_every_probe_and_is_not_written(
    built_image: BuiltImage, tmp_path: Path, firmware: Firmware
) -> None:
    image = built_image("pinned-scsi")
    before = hashlib.sha256(image.read_bytes()).hexdigest()
    machine = replace(FULL, firmware=firmware)
    with booted(image, "qcow2", machine, tmp_path / "work", admin_user="debian") as guest:
        said = {
            name: text
            for module in FEATURES
            for name, text in outcomes(guest, module.FEATURE).items()
        }
    assert {name: text for name, text in said.items() if text.startswith("FAILED")} == {}
    assert hashlib.sha256(image.read_bytes()).hexdigest() == before


def test_probes_fail_on_a_machine_without_the_hardware(
    built_image: BuiltImage, tmp_path: Path
) -> None:
    image = built_image("pinned-scsi")
    with booted(image, "qcow2", Machine(), tmp_path / "work", admin_user="debian") as guest:
        guest.run("systemctl", "mask", "--now", "irqbalance.service", "fstrim.timer")
        guest.run("sh", "-c", "echo 'Oops: 0000 [#1] on purpose' >/dev/kmsg")
        guest.run("systemd-run", "--unit=broken", "false")
        said = {
            name: text
            for module in FEATURES
            for name, text in outcomes(guest, module.FEATURE).items()
        }
        with pytest.raises(TimeoutError, match="'sleep 60' was still running in the guest"):
            guest.run("sleep", "60", timeout=1)
    failed = {name: text for name, text in said.items() if text.startswith("FAILED")}
    assert "root is /dev/vda (driver virtio_blk)" in failed.pop("root-is-on-virtio-scsi")
    assert "fstrim.timer is" in failed.pop("timer-is-active")
    assert "no guest agent channel" in failed.pop("agent-answers")
    assert "no guest agent channel" in failed.pop("agent-sets-password")
    assert "no guest agent channel" in failed.pop("agent-freezes-file-systems")
    assert "irqbalance.service is" in failed.pop("irqbalance-is-active")
    assert "uses 1 receive" in failed.pop("queues-equal-vcpus")
    assert "no watchdog device" in failed.pop("device-is-i6300esb")
    assert "nothing feeds the watchdog" in failed.pop("daemon-holds-device")
    assert "broken.service" in failed.pop("no-unit-has-failed")
    assert "kernel oops: " in failed.pop("kernel-reports-no-failure")
    assert failed == {}


def test_a_guest_that_is_cancelled_ends_in_the_middle_of_a_command(
    built_image: BuiltImage, tmp_path: Path
) -> None:
    image, cancelled = built_image("pinned-scsi"), threading.Event()

    def sleep_in_guest() -> None:
        workdir = tmp_path / "work"
        with booted(
            image, "qcow2", FULL, workdir, admin_user="debian", cancelled=cancelled
        ) as guest:
            threading.Timer(1, cancelled.set).start()
            guest.run("sleep", "60")

    with pytest.raises(InterruptedByUser):
        sleep_in_guest()
