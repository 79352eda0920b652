"""A raw disk is published to a Glance whose store is Ceph, which clones servers' disks of it."""

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allinone import ceph, glance
from allinone.process import inside
from allinone.site import Site
from gpt_disks import MIB, SIZE, as_qcow2, partitioned
from publishing import peak_of_raw_upload
from smallbuild import small_build

from builder.host.files import sha256_of
from builder.store.manifest import read

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = pytest.mark.cloud

LARGE = 1024 * MIB


def rbd(site: Site, *words: str | Path) -> str:
    """What Ceph's own program says, inside of the OpenStack's network."""
    done = subprocess.run(
        [*inside(site), "rbd", "--conf", ceph.configuration(site), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_a_raw_disk_in_ceph_is_the_one_that_was_proven(
    cloud: "Connection", site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(site.clouds_yaml))
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    peaks = []
    for days, size in ((2, SIZE), (1, LARGE)):
        raw = partitioned(tmp_path / f"{days}.raw", size)
        build = small_build(
            tmp_path / "dist", age=timedelta(days=days), size=size, image=as_qcow2(raw)
        )
        peaks.append(peak_of_raw_upload(build, "--store", glance.CEPH))

        image = cloud.image.find_image("pinned-scsi", ignore_missing=False)
        assert (image.disk_format, image.size) == ("raw", size)
        assert image.properties["stores"] == glance.CEPH
        assert image.id in rbd(site, "ls", ceph.IMAGES).split()
        expected = sha256_of(raw)
        assert read(build).image.content_sha256 == expected
        answered = hashlib.sha256()
        for chunk in cloud.image.download_image(image, stream=True).iter_content(MIB):
            answered.update(chunk)
        assert answered.hexdigest() == expected, "as Glance gives it"
        stored = tmp_path / "stored.raw"
        rbd(site, "export", "--no-progress", f"{ceph.IMAGES}/{image.id}", stored)
        assert sha256_of(stored) == expected, "as it lies in Ceph"
        stored.unlink()
    assert peaks[1] < peaks[0] + 24 * MIB, peaks
    words = ("audit", "--cloud", "local", "--output", tmp_path / "dist")
    subprocess.run(["guest-image", *words], check=True, timeout=300)
