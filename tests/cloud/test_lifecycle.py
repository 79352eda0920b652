"""``make openstack`` brings it up, whatever was left; ``make openstack-down`` leaves nothing."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from allinone import lifecycle, process
from allinone.nova import Cpus
from allinone.site import HOME
from serving import LIMIT, boot, connected, domain

pytestmark = pytest.mark.cloud

DEPLOY = Path(process.__file__).parents[1] / "deploy.py"
ROOT = HOME / "life"
PLACES = [Path(place) / "libvirt" for place in ("/etc", "/var/lib", "/var/cache", "/run")]


def surroundings() -> dict[str, object]:
    """What of this machine an OpenStack could change."""
    links = [path.name for path in Path("/sys/class/net").iterdir()]
    files = {place: sorted(place.rglob("*")) for place in PLACES if place.exists()}
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    return {"links": sorted(links), "files": files, "mounts": mounts}


def mentioned() -> list[bytes]:
    """The command lines that have a path of the OpenStack, whatever ``process.running`` finds."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += [line for line in [file.read_bytes()] if bytes(ROOT) in line]
    return found


@pytest.fixture
def nothing_left() -> Generator[None]:
    """The test finds nothing, and leaves nothing when it has ended the OpenStack."""
    lifecycle.down(keep=False, root=ROOT)  # what killed tests have left
    before = surroundings()
    try:
        yield
        assert process.running(ROOT) == {}
        assert mentioned() == []
        assert not ROOT.exists()
        assert surroundings() == before
    finally:
        lifecycle.down(keep=False, root=ROOT)


def deploy(*words: str) -> str:
    argv = [sys.executable, DEPLOY, "--root", ROOT, *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=600).stdout


def start_and_kill(part: str) -> None:
    """Kill a start as soon as it has come to a part."""
    argv = [sys.executable, DEPLOY, "--root", ROOT, "up"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as starting:
        assert starting.stdout is not None
        reached = any(part in line for line in starting.stdout)
        starting.kill()
    assert reached
    assert process.running(ROOT)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("part", ["starting MariaDB", "filling", "starting Keystone"])
def test_a_killed_start_is_cleaned_up(part: str) -> None:
    start_and_kill(part)
    deploy("down")


@pytest.mark.usefixtures("nothing_left")
def test_where_none_is_there_is_nothing_to_end() -> None:
    deploy("down")
    deploy("down", "--keep")


@pytest.mark.usefixtures("nothing_left")
def test_it_comes_back_after_anything(tmp_path: Path) -> None:
    start_and_kill("starting the compute host")
    said = deploy("up")
    assert f"OS_CLIENT_CONFIG_FILE={ROOT}/run/clouds.yaml" in said

    site = lifecycle.up(print, Cpus(), ROOT)  # runs already
    cloud = connected(site)
    server = boot(cloud, tmp_path, {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"})
    guests = [pid for pid, name in process.running(ROOT).items() if not name]
    assert guests, "QEMU is found without libvirt"
    for pid, name in process.running(ROOT).items():
        if name in {"mariadb", "libvirtd", "nova-compute", "rabbitmq", "ceph-osd"}:
            with contextlib.suppress(ProcessLookupError):  # its parent's death was its own
                os.kill(pid, signal.SIGKILL)
    cloud.close()

    site = lifecycle.up(print, Cpus(), ROOT)
    assert not set(guests) & set(process.running(ROOT))
    cloud = connected(site)
    stopped = cloud.compute.wait_for_server(server, status="SHUTOFF", wait=LIMIT)
    cloud.compute.start_server(stopped)
    cloud.compute.wait_for_server(stopped, wait=LIMIT)
    assert domain(site, stopped).find(".//disk[@device='disk']/target").get("dev") == "sda"
    volume = cloud.block_storage.create_volume(size=1, name="kept")
    cloud.block_storage.wait_for_status(volume, wait=LIMIT)
    cloud.close()

    deploy("down", "--keep")
    assert process.running(ROOT) == {}
    assert [path.name for path in ROOT.iterdir()] == ["kept"]
    shared, *_, dedicated = map(str, sorted(os.sched_getaffinity(0)))
    site = lifecycle.up(print, Cpus(shared, dedicated), ROOT)
    cloud = connected(site)
    assert [image.name for image in cloud.image.images()] == ["an image"]
    (volume,) = cloud.block_storage.volumes()
    cloud.block_storage.delete_volume(volume)  # which its storage has, too
    cloud.block_storage.wait_for_delete(volume, wait=LIMIT)
    flavor = cloud.compute.create_flavor(name="pinned", vcpus=1, ram=512, disk=1)
    cloud.compute.create_flavor_extra_specs(flavor, {"hw:cpu_policy": "dedicated"})
    pinned = boot(cloud, tmp_path, {}, flavor_id=flavor.id)
    assert domain(site, pinned).find("./cputune/vcpupin").get("cpuset") == dedicated
    cloud.close()
    deploy("down")
