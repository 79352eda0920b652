"""Built images in real guests: a sound one is proven, and broken ones fail for their defects."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from broken import Broken

from builder.errors import BuilderError, InterruptedByUser
from builder.feature import CheckFailed, Outcome
from builder.features import packed_ring, serial_ports, watchdog
from builder.features.registry import shipped
from builder.host.files import sha256_of
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.proof.checks import checks_of, record
from builder.store import manifest
from builder.store.verdict import Expected, expected
from builder.vm.guest import Control, RunningGuest
from builder.vm.launch import BOOT_LIMIT, booted

pytestmark = pytest.mark.boot

Built = Callable[[str], Path]


@pytest.fixture(scope="module")
def plan(built: Built) -> Plan:
    return manifest.read(built("pinned-scsi")).planned()


def test_a_sound_image_is_proven_under_both_firmwares_and_not_written(
    built: Built, tmp_path: Path, plan: Plan
) -> None:
    """As a user does it; what is proven is a copy, so that its evidence is of this test alone."""
    build = tmp_path / "build"
    shutil.copytree(built("pinned-scsi"), build)
    unproven = manifest.read(build).model_copy(update={"evidence": (), "boots": ()})
    manifest.write(build, unproven)
    program = Path(sys.executable).with_name("guest-image")
    done = subprocess.run(
        [program, "prove", build, "--json"], stdout=subprocess.PIPE, text=True, check=False
    )
    verdict = json.loads(done.stdout)
    assert verdict["problems"] == verdict["missing"] == []
    assert done.returncode == 0
    assert verdict["proven"] is True
    proven = manifest.read(build)
    assert {"bios", "uefi"} < {boot.name for boot in plan.boots}
    assert {boot.name for boot in proven.boots} == {boot.name for boot in plan.boots}
    outcomes = {
        Expected(result.check, result.boot): result.outcome for result in proven.valid_evidence()
    }
    assert outcomes == dict.fromkeys(expected(plan), Outcome.PASSED)
    assert sha256_of(build / unproven.image.name) == unproven.image.sha256
    assert (build / "bios-console.log").stat().st_size > 0
    (build / unproven.image.name).unlink()


def test_a_guest_whose_initrd_lacks_its_disks_driver_is_given_up_at_once(
    broken: Broken, tmp_path: Path, plan: Plan
) -> None:
    start = time.monotonic()
    with (
        pytest.raises(BuilderError, match="it waits in the initramfs shell") as failure,
        booted(
            broken.rootless, "qcow2", plan.boots[0].machine, tmp_path / "work", admin_user="debian"
        ),
    ):
        pytest.fail("it must not come up")
    assert time.monotonic() - start < BOOT_LIMIT / 2
    assert any("LABEL=cloudimg-rootfs does not exist" in line for line in failure.value.details)


PLUGGING = (
    "virtio-scsi/volume-is-plugged",
    "virtio-scsi/many-volumes-are-used",
    "multiqueue/plugged-nic-has-queues",
)


@pytest.fixture(scope="module")
def cancelled() -> threading.Event:
    """To set it ends the unable guest."""
    return threading.Event()


@pytest.fixture(scope="module")
def unable(
    broken: Broken,
    plan: Plan,
    cancelled: threading.Event,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningGuest]:
    """A guest with a kernel for clouds and without an agent, on a machine with neither virtio-scsi
    nor multiqueue, discard nor virtio-rng, but with a watchdog and an agent's channel.

    Its firmware is BIOS: with UEFI comes AHCI, where that kernel finds no config drive.
    """
    machine = replace(
        plan.boots[0].machine, disk_bus="virtio", multiqueue=False, discard=False, rng=False
    )
    assert machine.watchdog == "reset"
    assert machine.guest_agent
    workdir = tmp_path_factory.mktemp("unable") / "work"
    with booted(
        broken.cloud, "qcow2", machine, workdir, admin_user="debian", control=Control(cancelled)
    ) as guest:
        yield guest


def test_probes_fail_in_a_guest_that_lacks_what_they_look_for_and_say_what_it_is(
    unable: RunningGuest, plan: Plan
) -> None:
    checks = checks_of(plan, shipped())
    unable.run("systemctl", "stop", "irqbalance.service", "fstrim.timer")
    unable.run("sh", "-c", "echo 'Oops: 0000 [#1] on purpose' >/dev/kmsg")
    unable.run("systemd-run", "--unit=broken", "false")
    # Those that a guest survives; plugging wants a controller that this machine has not.
    probes = [
        name
        for name in dict.fromkeys((*plan.boots[0].probes, *plan.boots[1].probes))
        if checks[name].when in ("running", "last") and name not in PLUGGING
    ]
    evidence = [record(checks[name], unable, image_sha256="") for name in probes]
    seen = {
        result.check: result.seen for result in evidence if result.outcome is not Outcome.PASSED
    }
    because = {
        "foundation/no-unit-has-failed": "systemd says 'degraded': broken.service",
        "foundation/kernel-reports-no-failure": "kernel oops: ",
        "virtio-scsi/root-is-on-virtio-scsi": "root is /dev/vda (driver virtio_blk)",
        "discard/timer-is-active": "fstrim.timer is inactive",
        "discard/deleted-blocks-are-given-back": "gave 0 MiB back to the storage",
        "guest-agent/agent-answers": "the guest agent did not answer 'guest-ping'",
        "guest-agent/password-lets-in": "the guest agent did not answer",
        "guest-agent/agent-returns-when-killed": "",
        "guest-agent/agent-freezes-file-systems": (
            "the guest agent did not answer 'guest-fsfreeze-freeze'"
        ),
        "multiqueue/irqbalance-is-active": "irqbalance.service is inactive",
        "multiqueue/queues-equal-vcpus": "uses 1 of 1 queues; the guest has 4 vCPUs",
        "multiqueue/interrupts-are-spread": "no traffic on",
        "watchdog/device-is-i6300esb": "no watchdog device: its kernel lacks i6300esb",
        "watchdog/daemon-holds-device": "no process holds /dev/watchdog open",
    }
    assert set(seen) == set(because), seen
    assert {name: text for name, text in because.items() if text not in seen[name]} == {}, seen
    assert {result.outcome for result in evidence} == {Outcome.PASSED, Outcome.FAILED}


def test_probes_of_another_machine_fail_and_say_what_this_one_is(unable: RunningGuest) -> None:
    other = make_plan(load("secure-boot", shipped()), shipped())
    checks = checks_of(other, shipped())
    names = [
        probe.id for probe in other.probes if probe.feature in {"uefi", "secure-boot", "rng", "tpm"}
    ]
    seen = {name: record(checks[name], unable, image_sha256="") for name in names}
    because = {
        "uefi/guest-is-started-by-uefi": "the guest was started by bios",
        "uefi/machine-is-q35": "the host bridge is 0x8086 0x1237",
        "secure-boot/secure-boot-is-enforced": "SecureBoot and SetupMode are none and none",
        "secure-boot/kernel-is-locked-down": "the kernel is not locked down",
        "rng/guest-reads-random-numbers": "no random number generator of virtio's",
        "tpm/device-is-tpm-2": "the guest has no TPM",
        "tpm/tpm-gives-random-numbers": "/dev/tpmrm0",
    }
    assert set(seen) == set(because)
    assert {result.outcome for result in seen.values()} == {Outcome.FAILED}
    wrong = {name: result.seen for name, result in seen.items() if because[name] not in result.seen}
    assert wrong == {}


def test_what_the_machine_was_not_given_is_missed(unable: RunningGuest) -> None:
    with pytest.raises(CheckFailed, match=r"the rings of e.* are split, not packed"):
        packed_ring.nics_use_packed_rings.function(unable, packed_ring.PackedRingParameters())
    with pytest.raises(CheckFailed, match="the guest has ttyS0, not 2 ports"):
        serial_ports.ports_are_there.function(unable, serial_ports.SerialPortsParameters())


def test_a_command_that_runs_too_long_is_named(unable: RunningGuest) -> None:
    with pytest.raises(TimeoutError, match="'sleep 60' was still running in the guest"):
        unable.run("sleep", "60", timeout=1)


def test_a_panic_that_no_watchdog_notices_fails(unable: RunningGuest) -> None:
    parameters = watchdog.WatchdogParameters(timeout=10)
    with pytest.raises(CheckFailed, match="did not fire within 40 s"):
        watchdog.panic_fires.function(unable, parameters)


def test_a_guest_that_is_cancelled_ends_in_the_middle_of_a_command(
    unable: RunningGuest, cancelled: threading.Event
) -> None:
    """The last test of the unable guest, whose kernel has panicked."""
    threading.Timer(1, cancelled.set).start()
    with pytest.raises(InterruptedByUser):
        unable.run("sleep", "60")
