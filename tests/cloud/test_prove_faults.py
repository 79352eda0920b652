"""A proof on a real Nova that is disturbed leaves no server, or says which one and how it goes."""

import json
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from allinone.site import Site
from faultproxy import Fault, FaultProxy, Gate
from proving import begun, outcomes, published, run, servers
from serving import LIMIT

from builder.cloud.proof.parameters import Limits
from builder.cloud.proof.prove import CloudProofOptions, prove_in_cloud
from builder.publish.cloud.glance import Glance
from builder.terminal.progress import Progress

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = [pytest.mark.cloud, pytest.mark.usefixtures("proofs")]

PROXIED = "proxied"
SERVER = r"/servers/[0-9a-f-]{36}"
EVER = 1 << 20


@pytest.fixture
def nova(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[FaultProxy]:
    """What breaks requests to Nova's API in the cloud ``PROXIED``."""
    configuration = yaml.safe_load(site.clouds_yaml.read_text(encoding="utf-8"))
    clouds = configuration["clouds"]
    with FaultProxy(site.ports.nova) as proxy:
        clouds[PROXIED] = clouds["local"] | {"compute_endpoint_override": f"{proxy.url}/v2.1"}
        file = tmp_path / "clouds.yaml"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
        yield proxy


def test_an_api_that_dies_in_the_middle_is_told_and_cleaned_up_later(
    cloud: "Connection", nova: FaultProxy, tmp_path: Path
) -> None:
    build = published(tmp_path)
    proof = begun(cloud, build, tmp_path / "log", PROXIED)
    for method in ("GET", "POST", "DELETE"):
        nova.inject(Fault(cut_answer=0, cut_request=0), method=method, path=".", times=EVER)
    assert proof.wait(timeout=LIMIT) == 5
    said = (tmp_path / "log").read_text(encoding="utf-8")
    (left,) = servers(cloud)
    assert f"Server {left.id} could not be deleted" in said
    assert f"Later: guest-image cloud prove --clean --cloud {PROXIED}" in said
    assert outcomes(build) == {}  # the image has no part in it

    nova.heal()
    done = run("cloud", "prove", "--cloud", PROXIED, "--clean")
    assert done.returncode == 0
    assert servers(cloud) == []


def test_an_api_that_is_away_for_a_moment_does_not_end_a_proof(
    cloud: "Connection", nova: FaultProxy, tmp_path: Path
) -> None:
    build = published(tmp_path)
    proof = begun(cloud, build, tmp_path / "log", PROXIED)
    seen = nova.count("POST", "action")
    nova.inject(Fault(cut_answer=0), method="POST", path=rf"{SERVER}/action", times=2)
    deadline = time.monotonic() + LIMIT
    while nova.count("POST", "action") < seen + 4:
        assert proof.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.5)
    proof.send_signal(signal.SIGTERM)
    assert proof.wait(timeout=LIMIT) == 130
    assert servers(cloud) == []


def test_a_cleanup_that_is_killed_is_completed(
    cloud: "Connection", nova: FaultProxy, tmp_path: Path
) -> None:
    build = published(tmp_path)
    proof = begun(cloud, build, tmp_path / "log", PROXIED)
    gate = Gate()
    nova.inject(Fault(hold_request=gate), method="POST", path=rf"{SERVER}/action", times=EVER)
    nova.inject(Fault(hold_request=gate), method="DELETE", path=SERVER, times=EVER)
    proof.send_signal(signal.SIGINT)
    gate.wait()
    proof.kill()
    proof.wait()
    nova.heal()
    assert len(servers(cloud)) == 1
    assert run("cloud", "prove", "--cloud", PROXIED, "--clean").returncode == 0
    assert servers(cloud) == []


def test_two_proofs_at_once_do_not_touch_each_other(cloud: "Connection", tmp_path: Path) -> None:
    build = published(tmp_path)
    first = begun(cloud, build, tmp_path / "log")
    (of_first,) = servers(cloud)
    with Progress() as progress:
        options = CloudProofOptions(flavor="guest-1", limits=Limits(boot=5))
        second = prove_in_cloud(Glance("local"), build, options, progress)
    assert {observation.check: observation.outcome for observation in second.observations}[
        "server-is-active"
    ] == "passed"
    assert [(server.id, server.status) for server in servers(cloud)] == [(of_first.id, "ACTIVE")]
    assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=LIMIT) == 130
    assert servers(cloud) == []


@dataclass(frozen=True)
class Hung:
    """What becomes of a server whose guest hangs."""

    action: str
    seen: str


@pytest.mark.parametrize(
    "hung",
    [Hung("poweroff", "the server is SHUTOFF"), Hung("pause", "the server is paused")],
    ids=lambda hung: hung.action,
)
def test_a_watchdog_does_what_the_image_asks(
    hung: Hung, built_image: Callable[[str], Path], cloud: "Connection", tmp_path: Path
) -> None:
    image, features = built_image("pinned-scsi"), {"watchdog": {"action": hung.action}}
    build = published(tmp_path, image, features)
    with Progress() as progress:
        options = CloudProofOptions(flavor="guest-1", network="none")
        result = prove_in_cloud(Glance("local"), build, options, progress)
    seen = {
        observation.check: (observation.outcome, observation.seen)
        for observation in result.observations
    }
    assert seen["watchdog-acts"][0] == "passed"
    assert seen["watchdog-acts"][1].endswith(f"stopped: {hung.seen}")
    assert seen["deleted-server-is-restored"][0] == "passed"
    assert servers(cloud) == []
