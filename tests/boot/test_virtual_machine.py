"""The life of a virtual machine, without any image that would boot."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from builder.errors import BuilderError, InterruptedByUser
from builder.feature import Firmware, Machine
from builder.vm import tap
from builder.vm.guest import Control
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A disk with nothing on it."""
    path = tmp_path / "empty.raw"
    with path.open("wb") as disk:
        disk.truncate(1024**3)
    return path


def boot(image: Path, workdir: Path, machine: Machine | None = None, **options: object) -> None:
    with booted(
        image,
        "raw",
        machine or Machine(),
        workdir,
        admin_user="debian",
        **options,  # type: ignore[arg-type]
    ):
        raise AssertionError("an empty disk cannot boot")


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_disk_without_boot_loader_fails_at_once_and_says_so(
    empty: Path, tmp_path: Path, firmware: Firmware
) -> None:
    with pytest.raises(BuilderError, match="firmware found no boot loader") as failure:
        boot(empty, tmp_path / "work", Machine(firmware=firmware), boot_limit=120)
    assert failure.value.details


def test_a_wait_ends_with_its_limit_and_the_consoles_tail(empty: Path, tmp_path: Path) -> None:
    with pytest.raises(BuilderError, match=r"Timed out after \d s waiting for .*SSH") as failure:
        boot(empty, tmp_path / "work", boot_limit=0)
    assert failure.value.details[0] == "the console's last lines:"
    assert "console.log" in failure.value.hint


def test_the_early_end_of_qemu_is_reported_with_its_own_words(tmp_path: Path) -> None:
    image = tmp_path / "image.raw"
    image.write_bytes(b"\0" * 512)
    machine = Machine(vcpus=100_000)
    with pytest.raises(BuilderError, match=r"QEMU ended with exit code 1 .*") as failure:
        boot(image, tmp_path / "work", machine)
    assert "maxcpus must be" in str(failure.value) or "CPU" in str(failure.value)


def test_a_cancelled_boot_ends_at_once_and_leaves_no_overlay(empty: Path, tmp_path: Path) -> None:
    cancelled = threading.Event()
    timer = threading.Timer(0.5, cancelled.set)
    timer.start()
    start = time.monotonic()
    with pytest.raises(InterruptedByUser):
        boot(empty, tmp_path / "work", Machine(firmware="uefi"), control=Control(cancelled))
    timer.join()
    assert time.monotonic() - start < 10
    assert not (tmp_path / "work" / "overlay.qcow2").exists()


def test_qemu_dies_with_this_program(empty: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    script = (
        "import sys; from pathlib import Path; from builder.feature import Machine; "
        "from builder.vm.launch import booted; "
        f"booted(Path({str(empty)!r}), 'raw', Machine(firmware='uefi'), Path({str(work)!r}), "
        "admin_user='debian').__enter__()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY)
    try:
        qemu = wait_for_qemu(work)
        os.kill(parent.pid, signal.SIGKILL)
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10
    while runs(qemu) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(qemu)


def test_the_queues_of_a_tap_device_need_no_root() -> None:
    with tap.queues(3) as descriptors:
        assert len(set(descriptors)) == 3
        for descriptor in descriptors:
            assert Path(f"/proc/self/fd/{descriptor}").readlink() == Path("/dev/net/tun")
    for descriptor in descriptors:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def wait_for_qemu(work: Path) -> int:
    """The process id of the QEMU whose overlay is in the directory."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and runs(int(entry.name), str(work / "overlay.qcow2")):
                return int(entry.name)
        time.sleep(0.05)
    raise AssertionError("QEMU did not start")


def runs(process: int, word: str = "") -> bool:
    """Whether the process is a QEMU that is not dead, with the word on its command line."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"qemu-system" in words.split(b"\0")[0] and word.encode() in words
