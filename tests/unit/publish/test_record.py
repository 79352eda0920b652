"""What a build tells of its publication."""

import os
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloud_images import day, image, wanted_like
from reports import publication
from samples import manifest

from builder.errors import HostError, InputError
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission, Refused
from builder.publish.candidate.prepare import Ready, for_cloud
from builder.publish.candidate.stream import Origin
from builder.publish.cloud.data import own_data
from builder.publish.cloud.image import CloudImage, Data
from builder.publish.cloud.survey import Survey
from builder.publish.record import record, require_writable
from builder.store.manifest import Manifest, read, write
from builder.store.sections import PublishedData


def ready(directory: Path, build: Manifest, published: CloudImage, stale: str = "") -> Ready:
    return Ready(
        directory,
        build,
        Admission(claims=(), on_inspection=(), dropped=(), stale=stale),
        Publication(),
        wanted_like(published),
        Origin(lambda: iter(())),
    )


def test_manifest_and_report_tell_where_the_image_is_published(tmp_path: Path) -> None:
    write(tmp_path, manifest())
    published = image("8d2f0d3e")
    glance: Any = SimpleNamespace(cloud="prod", endpoint="https://glance.example")
    record(ready(tmp_path, manifest(), published), glance, published)
    assert [publication.image for publication in read(tmp_path).published] == ["8d2f0d3e"]
    assert "8d2f0d3e" in (tmp_path / "report.html").read_text()


@pytest.fixture
def of_root() -> Generator[Path]:
    """A directory that this process cannot write, even where root runs the tests."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(user)
            Path(name).chmod(0o755)


def test_a_build_that_cannot_be_written_is_told_before_anything_is_sent(
    tmp_path: Path, of_root: Path
) -> None:
    with pytest.raises(HostError, match="cannot be written") as error:
        require_writable(of_root)
    assert "sudo chown -R $USER" in error.value.hint


def test_a_build_that_can_be_written_is_not(tmp_path: Path) -> None:
    require_writable(tmp_path)


# ---- what one cloud has decides as well


ENDPOINT = "https://glance.example"
SIGNED = {
    "img_signature": "c2lnbmVk",
    "img_signature_certificate_uuid": "12345678-1234-1234-1234-123456789abc",
    "img_signature_hash_method": "SHA-256",
    "img_signature_key_type": "RSA-PSS",
}


def seen(*images: CloudImage) -> Survey:
    return Survey(images, day(9))


def test_old_evidence_refuses_an_upload_and_nothing_else(tmp_path: Path) -> None:
    published = image("8d2f0d3e")
    old = ready(tmp_path, manifest(), published, stale="it is old")
    assert for_cloud(old, seen(published), ENDPOINT) == old
    with pytest.raises(Refused, match="it is old"):
        for_cloud(old, seen(), ENDPOINT)


def test_a_signature_stays_though_the_build_is_not_signed_again(tmp_path: Path) -> None:
    plain, other = image("8d2f0d3e"), {**SIGNED, "img_signature": "b3RoZXI="}
    record = publication().model_copy(update={"endpoint": ENDPOINT, "properties": SIGNED})
    changed = image("8d2f0d3e", properties=other)
    told = ready(tmp_path, manifest(published=(record,)), plain)
    assert SIGNED.items() <= for_cloud(told, seen(changed), ENDPOINT).wanted.properties.items()
    lost = ready(tmp_path, manifest(), plain)
    assert other.items() <= for_cloud(lost, seen(changed), ENDPOINT).wanted.properties.items()
    assert for_cloud(told, seen(plain), "https://another.example") == told


RAW = PublishedData(sent_as="raw", disk_format="raw", size=9, hashes={"sha512": "e" * 128})


def test_what_is_published_keeps_the_data_that_it_was_sent(tmp_path: Path) -> None:
    published = image("8d2f0d3e")
    record = publication().model_copy(
        update={"endpoint": ENDPOINT, "image": "8d2f0d3e", "data": RAW}
    )
    build = manifest(published=(record,))
    for asked in (None, "raw"):
        again = replace(ready(tmp_path, build, published), asked=asked)
        there = for_cloud(again, seen(published), ENDPOINT)
        assert there.wanted.data == Data(disk_format="raw", size=9, hashes={"sha512": "e" * 128})
        assert there.sent_as == "raw"
    other = replace(ready(tmp_path, build, published), asked="qcow2")
    with pytest.raises(InputError, match="is published as raw already: image 8d2f0d3e"):
        for_cloud(other, seen(published), ENDPOINT)


def test_the_manifest_tells_the_data_where_it_is_not_the_image_itself(tmp_path: Path) -> None:
    write(tmp_path, manifest())
    published = image("8d2f0d3e")
    glance: Any = SimpleNamespace(cloud="prod", endpoint=ENDPOINT)
    plain = ready(tmp_path, manifest(), published)
    own = replace(plain, wanted=replace(plain.wanted, data=own_data(manifest().image)))
    record(own, glance, replace(published, size=manifest().image.size))
    raw = Data(disk_format="raw", size=9, hashes={"sha512": "e" * 128})
    there = replace(published, disk_format="raw", size=9, hash_value="e" * 128)
    record(replace(own, wanted=replace(own.wanted, data=raw), sent_as="raw"), glance, there)
    assert [told.data for told in read(tmp_path).published] == [None, RAW]


def test_the_manifest_tells_what_the_cloud_has_made_of_the_data(tmp_path: Path) -> None:
    write(tmp_path, manifest())
    published = image("8d2f0d3e")
    glance: Any = SimpleNamespace(cloud="prod", endpoint=ENDPOINT)
    sent = replace(ready(tmp_path, manifest(), published), sent_as="qcow2")
    sent = replace(sent, wanted=replace(sent.wanted, content_sha256="5" * 64))
    there = replace(published, disk_format="raw", size=2 << 30, hash_value="e" * 128)
    record(sent, glance, there)
    (told,) = read(tmp_path).published
    assert told.data is not None
    assert told.data.converted
    assert told.data.model_dump() == {
        "sent_as": "qcow2", "disk_format": "raw", "size": 2 << 30,
        "hashes": {"sha256": "5" * 64, "sha512": "e" * 128},
    }  # fmt: skip


def test_a_publication_that_the_manifest_does_not_tell_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builder.publish.record.update", full)
    published = image("8d2f0d3e")
    glance: Any = SimpleNamespace(cloud="prod", endpoint="https://glance.example")
    with pytest.raises(HostError, match=r"8d2f0d3e is published(?s:.*)No space left"):
        record(ready(tmp_path, manifest(), published), glance, published)
