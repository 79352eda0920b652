"""A cloud that converts what it imports: Glance's own plugin, configured as its operators do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from gpt_disks import SIZE, as_qcow2, partitioned
from localcloud import LocalCloud
from publishing import Command, current, images
from smallbuild import small_build

from builder.host.files import digests
from builder.store.manifest import read, write

pytestmark = pytest.mark.openstack

BY_IMPORT = ("--cloud", "local", "--method", "glance-direct")


def converting(output_format: str) -> dict[str, dict[str, str]]:
    return {
        "image_import_opts": {"image_import_plugins": "[image_conversion]"},
        "image_conversion": {"output_format": output_format},
    }


@pytest.fixture(scope="module")
def to_raw(running_cloud: LocalCloud) -> Iterator[LocalCloud]:
    with running_cloud.glance.configured(converting("raw")):
        yield running_cloud


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return partitioned(tmp_path / "disk.raw")


@pytest.fixture
def build(guest_image: Command, raw: Path) -> Path:
    return small_build(guest_image.dist, age=timedelta(days=1), size=SIZE, image=as_qcow2(raw))


@pytest.mark.usefixtures("to_raw")
def test_what_a_cloud_has_converted_is_published_and_audited(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    done = guest_image("publish", build, *BY_IMPORT)
    assert done.status == 0, done.err
    image = current(cloud)
    assert (image.disk_format, image.os_hash_value) == ("raw", digests(raw)[1])
    (record,) = read(build).published
    assert record.data is not None
    assert (record.data.sent_as, record.data.disk_format) == ("qcow2", "raw")
    audit = guest_image("audit", "--cloud", "local", "--output", guest_image.dist)
    assert audit.status == 0, audit.out
    assert "the cloud has made raw of the qcow2" in audit.out
    for words in (BY_IMPORT, ("--cloud", "local")):
        again = guest_image("publish", build, *words)
        assert again.status == 0, again.err
        assert "nothing was changed" in again.out
    assert len(images(cloud)) == 1


@pytest.mark.usefixtures("to_raw")
def test_a_manifest_that_lost_its_record_gets_it_again(
    cloud: LocalCloud, guest_image: Command, build: Path
) -> None:
    manifest = (build / "manifest.json").read_bytes()
    guest_image("publish", build, *BY_IMPORT)
    told = read(build).published[0].data
    (build / "manifest.json").write_bytes(manifest)
    done = guest_image("publish", build, *BY_IMPORT)
    assert done.status == 0, done.err
    (record,) = read(build).published
    assert (record.image, record.data) == (current(cloud).id, told)


@pytest.mark.usefixtures("to_raw")
def test_a_disk_that_is_another_one_afterwards_is_not_published(
    cloud: LocalCloud, guest_image: Command, build: Path
) -> None:
    """As if the cloud's plugin had changed a block: another disk was proven than it has."""
    recorded = read(build)
    image = recorded.image.model_copy(update={"content_sha256": "0" * 64})
    write(build, recorded.model_copy(update={"image": image}))
    done = guest_image("publish", build, *BY_IMPORT)
    assert done.status != 0
    assert "does not have the disk that was proven" in done.err
    assert images(cloud) == []


@pytest.mark.usefixtures("to_raw")
def test_a_build_whose_disk_nobody_knows_is_not_published(
    cloud: LocalCloud, guest_image: Command, build: Path
) -> None:
    recorded = read(build)
    image = recorded.image.model_copy(update={"content_sha256": ""})
    write(build, recorded.model_copy(update={"image": image}))
    done = guest_image("publish", build, *BY_IMPORT)
    assert done.status != 0
    assert "converts what it imports" in done.err
    assert images(cloud) == []


@pytest.mark.usefixtures("to_raw")
def test_what_the_cloud_keeps_is_not_converted(
    cloud: LocalCloud, guest_image: Command, build: Path
) -> None:
    done = guest_image("publish", build, *BY_IMPORT, "--as", "raw")
    assert done.status == 0, done.err
    (record,) = read(build).published
    assert record.data is not None
    assert not record.data.converted
    assert current(cloud).disk_format == "raw"


def test_a_raw_disk_of_which_the_cloud_makes_a_qcow2_is_fetched_and_compared(
    cloud: LocalCloud, guest_image: Command, build: Path, raw: Path
) -> None:
    with cloud.glance.configured(converting("qcow2")):
        done = guest_image("publish", build, *BY_IMPORT, "--as", "raw")
        assert done.status == 0, done.err
        image = current(cloud)
        assert image.disk_format == "qcow2"
        assert image.os_hash_value != digests(raw)[1], "what was sent"
        (record,) = read(build).published
        assert record.data is not None
        assert record.data.hashes["sha512"] == image.os_hash_value
