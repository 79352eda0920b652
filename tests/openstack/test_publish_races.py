"""Publications, rollbacks and repairs that meet: none undoes or deletes what another has done."""

import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from faultproxy import Fault, FaultProxy, Gate
from localcloud import LocalCloud
from publishing import NAME, Command, current, images, visible
from smallbuild import small_build

pytestmark = pytest.mark.openstack

UPLOAD, ONE_IMAGE = r"/v2/images/[^/]+/file$", r"/v2/images/[0-9a-f-]{36}$"
BUSY = "Another publisher is at work on 'pinned-scsi'"


@pytest.fixture
def builds(guest_image: Command) -> list[Path]:
    """Three builds, oldest first."""
    return [small_build(guest_image.dist, age=timedelta(days=days)) for days in (3, 2, 1)]


def killed(client: subprocess.Popen[str], gate: Gate) -> None:
    gate.wait()
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    gate.cut()


def test_during_a_publication_nobody_rolls_back_or_repairs(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, builds: list[Path]
) -> None:
    for build in builds[:2]:
        guest_image("publish", build, "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="PATCH", path=ONE_IMAGE, nth=2)
    client = guest_image.start("publish", str(builds[2]), "--cloud", "faulty")
    gate.wait()
    before = images(cloud)
    for words in (
        ("rollback", NAME),
        ("audit", "--repair", "--output", guest_image.dist),
        ("publish", builds[1]),
    ):
        done = guest_image(*words, "--cloud", "local")
        assert (done.status, BUSY in done.err) == (5, True), words
    assert images(cloud) == before
    gate.open()
    client.communicate(timeout=60)
    assert client.returncode == 0
    assert current(cloud).guest_image_build == builds[2].name


def test_two_that_publish_what_is_there_already_end_with_one_image(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, builds: list[Path]
) -> None:
    for build in builds:
        guest_image("publish", build, "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="PATCH", path=ONE_IMAGE, nth=2)
    client = guest_image.start("publish", str(builds[0]), "--cloud", "faulty")
    gate.wait()
    assert guest_image("publish", builds[1], "--cloud", "local").status == 0
    gate.open()
    _, said = client.communicate(timeout=60)
    assert client.returncode == 5
    assert "Somebody else changes images of this name" in said
    assert guest_image("publish", builds[0], "--cloud", "local").status == 0
    assert list(visible(cloud)) == [builds[0].name]
    assert current(cloud).guest_image_build == builds[0].name


def test_retention_does_not_delete_what_a_rollback_would_bring_back_meanwhile(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command
) -> None:
    builds = [
        small_build(guest_image.dist, age=timedelta(days=days), publish={"keep_last": 1})
        for days in (4, 3, 2)
    ]
    for build in builds[:2]:
        guest_image("publish", build, "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="DELETE", path=ONE_IMAGE)
    client = guest_image.start("publish", str(builds[2]), "--cloud", "faulty")
    gate.wait()
    done = guest_image("rollback", NAME, "--cloud", "local")
    assert (done.status, BUSY in done.err) == (5, True)
    gate.open()
    client.communicate(timeout=60)
    assert client.returncode == 0
    assert guest_image("rollback", NAME, "--cloud", "local").status == 0
    assert current(cloud).guest_image_build == builds[1].name
    assert len(images(cloud)) == 2


def test_retention_leaves_an_image_that_came_back_before_it_was_deleted(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command
) -> None:
    builds = [
        small_build(guest_image.dist, age=timedelta(days=days), publish={"keep_last": 0})
        for days in (3, 2)
    ]
    guest_image("publish", builds[0], "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="GET", path=ONE_IMAGE, nth=2)
    client = guest_image.start("publish", str(builds[1]), "--cloud", "faulty")
    gate.wait()
    assert guest_image("rollback", NAME, "--cloud", "local").status == 0
    gate.open()
    out, _ = client.communicate(timeout=60)
    assert "somebody has changed it meanwhile" in out
    assert current(cloud).guest_image_build == builds[0].name


def test_an_upload_that_another_deletes_is_not_published(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, builds: list[Path]
) -> None:
    guest_image("publish", builds[0], "--cloud", "local")
    gate, deleting = Gate(), Gate()
    proxy.inject(Fault(hold_request=gate), method="PATCH", path=ONE_IMAGE)
    killed(guest_image.start("publish", str(builds[1]), "--cloud", "faulty"), gate)
    proxy.inject(Fault(hold_request=deleting), method="DELETE", path=ONE_IMAGE)
    other = guest_image.start("publish", str(builds[2]), "--cloud", "faulty")
    deleting.wait()
    done = guest_image("publish", builds[1], "--cloud", "local")
    assert (done.status, BUSY in done.err) == (5, True)
    deleting.open()
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert current(cloud).guest_image_build == builds[2].name


@pytest.mark.parametrize("nth", [1, 2], ids=["before-it-looks-again", "before-it-claims-it"])
def test_an_upload_that_another_has_published_is_not_deleted(
    nth: int, cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, builds: list[Path]
) -> None:
    guest_image("publish", builds[0], "--cloud", "local")
    gate, claiming = Gate(), Gate()
    proxy.inject(Fault(hold_request=gate), method="PATCH", path=ONE_IMAGE)
    killed(guest_image.start("publish", str(builds[1]), "--cloud", "faulty"), gate)
    method = "GET" if nth == 1 else "PATCH"
    proxy.inject(Fault(hold_request=claiming), method=method, path=ONE_IMAGE)
    other = guest_image.start("publish", str(builds[2]), "--cloud", "faulty")
    claiming.wait()
    assert guest_image("publish", builds[1], "--cloud", "local").status == 0
    claiming.open()
    _, said = other.communicate(timeout=60)
    assert (other.returncode, BUSY in said) == (5, True)
    assert current(cloud).guest_image_build == builds[1].name


def test_an_abandoned_upload_is_deleted_though_there_is_nothing_to_upload(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, builds: list[Path]
) -> None:
    guest_image("publish", builds[0], "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="PUT", path=UPLOAD)
    killed(guest_image.start("publish", str(builds[1]), "--cloud", "faulty"), gate)
    assert len(images(cloud)) == 2
    assert guest_image("publish", builds[0], "--cloud", "local").status == 0
    assert [image.guest_image_build for image in images(cloud)] == [builds[0].name]


def test_a_visibility_that_is_refused_leaves_the_present_image_as_it_is(
    cloud: LocalCloud, guest_image: Command, older: Path
) -> None:
    guest_image("publish", older, "--cloud", "member")
    new = small_build(guest_image.dist, publish={"visibility": "public"})
    for _ in range(2):
        done = guest_image("publish", new, "--cloud", "member")
        assert (done.status, "say another visibility" in done.err) == (5, True)
        assert current(cloud).guest_image_build == older.name
    assert guest_image("publish", older, "--cloud", "member").status == 0
    assert len(images(cloud)) == 1


@pytest.mark.parametrize("words", [("rollback", NAME), ("publish",)], ids=["rollback", "publish"])
def test_an_image_that_was_hidden_is_shown_again_where_the_next_is_refused(
    words: tuple[str, ...],
    cloud: LocalCloud,
    proxy: FaultProxy,
    guest_image: Command,
    builds: list[Path],
) -> None:
    for build in builds[:2]:
        guest_image("publish", build, "--cloud", "local")
    before = current(cloud)
    proxy.inject(Fault(status=403), method="PATCH", path=ONE_IMAGE, nth=2)
    if words == ("publish",):
        words = (*words, str(builds[2]))
    done = guest_image(*words, "--cloud", "faulty")
    assert done.status == 5
    after = current(cloud)
    assert {**after, "updated_at": ""} == {**before, "updated_at": ""}
    assert guest_image(*words, "--cloud", "local").status == 0
