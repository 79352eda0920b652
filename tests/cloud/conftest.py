"""The whole OpenStack that the tests of this folder need, brought up once for all of them."""

import os
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allinone import lifecycle
from allinone.nova import Cpus
from allinone.site import HOME, Site
from proving import HUGE, PINNED
from serving import LIMIT, connected

if TYPE_CHECKING:
    from openstack.connection import Connection

ROOT = HOME / "tests"


@pytest.fixture(scope="session", autouse=True)
def _alone() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("there is one OpenStack, for one process: run 'make test-cloud'")


@pytest.fixture(autouse=True)
def _quiet_sdk() -> Generator[None]:
    with warnings.catch_warnings():
        # The SDK warns of its own attributes.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield


@pytest.fixture(scope="session")
def site() -> Generator[Site]:
    """A running OpenStack, which is not that of ``make openstack``.

    The host's last processor is for pinned guests, the others are for those that float.
    """
    lifecycle.down(keep=False, root=ROOT)  # what killed tests have left
    *shared, dedicated = map(str, sorted(os.sched_getaffinity(0)))
    try:
        yield lifecycle.up(print, Cpus(",".join(shared), dedicated), ROOT)
    finally:
        lifecycle.down(keep=False, root=ROOT)


@pytest.fixture
def cloud(site: Site) -> Generator["Connection"]:
    """A connection of the publisher's; what the test has left there is removed."""
    connection = connected(site)
    yield connection
    for server in list(connection.compute.servers()):
        connection.compute.delete_server(server, force=True)
        connection.compute.wait_for_delete(server, wait=LIMIT)
    for volume in list(connection.block_storage.volumes()):
        connection.block_storage.delete_volume(volume)
        connection.block_storage.wait_for_delete(volume, wait=LIMIT)
    for hidden in (False, True):  # those that a newer one has replaced
        for image in list(connection.image.images(is_hidden=hidden)):
            connection.image.delete_image(image)
    connection.close()


@pytest.fixture
def proofs(
    cloud: "Connection", site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[None]:
    """The flavors and the surroundings of proofs."""
    pinned = cloud.compute.create_flavor(name=PINNED, vcpus=1, ram=1024, disk=5, ephemeral=1)
    cloud.compute.create_flavor_extra_specs(pinned, {"hw:cpu_policy": "dedicated"})
    huge = cloud.compute.create_flavor(name=HUGE, vcpus=1, ram=1024, disk=1 << 20)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(site.clouds_yaml))
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    for flavor in (pinned, huge):
        cloud.compute.delete_flavor(flavor)
