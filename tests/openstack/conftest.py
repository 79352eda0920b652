"""Fixtures of the tests against a real Keystone and Glance."""

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from faultproxy import FaultProxy
from localcloud import LocalCloud
from night_host import Host
from publishing import Command
from smallbuild import small_build


@pytest.fixture(scope="session")
def running_cloud(tmp_path_factory: pytest.TempPathFactory) -> Generator[LocalCloud]:
    """The cloud of all tests. A test takes ``cloud``, which cleans up after it."""
    cloud = LocalCloud(tmp_path_factory.mktemp("cloud"))
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith("OS_"):
                environment.delenv(name)
        environment.setenv("OS_CLIENT_CONFIG_FILE", str(cloud.clouds_yaml))
        environment.setenv("no_proxy", "127.0.0.1")
        try:
            cloud.start()
            yield cloud
        finally:
            cloud.stop()


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> Generator[LocalCloud]:
    """A running cloud without images. ``OS_CLIENT_CONFIG_FILE`` names its ``clouds.yaml``."""
    yield running_cloud
    if not running_cloud.glance.runs:
        running_cloud.glance.start()
    running_cloud.remove_images("local")
    if running_cloud.prod_glance.runs:
        running_cloud.remove_images("prod")
    if running_cloud.standalone_glance.runs:
        running_cloud.remove_images("none")


@pytest.fixture
def prod(cloud: LocalCloud) -> LocalCloud:
    """The cloud, with the Glance of the cloud ``prod`` running as well."""
    if not cloud.prod_glance.runs:
        cloud.prod_glance.start()
    return cloud


@pytest.fixture
def standalone(cloud: LocalCloud) -> LocalCloud:
    """The cloud, with the Glance of the clouds ``none`` and ``basic`` running as well."""
    if not cloud.standalone_glance.runs:
        cloud.standalone_glance.start()
    return cloud


@pytest.fixture
def proxy(cloud: LocalCloud) -> Generator[FaultProxy]:
    """A proxy in front of Glance; the cloud ``faulty`` is ``local`` through it."""
    with FaultProxy(cloud.glance.port) as between:
        cloud.add_cloud("faulty", image_endpoint_override=between.url)
        yield between


@pytest.fixture
def guest_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command, with a cache and builds of this test alone."""
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    return Command(tmp_path / "dist", capsys)


@pytest.fixture
def older(guest_image: Command) -> Path:
    return small_build(guest_image.dist, age=timedelta(days=2))


@pytest.fixture
def newer(guest_image: Command) -> Path:
    return small_build(guest_image.dist, age=timedelta(days=1))


@pytest.fixture
def host(
    prod: LocalCloud, guest_image: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Host:
    """A host of scheduled builds, in whose repository the test is."""
    host = Host(tmp_path, prod.clouds_yaml)
    host.prepare()
    monkeypatch.chdir(host.repository)
    return host
