"""Clouds that give back another disk than they were sent, or what is no disk at all."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from clouds import Cloud, Request

from builder.errors import BuilderError, CloudError, HostError, ImageError
from builder.host.files import sha256_of
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage, Data, Wanted
from builder.publish.cloud.image_answer import image_of
from builder.publish.rollout.conversion import require_same_disk
from builder.terminal.progress import Progress

SIZE = 4 << 20
ID = "8d2f0d3e-0000-4000-8000-000000000000"

Served = Callable[[bytes], Glance]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "proven.raw"
    path.touch()
    os.truncate(path, SIZE)
    subprocess.run(["sfdisk", "--quiet", path], input=b"label: dos\n,\n", check=True)
    with path.open("r+b") as disk:
        disk.seek(1 << 20)
        disk.write(os.urandom(1 << 20))
    return path


def as_qcow2(disk: Path) -> Path:
    image = disk.with_suffix(".qcow2")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, image], check=True)
    return image


@pytest.fixture
def serving(cloud: Cloud) -> Served:
    """A cloud whose images all have this data."""

    def start(data: bytes) -> Glance:
        def answer(request: Request) -> None:
            request.send_response(200)
            request.send_header("Content-Type", "application/octet-stream")
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            request.wfile.write(data)

        return cloud(answer)

    return start


def image(data: bytes, disk_format: str) -> CloudImage:
    """What a cloud tells of an image that has this data."""
    when = "2026-11-01T00:00:00Z"
    return image_of(
        {
            "id": ID, "status": "active", "visibility": "private", "created_at": when,
            "updated_at": when, "size": len(data), "disk_format": disk_format,
            "os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(data).hexdigest(),
        }
    )  # fmt: skip


def wanted(disk: Path) -> Wanted:
    """What was sent: a qcow2 of a disk."""
    return Wanted(
        profile="base", build="a build", name="base",
        data=Data(disk_format="qcow2", size=9, hashes={}), min_disk=1, min_ram=1,
        visibility="private", members=(), protected=False, tags=frozenset(), properties={},
        content_sha256=sha256_of(disk), virtual_size=SIZE,
    )  # fmt: skip


def compare(glance: Glance, there: CloudImage, sent: Wanted) -> None:
    with Progress() as progress:
        require_same_disk(glance, there, sent, progress)


def refusal(glance: Glance, there: CloudImage, sent: Wanted, error: type[BuilderError]) -> str:
    with pytest.raises(error) as caught:
        compare(glance, there, sent)
    return str(caught.value)


def test_the_same_disk_is_taken_in_whatever_format_it_is(serving: Served, raw: Path) -> None:
    for disk_format, path in (("raw", raw), ("qcow2", as_qcow2(raw))):
        data = path.read_bytes()
        compare(serving(data), image(data, disk_format), wanted(raw))


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_a_disk_in_which_one_byte_is_another_is_not(
    serving: Served, raw: Path, disk_format: str
) -> None:
    sent = wanted(raw)
    with raw.open("r+b") as disk:
        disk.seek(SIZE - 1)
        disk.write(b"x")
    data = (raw if disk_format == "raw" else as_qcow2(raw)).read_bytes()
    said = refusal(serving(data), image(data, disk_format), sent, CloudError)
    assert "does not have the disk that was proven" in said


def test_a_raw_disk_that_was_cut_off_is_not(serving: Served, raw: Path) -> None:
    data = raw.read_bytes()[:-512]
    assert "of another size" in refusal(serving(data), image(data, "raw"), wanted(raw), CloudError)


def test_a_larger_disk_is_not_though_it_begins_so(serving: Served, raw: Path) -> None:
    sent = wanted(raw)
    os.truncate(raw, 2 * SIZE)
    data = as_qcow2(raw).read_bytes()
    assert "of another size" in refusal(serving(data), image(data, "qcow2"), sent, CloudError)


@pytest.mark.parametrize("disk_format", ["vmdk", "iso", "banana"])
def test_what_is_not_in_the_format_that_it_has_there_is_not(
    serving: Served, raw: Path, disk_format: str
) -> None:
    data = as_qcow2(raw).read_bytes()
    said = refusal(serving(data), image(data, disk_format), wanted(raw), CloudError)
    assert "in another format" in said


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_other_data_than_the_cloud_tells_of_is_not(
    serving: Served, raw: Path, disk_format: str
) -> None:
    data = (raw if disk_format == "raw" else as_qcow2(raw)).read_bytes()
    lying = image(data[:-1] + b"x", disk_format)
    assert "sent other data" in refusal(serving(data), lying, wanted(raw), CloudError)
    short = image(data, disk_format)
    assert "sent other data" in refusal(serving(data[:-512]), short, wanted(raw), CloudError)


def test_an_image_that_names_another_file_is_not_opened(
    serving: Served, raw: Path, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay.qcow2"
    words = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", raw, overlay]
    subprocess.run(words, check=True)
    data = overlay.read_bytes()
    said = refusal(serving(data), image(data, "qcow2"), wanted(raw), ImageError)
    assert "has a backing file" in said


def test_a_disk_that_nobody_knows_is_not_compared(serving: Served, raw: Path) -> None:
    data = raw.read_bytes()
    sent = Wanted(**{**vars(wanted(raw)), "content_sha256": ""})
    said = refusal(serving(data), image(data, "raw"), sent, CloudError)
    assert "nothing tells whether" in said


def test_an_image_for_which_there_is_no_room_is_not_fetched(
    serving: Served, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_qcow2(raw).read_bytes()
    glance = serving(data)
    full = os.statvfs_result([4096, 4096, 9, 0, 0, 9, 9, 9, 0, 255])
    monkeypatch.setattr("os.statvfs", lambda _: full)
    said = refusal(glance, image(data, "qcow2"), wanted(raw), HostError)
    assert "too little room to compare image" in said
