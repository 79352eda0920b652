"""The cloud that the tests stand on is what they take it for."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from glanceclient import exc
from keystoneauth1.exceptions import http
from localcloud import LocalCloud
from waiting import wait_until
from webserver import Files, serving

pytestmark = pytest.mark.openstack

HERE = Path(__file__).parent


def image(cloud: LocalCloud, name: str = "local", **properties: Any) -> Any:
    described = {"name": "an image", "disk_format": "raw", "container_format": "bare"}
    return cloud.client(name).images.create(**described | properties)


def upload(cloud: LocalCloud, name: str = "local", size: int = 1000, **where: str) -> Any:
    queued = image(cloud, name)
    cloud.client(name).images.upload(queued.id, io.BytesIO(os.urandom(size)), **where)
    return cloud.client(name).images.get(queued.id)


def test_an_upload_is_stored_and_hashed(cloud: LocalCloud) -> None:
    stored = upload(cloud, size=12345)
    assert (stored.status, stored.size, stored.os_hash_algo) == ("active", 12345, "sha512")
    assert (cloud.glance.store("fast") / stored.id).stat().st_size == 12345


@pytest.mark.parametrize("name", ["local", "application"])
def test_the_publisher_may_make_images_public(cloud: LocalCloud, name: str) -> None:
    assert image(cloud, name, visibility="public").visibility == "public"


def test_a_member_may_not_make_images_public(cloud: LocalCloud) -> None:
    with pytest.raises(exc.HTTPForbidden):
        image(cloud, "member", visibility="public")
    assert image(cloud, "member").visibility == "shared"


def test_a_reader_may_only_look(cloud: LocalCloud) -> None:
    queued = image(cloud, "local")
    assert cloud.client("reader").images.get(queued.id).name == "an image"
    with pytest.raises(exc.HTTPForbidden):
        image(cloud, "reader")


def test_another_project_does_not_see_what_is_not_its_own(cloud: LocalCloud) -> None:
    queued = image(cloud, "local")
    with pytest.raises(exc.HTTPNotFound):
        cloud.client("partner").images.get(queued.id)


def test_a_wrong_password_is_refused(cloud: LocalCloud) -> None:
    with pytest.raises(http.Unauthorized):
        cloud.client("wrong-password").images.get("any")


def test_the_other_region_has_images_of_its_own(prod: LocalCloud) -> None:
    stored = upload(prod, "prod")
    assert prod.client("prod").images.get(stored.id).status == "active"
    assert list(prod.client().images.list()) == []


@pytest.mark.parametrize("name", ["none", "basic"])
def test_a_glance_without_a_keystone_serves_too(standalone: LocalCloud, name: str) -> None:
    assert upload(standalone, name).status == "active"
    assert image(standalone, name, visibility="public").visibility == "public"


def test_basic_authentication_is_checked(standalone: LocalCloud) -> None:
    mistyped = {"endpoint": standalone.standalone_glance.url, "username": "me", "password": "x"}
    standalone.add_cloud("basic-mistyped", like="basic", auth=mistyped)
    with pytest.raises(exc.HTTPUnauthorized):
        image(standalone, "basic-mistyped")


def test_an_upload_can_go_to_another_store(cloud: LocalCloud) -> None:
    stored = upload(cloud, backend="archive")
    assert stored.stores == "archive"
    assert (cloud.glance.store("archive") / stored.id).exists()


def test_staged_data_is_imported_into_two_stores(cloud: LocalCloud) -> None:
    queued = image(cloud)
    cloud.client().images.stage(queued.id, io.BytesIO(b"staged"))
    cloud.client().images.image_import(queued.id, "glance-direct", stores=["fast", "archive"])

    def is_in_both_stores() -> bool:
        stores = cloud.client().images.get(queued.id).get("stores", "")
        return set(stores.split(",")) == {"fast", "archive"}

    wait_until(is_in_both_stores, "the image is in both stores")


def test_an_image_is_imported_from_loopback(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "an.img").write_bytes(b"from the web")
    with serving(Files, root=str(tmp_path)) as server:
        queued = image(cloud)
        uri = f"{server.url}/an.img"
        cloud.client().images.image_import(queued.id, "web-download", uri=uri)
        wait_until(
            lambda: cloud.client().images.get(queued.id).status == "active", "the image is active"
        )
        assert cloud.client().images.get(queued.id).size == len(b"from the web")


def test_a_quota_refuses_what_is_larger(cloud: LocalCloud) -> None:
    with cloud.glance.quota("5000B"):
        assert upload(cloud, size=4000).status == "active"
        with pytest.raises(exc.HTTPOverLimit):
            upload(cloud, size=4000)
    assert upload(cloud, size=6000).status == "active"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_a_small_store_gets_full(cloud: LocalCloud) -> None:
    with cloud.glance.small_store("fast", 2**20):
        with pytest.raises(exc.HTTPOverLimit):
            upload(cloud, size=2**21)
        assert upload(cloud, size=2**19).status == "active"
    assert upload(cloud, size=2**21).status == "active"


def test_a_killed_server_comes_back_with_its_images(cloud: LocalCloud) -> None:
    stored = upload(cloud)
    cloud.glance.kill()
    with pytest.raises(exc.CommunicationError):
        cloud.client().images.get(stored.id)
    cloud.glance.start()
    assert cloud.client().images.get(stored.id).status == "active"


def test_nothing_is_left_after_a_test(cloud: LocalCloud) -> None:
    hidden = image(cloud, os_hidden=True, protected=True)
    upload(cloud, "partner")
    cloud.remove_images("local")
    assert list(cloud.client().images.list()) == []
    with pytest.raises(exc.HTTPNotFound):
        cloud.client().images.get(hidden.id)


def processes_below(directory: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(directory):
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                found += [entry.name] if state != "Z" else []
        except OSError:  # it has ended meanwhile
            continue
    return found


def test_the_servers_die_with_a_killed_test(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path; from localcloud import LocalCloud\n"
        f"cloud = LocalCloud(Path({str(tmp_path)!r})); cloud.start()\n"
        "print('up', flush=True); input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as test:
        assert test.stdout is not None
        assert test.stdout.readline() == b"up\n"
        assert processes_below(tmp_path)
        test.send_signal(signal.SIGKILL)
    wait_until(lambda: not processes_below(tmp_path), "no process is left")
