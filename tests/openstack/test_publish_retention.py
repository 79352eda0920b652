"""Which replaced images are kept in a real Glance, and which are deleted."""

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from faultproxy import Fault, FaultProxy
from localcloud import LocalCloud
from publishing import Command, Done, images
from smallbuild import small_build
from webserver import serving

pytestmark = pytest.mark.openstack


class Nova(BaseHTTPRequestHandler):
    """As much of Nova as is asked: which servers there are of an image."""

    def do_GET(self) -> None:
        version = {"id": "v2.1", "status": "CURRENT", "version": "2.96", "min_version": "2.1"}
        version["links"] = [{"rel": "self", "href": f"http://{self.headers['Host']}/v2.1/"}]
        found = {"servers": [{"id": "1" * 32, "name": "guest", "links": []}]}
        body = json.dumps(found if "/servers" in self.path else {"versions": [version]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class BrokenNova(Nova):
    """It tells its versions, and fails when it is asked for servers."""

    status = 500

    def do_GET(self) -> None:
        if "/servers" not in self.path:
            super().do_GET()
            return
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class ModestNova(Nova):
    """It tells an ordinary user about servers of his project alone."""

    def do_GET(self) -> None:
        if "all_projects" in self.path:
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()


@pytest.fixture
def unkept(guest_image: Command) -> tuple[Path, Path]:
    """Two builds of a profile that keeps none that is replaced."""
    kept = {"keep_last": 0}
    older, newer = (
        small_build(guest_image.dist, age=timedelta(days=days), publish=kept) for days in (2, 1)
    )
    return older, newer


def publish_beside(
    nova: type[Nova], cloud: LocalCloud, guest_image: Command, builds: tuple[Path, Path]
) -> Done:
    """Publish one build after the other in a cloud that has such a Nova; what the last one says."""
    with serving(nova) as server:
        cloud.add_cloud("computing", compute_endpoint_override=f"{server.url}/v2.1/")
        first, last = (guest_image("publish", build, "--cloud", "computing") for build in builds)
    assert first.status == 0, first.err
    assert last.status == 0, last.err
    return last


def test_retention_deletes_what_the_profile_no_longer_keeps(
    cloud: LocalCloud, guest_image: Command
) -> None:
    kept = {"keep_last": 1}
    builds = [
        small_build(guest_image.dist, age=timedelta(days=days), publish=kept)
        for days in (4, 3, 2, 1)
    ]
    for build in builds[:3]:
        assert guest_image("publish", build, "--cloud", "local").status == 0
    protected = next(image for image in images(cloud) if image.guest_image_build == builds[1].name)
    cloud.client().images.update(protected.id, protected=True)
    done = guest_image("publish", builds[3], "--cloud", "local")
    assert "as retention says" not in done.err, "the one that would go is protected"
    assert {image.guest_image_build for image in images(cloud)} == {
        build.name for build in builds[1:]
    }
    cloud.client().images.update(protected.id, protected=False)
    done = guest_image("publish", builds[3], "--cloud", "local")
    assert f"deleted {protected.id} of build {builds[1].name}, as retention says" in done.err
    assert {image.guest_image_build for image in images(cloud)} == {
        build.name for build in builds[2:]
    }


@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning")
def test_retention_keeps_what_a_server_was_made_of(
    cloud: LocalCloud, guest_image: Command, unkept: tuple[Path, Path]
) -> None:
    done = publish_beside(Nova, cloud, guest_image, unkept)
    assert "it is the image of 1 server" in done.err
    assert len(images(cloud)) == 2
    guest_image("publish", unkept[1], "--cloud", "local")
    assert len(images(cloud)) == 1


@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning")
@pytest.mark.parametrize(
    ("nova", "reason"),
    [
        pytest.param(BrokenNova, "could not list the servers", id="nova-fails"),
        pytest.param(ModestNova, "it is the image of 1 server", id="only-its-own-project"),
    ],
)
def test_retention_keeps_what_may_be_in_use_and_says_so(
    nova: type[Nova],
    reason: str,
    cloud: LocalCloud,
    guest_image: Command,
    unkept: tuple[Path, Path],
) -> None:
    done = publish_beside(nova, cloud, guest_image, unkept)
    assert reason in done.out
    assert len(images(cloud)) == 2


def test_retention_says_which_image_could_not_be_deleted(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, unkept: tuple[Path, Path]
) -> None:
    first, second = unkept
    guest_image("publish", first, "--cloud", "local")
    proxy.inject(Fault(status=500), method="DELETE", path=r"/v2/images/[0-9a-f-]{36}$")
    done = guest_image("publish", second, "--cloud", "faulty")
    assert done.status == 0
    assert f"of build {first.name}: Cloud 'faulty' could not delete image" in done.out
    listed = json.loads(guest_image("list", "--cloud", "local", "--json").out)
    assert [row["state"] for row in listed] == ["current", "replaced"]
