"""A disk is published in another format than that of the file that was proven."""

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from gpt_disks import SIZE, as_qcow2, partitioned
from localcloud import LocalCloud
from publishing import Command, current, images, peak_of_raw_upload
from smallbuild import MIB, small_build

from builder.host.files import digests, sha256_of
from builder.store.disk_files import format_files
from builder.store.manifest import read, write

pytestmark = pytest.mark.openstack


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return partitioned(tmp_path / "disk.raw")


@pytest.fixture
def build(guest_image: Command, raw: Path) -> Path:
    """A build of that disk as a qcow2."""
    return small_build(guest_image.dist, age=timedelta(days=1), size=SIZE, image=as_qcow2(raw))


def with_vmdk(build: Path, raw: Path) -> Path:
    """The same with a VMDK."""
    vmdk = build / "image.vmdk"
    options = ["-O", "vmdk", "-o", "subformat=streamOptimized"]
    subprocess.run(["qemu-img", "convert", "-f", "raw", *options, raw, vmdk], check=True)
    recorded = read(build)
    files = format_files(recorded.image, {"vmdk": vmdk})
    write(build, recorded.model_copy(update={"formats": files}))
    return vmdk


def change_a_block(disk: Path, new: bytes, old: bytes) -> None:
    data = disk.read_bytes()
    assert data.count(old) == 1
    disk.write_bytes(data.replace(old, new))


def test_a_qcow2_is_published_raw_and_audited(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    done = guest_image("publish", build, "--cloud", "local", "--as", "raw")
    assert done.status == 0, done.err
    image = current(cloud)
    assert (image.disk_format, image.size) == ("raw", SIZE)
    assert image.os_hash_value == digests(raw)[1]
    assert image.guest_image_sha256 == read(build).image.sha256, "the file that was proven"
    sent = hashlib.sha256(b"".join(cloud.client().images.data(image.id)))
    assert sent.hexdigest() == sha256_of(raw) == read(build).image.content_sha256
    (record,) = read(build).published
    assert record.data is not None
    assert (record.data.sent_as, record.data.hashes["sha512"]) == ("raw", image.os_hash_value)
    assert guest_image("audit", "--cloud", "local", "--output", guest_image.dist).status == 0


def test_it_stays_so_whether_or_not_that_is_asked_for_again(
    cloud: LocalCloud, guest_image: Command, build: Path
) -> None:
    guest_image("publish", build, "--cloud", "local", "--as", "raw")
    before = images(cloud)
    for words in ([], ["--as", "raw"]):
        done = guest_image("publish", build, "--cloud", "local", *words)
        assert done.status == 0, done.err
        assert "nothing was changed" in done.out
    done = guest_image("publish", build, "--cloud", "local", "--as", "qcow2")
    assert done.status != 0
    assert "is published as raw already" in done.err
    assert images(cloud) == before


def test_a_changed_block_is_not_sent(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    with raw.open("rb") as disk:
        disk.seek(9 * MIB)
        block = disk.read(512)
    change_a_block(build / "image.qcow2", bytes(512), block)
    done = guest_image("publish", build, "--cloud", "local", "--as", "raw")
    assert done.status != 0
    assert "is not the file that was built and proven" in done.err
    assert images(cloud) == []


def test_a_vmdk_of_the_build_is_published(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    vmdk = with_vmdk(build, raw)
    done = guest_image("publish", build, "--cloud", "local", "--as", "vmdk")
    assert done.status == 0, done.err
    image = current(cloud)
    assert (image.disk_format, image.os_hash_value) == ("vmdk", digests(vmdk)[1])


def test_a_vmdk_of_another_disk_is_not(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    """Whoever writes a vmdk can write its hash into the manifest, and the disk's digest too."""
    vmdk = with_vmdk(build, raw)
    with raw.open("r+b") as disk:
        disk.seek(9 * MIB)
        disk.write(bytes(512))
    options = ["-O", "vmdk", "-o", "subformat=streamOptimized"]
    subprocess.run(["qemu-img", "convert", "-f", "raw", *options, raw, vmdk], check=True)
    recorded = read(build)
    sha256, sha512 = digests(vmdk)
    facts = {"sha256": sha256, "sha512": sha512, "size": vmdk.stat().st_size}
    lie = recorded.formats[0].model_copy(update=facts)
    write(build, recorded.model_copy(update={"formats": (lie,)}))
    done = guest_image("publish", build, "--cloud", "local", "--as", "vmdk")
    assert done.status != 0
    assert "image.vmdk is not the one that was proven" in done.err
    assert images(cloud) == []


def test_a_raw_image_is_promoted_as_it_is(
    prod: LocalCloud, guest_image: Command, build: Path
) -> None:
    guest_image("publish", build, "--cloud", "local", "--as", "raw")
    words = ("--from", "local", "--to", "prod", "--output", guest_image.dist)
    done = guest_image("promote", "pinned-scsi", *words)
    assert done.status == 0, done.err
    assert current(prod, "prod").os_hash_value == current(prod).os_hash_value
    assert current(prod, "prod").disk_format == "raw"


def test_a_raw_upload_takes_no_second_file_and_no_more_memory_for_a_larger_disk(
    cloud: LocalCloud, guest_image: Command, tmp_path: Path
) -> None:
    peaks = []
    for days, size in ((2, SIZE), (1, 1024 * MIB)):
        disk = as_qcow2(partitioned(tmp_path / f"{days}.raw", size))
        age = timedelta(days=days)
        peaks.append(
            peak_of_raw_upload(small_build(guest_image.dist, age=age, size=size, image=disk))
        )
        assert current(cloud).size == size
    assert peaks[1] < peaks[0] + 24 * MIB, peaks
