"""Images with defects at rest: every defect is seen, named, and nothing else is blamed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from broken import AGENT, FSTAB_LINE, Broken

from builder import manifest
from builder.checks import checks_of
from builder.feature import Outcome
from builder.features import shipped
from builder.progress import Progress
from builder.verify import inspect

pytestmark = pytest.mark.integration

Built = Callable[[str], Path]


def failed_inspections(image: Path, build: Path) -> dict[str, str]:
    """What the inspections of the build's plan object to, by their ids."""
    plan = manifest.read(build).planned()
    checks = checks_of(plan, shipped())
    with Progress() as progress:
        evidence = inspect(
            image, "qcow2", lambda _: [checks[one.id] for one in plan.inspections], "", progress
        )
    assert [one.check for one in evidence] == [one.id for one in plan.inspections]
    assert {one.outcome for one in evidence} <= {Outcome.PASSED, Outcome.FAILED}
    return {one.check: one.seen for one in evidence if one.outcome is Outcome.FAILED}


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
        f"qemu-guest-agent.service is masked by {AGENT}"
    )


def test_an_initrd_without_virtio_scsi_and_a_device_name_in_fstab_are_seen(
    broken: Broken, built: Built
) -> None:
    failed = failed_inspections(broken.rootless, built("pinned-scsi"))
    assert failed == {
        "virtio-scsi/initrds-have-virtio-scsi": (
            f"the initrd of kernel {broken.release} (/boot/initrd.img-{broken.release}) "
            "has no virtio_scsi, and it is not built in"
        ),
        "foundation/no-kernel-device-names": f"/etc/fstab:1: names /dev/vda1: {FSTAB_LINE}",
    }
