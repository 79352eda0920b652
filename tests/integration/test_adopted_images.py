"""Images that were built elsewhere, as far as they are not booted."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import windows_disk
from click.testing import CliRunner

from builder.adopt.adopt import adopt, name_of
from builder.cli.verbs import cli
from builder.errors import ImageError
from builder.feature import Grade
from builder.features.registry import installed
from builder.store import manifest
from builder.store.verdict import verdict_of
from builder.terminal.progress import Progress

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk with a Windows whose agent is installed, and whose disk driver is overridden."""
    path = tmp_path_factory.mktemp("windows") / "Server 2022.raw"
    services: dict[str, windows_disk.Values] = {
        "vioscsi": {"Start": 0},
        r"vioscsi\StartOverride": {"0": 3},
        "VirtioSerial": {"Start": 3, "ImagePath": r"\SystemRoot\System32\drivers\vioser.sys"},
        "QEMU-GA": {"Start": 2, "DependOnService": ("VirtioSerial",)},
    }
    windows_disk.make(path, services, ("vioscsi.sys", "vioser.sys"))
    return path


def test_a_windows_becomes_a_build_with_what_its_disk_shows(windows: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["adopt", str(windows), "--output", str(tmp_path), "--json"], catch_exceptions=False
    )
    told = json.loads(done.stdout)
    directory = Path(told["directory"])
    assert directory == (tmp_path / "adopted-server-2022" / "latest").resolve()
    build = manifest.read(directory)
    verdict = verdict_of(build)
    assert verdict.complete
    assert not verdict.proven
    assert not told["proven"]
    assert {
        judged.claim.property: (judged.claim.value, judged.grade) for judged in verdict.claims
    } == {
        "os_type": ("windows", Grade.PRESENT),
        "os_distro": ("windows", Grade.PRESENT),
        "os_version": ("10.0", Grade.PRESENT),
        "architecture": ("x86_64", Grade.PRESENT),
        "hw_qemu_guest_agent": ("yes", Grade.PRESENT),
    }
    assert build.adopted is not None
    assert build.adopted.source == "Server 2022.raw"
    assert {
        unproven.property: unproven.reason for unproven in build.adopted.lacking
    } == dict.fromkeys(
        ("hw_disk_bus", "hw_scsi_model"),
        "'the driver of virtio-scsi is started by the boot loader' failed: the service vioscsi has "
        "StartOverride\\0=3 beside Start=0: Windows does not load it at boot",
    )
    subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=directory, capture_output=True, check=True
    )
    shown = CliRunner().invoke(
        cli, ["report", str(directory)], catch_exceptions=False, standalone_mode=False
    )
    assert shown.return_value == 0
    assert "without evidence" in shown.output
    assert "it is inspected, and not booted" in " ".join(shown.output.split())
    assert "What has no evidence" in (directory / "report.html").read_text()


@pytest.mark.parametrize("format_", ["vmdk", "vpc"])
def test_a_format_that_nova_takes_apart_is_refused_with_the_remedy(
    format_: str, tmp_path: Path
) -> None:
    image = tmp_path / "some.img"
    options = ["-o", "subformat=streamOptimized"] if format_ == "vmdk" else []
    subprocess.run(["qemu-img", "create", "-q", "-f", format_, *options, image, "64M"], check=True)
    with Progress() as progress, pytest.raises(ImageError, match="is not adopted") as caught:
        adopt(image, tmp_path / "dist", installed(), progress, admin_user=None)
    assert "qemu-img convert" in caught.value.hint
    assert not (tmp_path / "dist").exists()


def test_an_image_without_a_system_leaves_nothing(windows: Path, tmp_path: Path) -> None:
    image = tmp_path / "data.raw"
    shutil.copyfile(windows, image)
    with image.open("r+b") as file:  # the partition table stays, which takes 34 sectors
        file.seek(34 * 512)
        file.write(bytes(16 << 20))
    with Progress() as progress, pytest.raises(ImageError, match="no operating system"):
        adopt(image, tmp_path / "dist", installed(), progress, admin_user=None)
    assert [*(tmp_path / "dist" / name_of(image)).iterdir()] == []
