"""The whole OpenStack that the tests of this folder need, brought up once for all of them."""

import os
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allinone import lifecycle
from allinone.nova import Cpus
from allinone.resources import FLAVORS, NETWORK
from allinone.site import HOME, Site
from cloudtemplate import connect
from smallbuild import small_image

if TYPE_CHECKING:
    from openstack.connection import Connection

ROOT = HOME / "tests"
SERVER_LIMIT = 300
"""Seconds within which a server is what it is to be; half a minute on an idle machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("cloud")


@pytest.fixture(scope="session", autouse=True)
def _alone() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("there is one OpenStack, for one process: run 'make test-cloud'")


@pytest.fixture(scope="session")
def site() -> Generator[Site]:
    """A running OpenStack, which is not that of ``make openstack``."""
    lifecycle.down(keep=False, root=ROOT)  # what killed tests have left
    try:
        yield lifecycle.up(print, Cpus(), ROOT)
    finally:
        lifecycle.down(keep=False, root=ROOT)


@pytest.fixture
def cloud(site: Site) -> Generator["Connection"]:
    """A connection of the publisher's; servers and images that the test has left are removed."""
    with warnings.catch_warnings():
        # The SDK warns of its own attributes.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        connection = connect(f"{site.url('keystone')}/v3", "publisher", "images", site.password)
        yield connection
        for server in list(connection.compute.servers()):
            connection.compute.delete_server(server, force=True)
            connection.compute.wait_for_delete(server, wait=SERVER_LIMIT)
        for image in list(connection.image.images()):
            connection.image.delete_image(image)
        connection.close()


class Servers:
    """Makes images that no system is on, and servers of them: Nova does not look inside."""

    def __init__(self, cloud: "Connection", directory: Path) -> None:
        self.compute = cloud.compute
        self._cloud = cloud
        self._file = directory / "image.qcow2"
        small_image(self._file)

    def boot(self, properties: dict[str, str], **wanted: Any) -> Any:
        """An active server of an image with these properties."""
        image = self._cloud.image.create_image(
            "an image", filename=str(self._file), disk_format="qcow2", wait=True, **properties
        )
        flavor = self.compute.find_flavor(next(iter(FLAVORS)), ignore_missing=False)
        network = self._cloud.network.find_network(NETWORK, ignore_missing=False)
        wanted = {"flavor_id": flavor.id, "networks": [{"uuid": network.id}], **wanted}
        server = self.compute.create_server(name="a server", image_id=image.id, **wanted)
        return self.compute.wait_for_server(server, wait=SERVER_LIMIT)


@pytest.fixture
def servers(cloud: "Connection", tmp_path: Path) -> Servers:
    return Servers(cloud, tmp_path)
