"""A published image is proven by a real Nova, and whatever comes in between leaves no server."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allinone import libvirt
from allinone.resources import NETWORK
from allinone.site import Site
from proving import HUGE, PINNED, begun, grades, outcomes, published, run, servers
from serving import LIMIT, boot

from builder.cloud.proof.parameters import Limits
from builder.cloud.proof.prove import CloudProofOptions, prove_in_cloud
from builder.feature import Grade
from builder.publish.cloud.glance import Glance
from builder.store.verdict import verdict_of
from builder.terminal.progress import Progress

if TYPE_CHECKING:
    from broken import Broken
    from openstack.connection import Connection

pytestmark = [pytest.mark.cloud, pytest.mark.usefixtures("proofs")]

EMULATED = {"hw_vif_multiqueue_enabled"}
"""Claims that a Nova without KVM cannot show."""


def test_every_claim_that_needs_no_hardware_is_observed(
    built_image: Callable[[str], Path], cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    build = published(tmp_path, built_image("pinned-scsi"))
    start = time.monotonic()
    done = run(
        *("cloud", "prove", build, "--cloud", "local", "--network", NETWORK),
        *("--libvirt", libvirt.address(site)),
        timeout=1500,
    )
    print(f"proven in {time.monotonic() - start:.0f} s")
    assert done.returncode == 0
    seen = outcomes(build)
    assert {check for check, outcome in seen.items() if outcome != "passed"} == {
        "queues-equal-vcpus"
    }
    observed = {name for name, grade in grades(build).items() if grade is Grade.OBSERVED}
    assert observed == set(grades(build)) - EMULATED
    assert "virt_type=qemu: Nova gives one queue" in done.stdout
    assert "the volume was plugged in as /dev/sdc (driver virtio_scsi)" in done.stdout
    assert "what was written to /dev/sdc and discarded reads as zeros" in done.stdout
    assert servers(cloud) == []
    assert list(cloud.block_storage.volumes()) == []
    assert [*(tmp_path / "cache" / "cloud-proofs").iterdir()] == []

    assert run("publish", build, "--cloud", "local").returncode == 0
    image = cloud.image.find_image("pinned-scsi", ignore_missing=False)
    assert image.properties["guest_image_observed"] == ",".join(sorted(observed))
    assert "observed" in (build / "report.html").read_text(encoding="utf-8")


def test_an_image_without_agent_and_watchdog_is_found_out(
    broken: "Broken", cloud: "Connection", tmp_path: Path
) -> None:
    build = published(tmp_path, broken.cloud)
    with Progress() as progress:
        options = CloudProofOptions(flavor=PINNED, network="none", limits=Limits(agent=30))
        result = prove_in_cloud(Glance("local"), build, options, progress)
    seen = {
        observation.check: observation.seen
        for observation in result.observations
        if observation.outcome == "failed"
    }
    assert "the guest agent did not answer Nova for 30 s" in seen["password-is-set"]
    assert seen["watchdog-is-there"] == "the guest has no i6300ESB watchdog"
    assert seen["watchdog-acts"] == "no process of the guest holds its watchdog open"
    claims = {verdict.claim.property: verdict for verdict in verdict_of(result.build).claims}
    unproven = {name for name, verdict in claims.items() if not verdict.proven}
    assert unproven == {"hw_qemu_guest_agent", "os_admin_user", "hw_watchdog_action"}
    assert claims["hw_disk_bus"].grade is Grade.OBSERVED
    assert servers(cloud) == []
    refused = run("publish", build, "--cloud", "local")
    assert refused.returncode == 1
    assert "hw_watchdog_action=reset is refuted" in refused.stderr


def test_a_guest_that_tells_nothing_is_told_and_cleaned_up(
    cloud: "Connection", tmp_path: Path
) -> None:
    build = published(tmp_path)
    with Progress() as progress:
        options = CloudProofOptions(flavor="guest-1", limits=Limits(boot=20))
        result = prove_in_cloud(Glance("local"), build, options, progress)
    seen = {
        observation.check: (observation.outcome, observation.seen)
        for observation in result.observations
    }
    outcome, said = seen["guest-tells"]
    assert outcome == "failed"
    assert said.startswith("timed out after 20 s waiting for the first boot's report")
    assert seen["server-is-active"][0] == "passed"
    assert seen["root-is-on-bus"][0] == "skipped"
    assert seen["deleted-server-is-restored"][0] == "passed"
    assert Grade.OBSERVED not in grades(build).values()
    assert servers(cloud) == []


def test_no_valid_host_says_what_placement_lacks(cloud: "Connection", tmp_path: Path) -> None:
    build = published(tmp_path)
    done = run("cloud", "prove", build, "--cloud", "local", "--flavor", HUGE)
    assert done.returncode == 5
    assert "No valid host" in done.stderr
    assert f"Placement has no host with DISK_GB:{1 << 20} left." in done.stderr
    assert servers(cloud) == []
    assert outcomes(build) == {}
    done = run("cloud", "prove", build, "--cloud", "member", "--flavor", HUGE)
    assert done.returncode == 5
    assert "Placement tells administrators only" in done.stderr
    assert servers(cloud) == []


def test_the_fault_of_a_server_in_error_is_shown(cloud: "Connection", tmp_path: Path) -> None:
    build = published(tmp_path)
    image = cloud.image.find_image("pinned-scsi", ignore_missing=False)
    cloud.image.update_image(image, hw_machine_type="abacus")
    done = run("cloud", "prove", build, "--cloud", "local", "--flavor", "guest-1")
    assert done.returncode == 5
    assert "the server is in ERROR" in done.stderr
    assert servers(cloud) == []


def test_what_the_cloud_refuses_is_told(cloud: "Connection", tmp_path: Path) -> None:
    build = published(tmp_path)
    done = run("cloud", "prove", build, "--cloud", "reader", "--flavor", "guest-1")
    assert done.returncode == 5
    assert "could not make a server" in done.stderr
    project = cloud.session.get_project_id()
    cloud.compute.update_quota_set(project, cores=0)
    try:
        done = run("cloud", "prove", build, "--cloud", "local", "--flavor", "guest-1")
    finally:
        cloud.compute.revert_quota_set(project)
    assert done.returncode == 5
    assert "Free quota of servers" in done.stderr
    assert run("cloud", "prove", build, "--cloud", "local", "--flavor", "nix").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_proof_leaves_nothing(
    number: signal.Signals, cloud: "Connection", tmp_path: Path
) -> None:
    build = published(tmp_path)
    proof = begun(cloud, build, tmp_path / "log")
    other = run("cloud", "prove", "--cloud", "local", "--clean", "--json")
    assert other.returncode == 1
    assert "a proof that may be at work" in json.loads(other.stdout)["left"][0]
    proof.send_signal(number)
    assert proof.wait(timeout=LIMIT) == 130
    assert servers(cloud) == []
    assert outcomes(build) == {}


def test_what_a_killed_proof_has_left_is_cleaned_up(cloud: "Connection", tmp_path: Path) -> None:
    build = published(tmp_path)
    proof = begun(cloud, build, tmp_path / "log")
    proof.kill()
    proof.wait()
    (left,) = servers(cloud)
    assert left.metadata["guest_image_build"] == build.name
    volume = cloud.block_storage.create_volume(size=1, name=left.name, metadata=left.metadata)
    cloud.block_storage.wait_for_status(volume, wait=LIMIT)
    cloud.compute.create_volume_attachment(left, volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", wait=LIMIT)
    cloud.compute.delete_server(left)  # softly, so that no user can list it
    cloud.compute.wait_for_server(left, status="SOFT_DELETED", wait=LIMIT)
    done = run("cloud", "prove", "--cloud", "local", "--clean")
    assert (done.returncode, done.stdout) == (0, "")
    assert f"deleted server {left.id}" in done.stderr
    assert f"deleted volume {volume.id}" in done.stderr
    assert servers(cloud) == []
    assert list(cloud.block_storage.volumes()) == []
    assert [*(tmp_path / "cache" / "cloud-proofs").iterdir()] == []


def test_only_what_proofs_have_made_is_deleted(cloud: "Connection", tmp_path: Path) -> None:
    server = boot(cloud, tmp_path, {})
    volume = cloud.block_storage.create_volume(size=1, name="guest-image-prove-not")
    cloud.block_storage.wait_for_status(volume, wait=LIMIT)
    assert run("cloud", "prove", "--cloud", "local", "--clean").returncode == 0
    assert [remaining.id for remaining in servers(cloud)] == [server.id]
    assert [remaining.id for remaining in cloud.block_storage.volumes()] == [volume.id]
