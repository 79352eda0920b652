"""Fixtures of archives of packages on loopback, and of machines that ask them."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from apt_archive import AptArchive, Key, served
from due_machine import AT_FIRST, Machine
from rpm_archive import ROCKY_AT_FIRST, RpmArchive, packages
from rpm_archive import served as rpm_served
from webserver import WebServer

from builder.distribution import DISTRIBUTIONS


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Generator[Key]:
    key = Key(tmp_path_factory.mktemp("gpg") / "home")
    yield key
    key.end()


@pytest.fixture
def archive(tmp_path: Path, key: Key) -> AptArchive:
    archive = AptArchive(tmp_path / "archive", key)
    archive.write_all(AT_FIRST)
    return archive


@pytest.fixture
def server(archive: AptArchive) -> Generator[WebServer]:
    with served(archive) as server:
        yield server


@pytest.fixture
def machine(
    tmp_path: Path,
    key: Key,
    server: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    distribution = replace(DISTRIBUTIONS["debian-12"], keyring=str(key.keyring))
    monkeypatch.setitem(DISTRIBUTIONS, "debian-12", distribution)
    for name in ("http_proxy", "https_proxy", "DIB_DISTRIBUTION_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    machine = Machine(tmp_path, {"archive": server.url, "security": server.url}, capsys)
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(machine.cache))
    return machine


@pytest.fixture
def rpm_archive(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> RpmArchive:
    built = tmp_path_factory.getbasetemp() / "rpms"
    built.mkdir(exist_ok=True)
    archive = RpmArchive(tmp_path / "archive", built)
    archive.write_all(ROCKY_AT_FIRST)
    return archive


@pytest.fixture
def rpm_server(rpm_archive: RpmArchive) -> Generator[WebServer]:
    with rpm_served(rpm_archive) as server:
        yield server


@pytest.fixture
def rpm_machine(
    tmp_path: Path,
    rpm_server: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    for name in ("http_proxy", "https_proxy", "DIB_DISTRIBUTION_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    machine = Machine(
        tmp_path,
        {"archive": rpm_server.url},
        capsys,
        packages(ROCKY_AT_FIRST),
        distribution="rocky-9",
    )
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(machine.cache))
    machine.build()
    return machine
