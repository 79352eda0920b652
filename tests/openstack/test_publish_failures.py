"""Whatever breaks: nothing is lost, no wrong image is visible, and the same command repairs it."""

import os
import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from faultproxy import Fault, FaultProxy, Gate
from localcloud import LocalCloud
from publishing import NAME, Command, answering, current, images, visible
from smallbuild import MIB, small_build
from waiting import wait_until

from builder.store.manifest import read

pytestmark = pytest.mark.openstack

UPLOAD, IMAGES = r"/v2/images/[^/]+/file$", r"/v2/images$"
ONE_IMAGE = r"/v2/images/[0-9a-f-]{36}$"


@pytest.fixture
def old(cloud: LocalCloud, guest_image: Command) -> Path:
    """A build that is published."""
    build = small_build(guest_image.dist, age=timedelta(days=2))
    assert guest_image("publish", build, "--cloud", "local").status == 0
    return build


@pytest.fixture
def new(guest_image: Command) -> Path:
    """A build that is to replace it."""
    return small_build(guest_image.dist, age=timedelta(days=1), size=4 * MIB)


def start_upload(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, build: Path, rate: int = MIB
) -> subprocess.Popen[str]:
    """Publish a build through a slow network, and return in the midst of its upload."""
    proxy.inject(Fault(rate=rate), method="PUT", path=UPLOAD)
    client = guest_image.start("publish", str(build), "--cloud", "faulty")
    wait_until(lambda: any(image.status == "saving" for image in images(cloud)), "an upload")
    return client


def require_sound(cloud: LocalCloud, old: Path, new: Path) -> None:
    """One complete image answers to the name, and nothing but it can be seen."""
    (answer,) = answering(cloud)
    build = answer.guest_image_build
    assert build in {old.name, new.name}
    assert answer.os_hash_value == read(old if build == old.name else new).image.sha512
    assert set(visible(cloud)) <= {build}
    assert old.name in {image.guest_image_build for image in images(cloud)}, "the old one is lost"


def require_repaired(cloud: LocalCloud, guest_image: Command, old: Path, new: Path) -> None:
    """The same command succeeds, and leaves the new image, the old one, and nothing else."""
    require_sound(cloud, old, new)
    done = guest_image("publish", new, "--cloud", "local")
    assert done.status == 0, done.err
    assert current(cloud).guest_image_build == new.name
    assert current(cloud).os_hash_value == read(new).image.sha512
    assert sorted(image.guest_image_build for image in images(cloud)) == [old.name, new.name]
    assert sum(image.name == NAME for image in images(cloud)) == 1
    assert [publication.image for publication in read(new).published] == [current(cloud).id]


# ---- the client is killed


@pytest.mark.parametrize("side", ["request", "answer"])
@pytest.mark.parametrize(
    ("method", "path", "nth"),
    [
        pytest.param("POST", IMAGES, 1, id="create"),
        pytest.param("PUT", UPLOAD, 1, id="upload"),
        pytest.param("PATCH", ONE_IMAGE, 1, id="hide"),
        pytest.param("PATCH", ONE_IMAGE, 2, id="present"),
        pytest.param("PATCH", ONE_IMAGE, 3, id="rename"),
    ],
)
def test_a_client_that_is_killed_at_any_step_is_repaired_by_the_same_command(
    method: str,
    path: str,
    nth: int,
    side: str,
    cloud: LocalCloud,
    proxy: FaultProxy,
    guest_image: Command,
    old: Path,
    new: Path,
) -> None:
    gate = Gate()
    held = Fault(hold_request=gate) if side == "request" else Fault(hold_answer=gate)
    proxy.inject(held, method=method, path=path, nth=nth)
    client = guest_image.start("publish", str(new), "--cloud", "faulty")
    gate.wait()
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    gate.cut()
    require_repaired(cloud, guest_image, old, new)


def test_a_client_that_is_killed_in_mid_upload_is_repaired(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    client = start_upload(cloud, proxy, guest_image, new)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    require_repaired(cloud, guest_image, old, new)


def test_a_client_that_is_told_to_stop_takes_its_draft_away(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    client = start_upload(cloud, proxy, guest_image, new)
    client.terminate()
    client.communicate()
    assert client.returncode == 130
    assert [image.guest_image_build for image in images(cloud)] == [old.name]
    require_repaired(cloud, guest_image, old, new)


def test_a_rollback_that_is_killed_is_completed_by_the_next(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    guest_image("publish", new, "--cloud", "local")
    gate = Gate()
    proxy.inject(Fault(hold_request=gate), method="PATCH", path=ONE_IMAGE, nth=2)
    client = guest_image.start("rollback", NAME, "--cloud", "faulty")
    gate.wait()
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    gate.cut()
    require_sound(cloud, old, new)
    assert guest_image("rollback", NAME, "--cloud", "local").status == 0
    assert current(cloud).guest_image_build == old.name
    assert sum(image.name == NAME for image in images(cloud)) == 1


# ---- the cloud fails


def test_a_server_that_is_killed_in_mid_upload_and_restarted_is_served_again(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    client = start_upload(cloud, proxy, guest_image, new)
    cloud.glance.kill()
    _, said = client.communicate(timeout=60)
    assert client.returncode == 5
    assert "could not take the image's data" in said
    assert "Run the same command again" in said
    cloud.glance.start()
    require_repaired(cloud, guest_image, old, new)


@pytest.mark.parametrize(
    ("fault", "method", "path", "said"),
    [
        pytest.param(
            Fault(cut_request=MIB), "PUT", UPLOAD, "Check the network", id="cut-in-mid-upload"
        ),
        pytest.param(
            Fault(cut_answer=0), "PUT", UPLOAD, "Check the network", id="answer-to-upload-lost"
        ),
        pytest.param(
            Fault(cut_answer=0), "POST", IMAGES, "Check the network", id="answer-to-create-lost"
        ),
        pytest.param(
            Fault(cut_answer=0), "PATCH", ONE_IMAGE, "Check the network", id="answer-to-hide-lost"
        ),
        pytest.param(Fault(status=403), "PATCH", ONE_IMAGE, "Ask the cloud's operators", id="403"),
        pytest.param(Fault(status=409), "PATCH", ONE_IMAGE, "guest-image list", id="409"),
        pytest.param(Fault(status=413), "PUT", UPLOAD, "quota", id="413"),
        pytest.param(Fault(status=415), "PUT", UPLOAD, "does not take this format", id="415"),
        pytest.param(Fault(status=500), "PUT", UPLOAD, "Glance's log", id="500-at-upload"),
        pytest.param(Fault(status=500), "PATCH", ONE_IMAGE, "Glance's log", id="500-at-switch"),
        pytest.param(Fault(status=503), "PUT", UPLOAD, "busy", id="503-at-upload"),
    ],
)
def test_a_failure_is_told_and_repaired(
    fault: Fault,
    method: str,
    path: str,
    said: str,
    cloud: LocalCloud,
    proxy: FaultProxy,
    guest_image: Command,
    old: Path,
    new: Path,
) -> None:
    proxy.inject(fault, method=method, path=path)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 5
    assert "Cloud 'faulty' could not" in done.err
    assert said in done.err
    assert "Traceback" not in done.err
    require_repaired(cloud, guest_image, old, new)


@pytest.mark.parametrize(("method", "path"), [("PATCH", ONE_IMAGE), ("POST", IMAGES)])
def test_a_cloud_that_is_busy_is_asked_again_when_it_says(
    method: str,
    path: str,
    cloud: LocalCloud,
    proxy: FaultProxy,
    guest_image: Command,
    old: Path,
    new: Path,
) -> None:
    busy = Fault(status=503, headers={"Retry-After": "1"})
    proxy.inject(busy, method=method, path=path, times=2)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 0, done.err
    require_sound(cloud, old, new)
    assert current(cloud).guest_image_build == new.name


@pytest.mark.parametrize(("method", "path"), [("PATCH", ONE_IMAGE), ("POST", IMAGES)])
def test_a_token_that_expires_in_mid_way_is_renewed(
    method: str,
    path: str,
    cloud: LocalCloud,
    proxy: FaultProxy,
    guest_image: Command,
    old: Path,
    new: Path,
) -> None:
    proxy.inject(Fault(status=401), method=method, path=path)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 0, done.err
    assert current(cloud).guest_image_build == new.name


def test_a_token_that_expires_at_the_upload_leaves_no_truncated_image(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    proxy.inject(Fault(status=401), method="PUT", path=UPLOAD)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 5
    require_repaired(cloud, guest_image, old, new)


def test_credentials_that_expire_in_mid_way_are_told(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    proxy.inject(Fault(status=401), method="PATCH", path=ONE_IMAGE, times=9)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 5
    assert "Check the credentials" in done.err
    require_repaired(cloud, guest_image, old, new)


def test_who_may_not_make_images_public_is_told_so(cloud: LocalCloud, guest_image: Command) -> None:
    build = small_build(guest_image.dist, publish={"visibility": "public"})
    done = guest_image("publish", build, "--cloud", "member")
    assert done.status == 5
    assert "say another visibility in the profile's section 'publish'" in done.err
    assert list(visible(cloud)) == []
    assert guest_image("publish", build, "--cloud", "local").status == 0
    assert current(cloud).visibility == "public"


def test_a_slow_network_is_only_slow(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    proxy.inject(Fault(rate=2 * MIB), method="PUT", path=UPLOAD)
    done = guest_image("publish", new, "--cloud", "faulty")
    assert done.status == 0, done.err
    assert current(cloud).guest_image_build == new.name


def test_a_quota_that_is_used_up_is_told_and_leaves_nothing(
    cloud: LocalCloud, guest_image: Command, old: Path, new: Path
) -> None:
    with cloud.glance.quota("3MB"):
        done = guest_image("publish", new, "--cloud", "local")
        assert done.status == 5
        assert "quota" in done.err
        assert [image.guest_image_build for image in images(cloud)] == [old.name]
    require_repaired(cloud, guest_image, old, new)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted by root")
def test_a_store_without_space_is_told_and_leaves_nothing(
    cloud: LocalCloud, guest_image: Command, old: Path, new: Path
) -> None:
    with cloud.glance.small_store("fast", 2 * MIB):
        done = guest_image("publish", new, "--cloud", "local")
        assert done.status == 5
        assert "could not take the image's data" in done.err
        assert [image.guest_image_build for image in images(cloud)] == [old.name]
    require_repaired(cloud, guest_image, old, new)


# ---- the image, others, and the clock


def test_a_file_that_changes_during_the_upload_is_not_published(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path
) -> None:
    new = small_build(guest_image.dist, age=timedelta(days=1), size=16 * MIB)
    client = start_upload(cloud, proxy, guest_image, new, rate=8 * MIB)
    path = new / "image.qcow2"
    right = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(-MIB, os.SEEK_END)
        file.write(b"x" * MIB)
    _, said = client.communicate(timeout=60)
    assert client.returncode == 4
    assert "The image is not the one that was proven" in said
    path.write_bytes(right)
    require_repaired(cloud, guest_image, old, new)


def test_of_two_publishers_one_waits_or_comes_after(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    other = small_build(guest_image.dist, age=timedelta(hours=1))
    gate = Gate()
    proxy.inject(Fault(hold_answer=gate), method="PUT", path=UPLOAD)
    first = guest_image.start("publish", str(new), "--cloud", "faulty")
    gate.wait()
    second = guest_image("publish", other, "--cloud", "local")
    assert second.status == 5
    assert "Another publisher is at work on 'pinned-scsi'" in second.err
    assert current(cloud).guest_image_build == old.name
    gate.open()
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert current(cloud).guest_image_build == new.name
    assert guest_image("publish", other, "--cloud", "local").status == 0
    assert current(cloud).guest_image_build == other.name


def test_two_publishers_that_start_at_once_leave_one_image_of_the_name(
    cloud: LocalCloud, guest_image: Command, old: Path, new: Path
) -> None:
    clients = [guest_image.start("publish", str(new), "--cloud", "local") for _ in range(2)]
    for client in clients:
        client.communicate(timeout=120)
    assert min(client.returncode for client in clients) == 0
    assert {client.returncode for client in clients} <= {0, 5}
    require_repaired(cloud, guest_image, old, new)


def test_somebody_who_renames_during_the_upload_is_not_overruled(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, old: Path, new: Path
) -> None:
    gate = Gate()
    proxy.inject(Fault(hold_answer=gate), method="PUT", path=UPLOAD)
    client = guest_image.start("publish", str(new), "--cloud", "faulty")
    gate.wait()
    image = current(cloud)
    cloud.client().images.update(image.id, name="kept")
    gate.open()
    _, said = client.communicate(timeout=60)
    assert client.returncode == 5
    assert "was replaced by another client during the upload" in said
    assert [image.name for image in images(cloud)] == ["kept"]
    cloud.client().images.update(image.id, name=NAME)
    require_repaired(cloud, guest_image, old, new)


def test_evidence_from_the_future_tells_of_a_wrong_clock(
    cloud: LocalCloud, guest_image: Command
) -> None:
    build = small_build(guest_image.dist, age=timedelta(hours=-2))
    done = guest_image("publish", build, "--cloud", "local")
    assert done.status == 1
    assert "One of the clocks is wrong" in done.err
    assert images(cloud) == []
