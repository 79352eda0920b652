"""An image that was built elsewhere, whose abilities are found out by booting it."""

from pathlib import Path

import pytest
from broken import Broken
from terminals import plain

from builder.adopt.adopt import adopt
from builder.feature import Grade
from builder.features.registry import shipped
from builder.publish.candidate.bills import require_bills
from builder.report.text import verdict_text
from builder.sbom.write import CYCLONEDX, SPDX
from builder.store import manifest
from builder.store.verdict import verdict_of
from builder.terminal.progress import Progress

pytestmark = pytest.mark.boot

FEATURES = ("virtio-scsi", "guest-agent", "watchdog")
"""Enough to see a claim that is borne out, and claims that are lacking."""


def test_an_image_gets_the_claims_that_it_bears_out_and_the_reasons_for_the_others(
    broken: Broken, tmp_path: Path
) -> None:
    """It has a kernel without the watchdog's driver, a masked agent, no loader for UEFI."""
    registry = {name: shipped()[name] for name in FEATURES}
    with Progress() as progress:
        directory = adopt(broken.cloud, tmp_path, registry, progress, admin_user="debian")
    build = manifest.read(directory)
    verdict = verdict_of(build)
    assert verdict.proven
    claims = {
        judged.claim.property: (judged.claim.value, judged.grade) for judged in verdict.claims
    }
    exercised = {
        "os_type": "linux", "os_distro": "debian", "os_version": "12", "architecture": "x86_64",
        "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_firmware_type": "bios",
    }  # fmt: skip
    assert claims == {name: (value, Grade.EXERCISED) for name, value in exercised.items()}
    assert build.adopted is not None
    reasons = {unproven.property: unproven.reason for unproven in build.adopted.lacking}
    assert f"kernel {broken.cloud_release} has no i6300esb" in reasons["hw_watchdog_action"]
    assert "qemu-guest-agent.service is masked" in reasons["hw_qemu_guest_agent"]
    assert reasons["os_admin_user"].startswith("without hw_qemu_guest_agent=yes")
    assert any("boot uefi: " in limit for limit in build.adopted.limits)
    assert f"linux-image-{broken.release}" in {package.name for package in build.packages}
    require_bills(directory, build)
    assert {bill.name for bill in build.sbom} == {CYCLONEDX, SPDX}
    text = " ".join(plain(verdict_text(build)).split())
    assert "UEFI finds no boot loader" in text
    assert (directory / "bios-console.log").stat().st_size > 0
