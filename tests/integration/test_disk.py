"""libguestfs on small disks that are made here; each test starts one appliance."""

import gzip
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_disks import ROOT_START, make_disk

from builder.errors import BuilderError, HostError, ImageError, InterruptedByUser
from builder.image.filesystem import Disk, open_image

pytestmark = pytest.mark.integration

RELEASE = "6.1.0-56-amd64"
FSTAB = "LABEL=root / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat umask=0077,nofail 0 2\n"


def cpio_of(name: str) -> bytes:
    pack = ["cpio", "--create", "--format=newc", "--quiet"]
    return subprocess.run(
        pack, input=name.encode(), cwd="/", capture_output=True, check=True
    ).stdout


def appliances(directory: Path) -> list[str]:
    """Command lines of QEMU processes that have their files in this directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(directory) in words and "qemu-system" in words.partition("\0")[0]:
            found.append(words)
    return found


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the appliance has its own files in, by which it is known."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    module = f"usr/lib/modules/{RELEASE}/kernel/virtio_scsi.ko"
    files: dict[str, str | bytes] = {
        "etc/fstab": FSTAB,
        "usr/lib/os-release": "ID=debian\nVERSION_ID=12\n",
        "etc/bytes": b"\xff\x00text",
        f"boot/vmlinuz-{RELEASE}": b"kernel",
        f"boot/initrd.img-{RELEASE}": gzip.compress(cpio_of("etc/hostname")) + bytes(2 << 20),
        f"{module}": b"",
        "empty": b"",
    }
    links = {
        "lib": "usr/lib",
        "etc/os-release": "../usr/lib/os-release",
        "etc/absolute": "/etc/fstab",
        "etc/dangling": "/nowhere",
        "etc/loop": "loop",
    }
    image = make_disk(tmp_path_factory.mktemp("disk"), files, links)
    with open_image(image, "raw") as opened:
        yield opened


def test_files_are_read(disk: Disk) -> None:
    assert disk.read_text("/etc/fstab") == FSTAB
    assert disk.read_bytes("/etc/bytes") == b"\xff\x00text"
    assert disk.read_text("/etc/bytes") == "\ufffd\x00text"
    assert disk.read_bytes("/empty") == b""


def test_a_file_larger_than_a_message_is_read(disk: Disk) -> None:
    assert len(disk.read_bytes(f"/boot/initrd.img-{RELEASE}")) > 2 << 20


def test_links_are_followed_within_the_image(disk: Disk) -> None:
    assert disk.read_text("/etc/absolute") == FSTAB
    assert disk.exists("/lib/os-release")
    assert not disk.exists("/etc/dangling")
    assert not disk.exists("/etc/loop")


@pytest.mark.parametrize("path", ["/none", "/etc", "/etc/fstab/x", "/etc/dangling", "/etc/loop"])
def test_what_is_no_file_is_not_found(disk: Disk, path: str) -> None:
    with pytest.raises(FileNotFoundError, match=path):
        disk.read_bytes(path)


def test_a_link_is_told_as_written(disk: Disk) -> None:
    assert disk.readlink("/etc/os-release") == "../usr/lib/os-release"
    assert disk.readlink("/etc/dangling") == "/nowhere"
    assert disk.readlink("/etc/fstab") is None
    assert disk.readlink("/none") is None


def test_directories_are_listed(disk: Disk) -> None:
    assert disk.list("/boot") == ("efi", f"initrd.img-{RELEASE}", f"vmlinuz-{RELEASE}")
    assert disk.list("/none") == disk.list("/etc/fstab") == ()


def test_files_are_listed_at_any_depth_and_links_are_not(disk: Disk) -> None:
    assert disk.files("/etc") == ("/etc/bytes", "/etc/fstab")
    assert f"/usr/lib/modules/{RELEASE}/kernel/virtio_scsi.ko" in disk.files("/usr")
    assert disk.files("/none") == ()
    assert {*disk.files("/etc"), *disk.files("/usr")} < {*disk.files("/")}


def test_volumes_tell_what_lies_on_them_and_where(disk: Disk) -> None:
    esp, root = disk.volumes()
    assert (esp.type, esp.label, esp.mount_point) == ("vfat", "ESP", "/boot/efi")
    assert (root.type, root.label, root.mount_point) == ("ext4", "root", "/")
    assert (root.part_scheme, root.part_number, root.start) == ("gpt", 2, ROOT_START)
    assert len(root.uuid) == len(root.part_uuid) == 36
    assert root.uuid != root.part_uuid


def test_patterns_are_expanded(disk: Disk) -> None:
    assert disk.glob("/etc/*s*") == ("/etc/absolute", "/etc/bytes", "/etc/fstab", "/etc/os-release")
    assert disk.glob("/usr/lib/mod*") == ("/usr/lib/modules",)
    assert disk.glob("/none/*") == ()


def test_the_other_file_systems_of_fstab_are_mounted(disk: Disk) -> None:
    assert [name.upper() for name in disk.list("/boot/efi")] == ["EFI"]


def test_kernels_are_found(disk: Disk) -> None:
    (kernel,) = disk.kernels()
    assert kernel.release == RELEASE
    assert kernel.initrd == f"/boot/initrd.img-{RELEASE}"
    assert kernel.on_disk == {"virtio_scsi"}


def test_a_disk_that_names_its_devices_is_mounted_all_the_same(tmp_path: Path) -> None:
    fstab = "/dev/vda2 / ext4 defaults 0 1\n/dev/vda1 /boot/efi vfat nofail 0 2\n"
    files: dict[str, str | bytes] = {
        "etc/fstab": fstab,
        "etc/os-release": "ID=debian\nVERSION_ID=12\nNAME=Debian\n",
        "etc/debian_version": "12.5\n",
        "bin/sh": b"",
        "var/x": b"",
    }
    with open_image(make_disk(tmp_path, files, {}), "raw") as disk:
        assert disk.read_text("/etc/fstab") == fstab
        assert [name.upper() for name in disk.list("/boot/efi")] == ["EFI"]


def test_a_disk_without_an_operating_system_is_refused(
    scratch: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = make_disk(scratch, {"data": b"only"}, {})
    with pytest.raises(ImageError, match="has no operating system in it"), open_image(image, "raw"):
        pytest.fail("it must not open")
    assert appliances(scratch) == []
    assert capfd.readouterr() == ("", "")


def test_an_image_that_cannot_be_opened_says_why(scratch: Path) -> None:
    image = scratch / "disk.qcow2"
    image.write_bytes(bytes(1 << 20))
    refused = pytest.raises(ImageError, match=r"disk\.qcow2 could not be opened")
    with refused, open_image(image, "qcow2"):
        pytest.fail("it must not open")


def test_an_appliance_that_does_not_start_says_why(
    scratch: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_disk(scratch, {"etc/fstab": FSTAB}, {})
    monkeypatch.setenv("LIBGUESTFS_HV", "/bin/false")
    with pytest.raises(HostError) as error, open_image(image, "raw"):
        pytest.fail("it must not open")
    assert "The libguestfs appliance did not start: " in error.value.message
    assert "libguestfs-test-tool" in error.value.hint
    assert "LIBGUESTFS_DEBUG" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_the_time_is_limited(scratch: Path) -> None:
    image = make_disk(scratch, {"etc/fstab": FSTAB}, {})
    started = time.monotonic()
    with (
        pytest.raises(BuilderError, match="was stopped after 2 s"),
        open_image(image, "raw", limit=2),
    ):
        pytest.fail("it must not open")
    assert time.monotonic() - started < 10
    assert appliances(scratch) == []


def test_an_inspection_that_is_cancelled_ends_at_once(scratch: Path) -> None:
    image = make_disk(scratch, {"etc/fstab": FSTAB}, {})
    cancelled = threading.Event()
    threading.Timer(2, cancelled.set).start()
    started = time.monotonic()
    with (
        pytest.raises(InterruptedByUser),
        open_image(image, "raw", cancelled=cancelled),
    ):
        pytest.fail("it must not open")
    assert time.monotonic() - started < 6
    assert appliances(scratch) == []


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGINT, "while the appliance starts"),
        (signal.SIGINT, "while the disk is open"),
        (signal.SIGTERM, "while the appliance starts"),
        (signal.SIGKILL, "while the appliance starts"),
    ],
)
def test_a_signal_leaves_no_appliance(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    image = make_disk(tmp_path, {"etc/fstab": FSTAB, "etc/os-release": "ID=debian\n"}, {})
    is_open = tmp_path / "open"
    program = f"""\
        from pathlib import Path
        import time
        from builder.image.filesystem import open_image
        with open_image(Path({str(image)!r}), "raw"):
            Path({str(is_open)!r}).touch()
            time.sleep(600)
        """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        wait_for(lambda: appliances(tmp_path) != [], "the appliance")
        if moment == "while the disk is open":
            wait_for(is_open.exists, "the disk")
        child.send_signal(number)
        assert child.wait(timeout=10) != 0
        wait_for(lambda: appliances(tmp_path) == [], "the end of the appliance")
    finally:
        child.kill()
        child.wait()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited 60 s for {what}"
        time.sleep(0.2)
