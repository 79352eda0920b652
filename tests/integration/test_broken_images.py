"""Images with defects at rest: every defect is seen, named, and nothing else is blamed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broken import AGENT, FSTAB_LINE, GONE_VOLUME, MAC, Broken

from builder.feature import CheckFailed, Filesystem, Inspection, Outcome
from builder.features import minimal
from builder.features.registry import shipped
from builder.image.filesystem import open_image
from builder.proof.checks import checks_of
from builder.proof.inspection import inspect
from builder.store import manifest
from builder.terminal.progress import Progress

pytestmark = pytest.mark.integration

Built = Callable[[str], Path]


def failed_inspections(
    image: Path, build: Path, *, skipped: frozenset[str] = frozenset()
) -> dict[str, str]:
    """What the inspections of the build's plan object to, by their ids."""
    plan = manifest.read(build).planned()
    checks = checks_of(plan, shipped())
    with Progress() as progress:
        evidence = inspect(
            image, "qcow2", [checks[check.id] for check in plan.inspections], "", progress
        )
    assert [result.check for result in evidence] == [check.id for check in plan.inspections]
    assert {result.outcome for result in evidence} <= {
        Outcome.PASSED,
        Outcome.FAILED,
        Outcome.SKIPPED,
    }
    assert {result.check for result in evidence if result.outcome is Outcome.SKIPPED} == skipped
    return {result.check: result.seen for result in evidence if result.outcome is Outcome.FAILED}


def test_a_kernel_without_the_watchdogs_driver_and_a_masked_agent_are_seen(
    broken: Broken, built: Built
) -> None:
    failed = failed_inspections(broken.cloud, built("pinned-scsi"))
    assert set(failed) == {
        "watchdog/kernels-have-i6300esb",
        "guest-agent/agent-will-start",
        "foundation/boot-loader-is-complete",
    }
    assert failed["foundation/boot-loader-is-complete"].startswith("UEFI finds no boot loader")
    assert (
        f"kernel {broken.cloud_release} has no i6300esb" in failed["watchdog/kernels-have-i6300esb"]
    )
    assert failed["guest-agent/agent-will-start"] == (
        f"qemu-guest-agent.service is masked by {AGENT}; remove that link"
    )


def test_an_initrd_without_virtio_scsi_and_a_device_name_in_fstab_are_seen(
    broken: Broken, built: Built
) -> None:
    failed = failed_inspections(broken.rootless, built("pinned-scsi"))
    assert failed == {
        "virtio-scsi/initrds-have-virtio-scsi": (
            f"the initrd of kernel {broken.release} (/boot/initrd.img-{broken.release}) "
            "has no virtio_scsi, and it is not built in; name it for the initrd "
            "(/etc/initramfs-tools/modules, or add_drivers of dracut), and make that anew"
        ),
        "foundation/no-kernel-device-names": (
            f"/etc/fstab:1: names /dev/vda1: {FSTAB_LINE}; name it by its LABEL or UUID"
        ),
    }


def test_each_thing_that_is_not_set_up_is_seen(broken: Broken, built: Built) -> None:
    failed = failed_inspections(broken.neglected, built("pinned-scsi"))
    because = {
        "foundation/release-on-disk-is-as-claimed": ["11"],
        "foundation/drivers-can-be-loaded": [
            "/etc/modprobe.d/cis.conf:1: has '/bin/false' run to load virtio_net"
        ],
        "foundation/initrd-is-renewed": ["nothing runs it for a new kernel"],
        "foundation/boot-finds-its-devices": [f"names {GONE_VOLUME.split()[0]}, which this disk"],
        "foundation/console-is-serial": ["/boot/grub/grub.cfg:", "gives the kernel console=tty0:"],
        "foundation/network-will-start": ["systemd-networkd.service is masked"],
        "foundation/cloud-init-will-start": ["/etc/cloud/cloud-init.disabled switches cloud-init"],
        "foundation/cloud-init-listens": [
            "99-installer.cfg:1: has cloud-init look for None",
            "99-installer.cfg:2: has cloud-init configure no network",
            "/var/lib/cloud/seed/nocloud/user-data is a seed",
        ],
        "foundation/root-can-grow": ["99-installer.cfg:3: has growpart's mode off"],
        "foundation/ssh-will-start": ["ssh.service is masked"],
        "foundation/has-no-identity": [
            "/etc/machine-id is set to 0123456789abcdef",
            "/etc/iscsi/initiatorname.iscsi:1: has the iSCSI name of every guest",
            "/etc/ssl/private/server.key:1: is a private key",
            f"/etc/netplan/60-static.yaml:1: names {MAC}",
            "/etc/hostname:1: names build-host-7",
        ],
        "foundation/has-no-leftovers": ["/root/.bash_history is a shell history"],
        "foundation/has-no-passwords": [
            "root needs no password",
            "99-installer.cfg:4: cloud-init sets passwords by chpasswd.list",
        ],
        "discard/timer-is-enabled": ["fstrim.timer is masked"],
        "discard/mount-option-is-as-asked": ["the profile does not ask for discard"],
        "guest-agent/agent-listens-on-port": ["/etc/qemu/qemu-ga.conf:2 has method isa-serial"],
        "guest-agent/agent-blocks-nothing-needed": [
            f"{AGENT}.d/local.conf:3 blocks guest-set-user-password"
        ],
        "multiqueue/irqbalance-will-start": ["irqbalance.service is masked"],
        "multiqueue/queues-are-not-limited": ["00-first.link sets CombinedChannels=1"],
        "multiqueue/queue-rule-exists": ["/etc/systemd/network/00-first.link is the first"],
        "watchdog/driver-is-loaded": ["blacklist-watchdog.conf:1: blacklists i6300esb, and udev"],
        "watchdog/daemon-feeds-device": ["switches the daemon off"],
        "watchdog/timeout-is-as-asked": ["has watchdog-timeout 10"],
    }
    assert set(failed) == set(because)
    wrong = {
        name: seen
        for name, seen in failed.items()
        if any(each not in seen for each in because[name])
    }
    assert wrong == {}


def test_half_an_initrd_is_told_once(broken: Broken, built: Built) -> None:
    failed = failed_inspections(
        broken.severed,
        built("pinned-scsi"),
        skipped=frozenset({"virtio-scsi/initrds-have-virtio-scsi"}),
    )
    assert set(failed) == {"foundation/initrds-are-whole"}
    assert (
        f"the initrd of kernel {broken.release} (/boot/initrd.img-{broken.release}) cannot be read"
        in failed["foundation/initrds-are-whole"]
    )


def objection(disk: Filesystem, check: Inspection[Any], *without: minimal.Part) -> str:
    parameters = minimal.MinimalParameters(without=without or tuple(minimal.LEFT_OUT))
    with pytest.raises(CheckFailed) as failure:
        check.function(disk, parameters)
    return str(failure.value)


def test_an_ordinary_image_is_not_minimal(broken: Broken) -> None:
    with open_image(broken.waiting, "qcow2") as disk:
        for part, place in {
            "documentation": "/usr/share/doc/",
            "translations": "/usr/share/locale/",
            "hardware-drivers": "/lib/modules/",
        }.items():
            said = objection(disk, minimal.disk_is_without, part)
            assert said.startswith(f"there are {part}: {place}")
        assert objection(disk, minimal.dpkg_leaves_out).startswith("dpkg would unpack /usr/share/")


def test_a_kernel_for_clouds_lacks_drivers_of_what_nova_gives(broken: Broken) -> None:
    with open_image(broken.cloud, "qcow2") as disk:
        said = objection(disk, minimal.kernels_have_drivers)
        assert f"kernel {broken.cloud_release} has no " in said
        assert {"ahci", "e1000", "i6300esb"} <= set(said.replace(":", ",").split(", "))
        assert objection(disk, minimal.copyrights_are_there) == (
            "no copyright file for ethtool: it was left out, too"
        )
