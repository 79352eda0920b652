"""Nights of the rendered definition from ``due`` to production, which asks a real archive."""

import json
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from apt_archive import RELEASE, AptArchive, Deb, Key, served
from github_runner import Night, Runner
from localcloud import LocalCloud
from night_host import Host
from publishing import Command, current, images

from builder.ci.github import FILE

pytestmark = [pytest.mark.openstack, pytest.mark.program("sudo", "apt-get", "gpg")]

NAME = "night"
LIBC, OPENSSL = Deb("libc6", "2.36-9"), Deb("openssl", "3.0.1-1", "libc6")
NEWER = Deb("openssl", "3.0.1-2", "libc6")


@pytest.fixture
def archive(tmp_path: Path) -> Generator[AptArchive]:
    key = Key(tmp_path / "gpg")
    archive = AptArchive(tmp_path / "archive", key)
    archive.write_all([LIBC, OPENSSL])
    yield archive
    key.end()


@pytest.fixture
def url(archive: AptArchive) -> Generator[str]:
    with served(archive) as server:
        yield server.url


class Nights:
    """The nights of a host whose profile is built of an archive's packages."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._runner = Runner(host.repository, host.overrides)

    def __call__(self, *debs: Deb) -> Night:
        """Run a night; what is built in it has these packages."""
        self.host.tell(None)
        packages = {deb.name: deb.version for deb in debs}
        (self.host.told / "packages.json").write_text(json.dumps(packages))
        secrets = {"CLOUDS_YAML": self.host.clouds}
        return self._runner.run(self.host.repository / FILE, "image", secrets)


@pytest.fixture
def nights(host: Host, guest_image: Command, archive: AptArchive, url: str) -> Nights:
    (host.told / "keyring").write_bytes(archive.key.keyring.read_bytes())
    mirror = {"archive": url, "security": url}
    public = dict.fromkeys(mirror, "http://mirror.example.org/debian")
    profile = {"extends": "base", "mirrors": {**mirror, "in_image": public}}
    (host.repository / f"{NAME}.yaml").write_text(json.dumps(profile))
    words = ("--for", "github", "--staging", "local", "--production", "prod", f"./{NAME}.yaml")
    assert guest_image("ci", "render", *words).status == 0
    return Nights(host)


def latest(nights: Nights) -> str:
    return (nights.host.dist / NAME / "latest").readlink().name


def test_what_is_due_is_built_and_what_is_not_is_left_alone(
    nights: Nights, archive: AptArchive, prod: LocalCloud
) -> None:
    first = nights(LIBC, OPENSSL)
    assert first.failed == "", first.log
    assert nights.host.verbs[-1] == "promote"
    before = {cloud: images(prod, cloud) for cloud in ("local", "prod")}
    began = time.monotonic()
    second = nights()
    print(f"a night with nothing to do took {time.monotonic() - began:.1f} s")
    assert (second.failed, nights.host.verbs) == ("", ["due"]), second.log
    assert {cloud: images(prod, cloud) for cloud in before} == before
    archive.write(RELEASE, [LIBC, NEWER])
    third = nights(LIBC, NEWER)
    assert (third.failed, nights.host.verbs[-1]) == ("", "promote"), third.log
    assert NEWER.version in nights.host.results()["due.txt"]
    assert current(prod, "prod", NAME).guest_image_build == latest(nights)
    assert nights().outputs == {("due", "due"): "false"}


def test_a_night_that_was_broken_off_is_made_good_by_the_next(
    nights: Nights, prod: LocalCloud
) -> None:
    prod.prod_glance.stop()
    assert nights(LIBC, OPENSSL).failed, "production does not answer"
    prod.prod_glance.start()
    assert nights(LIBC, OPENSSL).failed == ""
    for cloud in ("local", "prod"):
        assert current(prod, cloud, NAME).guest_image_build == latest(nights)
    assert nights().outputs == {("due", "due"): "false"}


def test_an_archive_that_is_down_fails_the_night(nights: Nights, archive: AptArchive) -> None:
    assert nights(LIBC, OPENSSL).failed == ""
    for release in archive.root.rglob("InRelease"):
        release.unlink()
    night = nights()
    assert night.failed == "Ask whether a build is due"
    assert nights.host.verbs == ["due"]
