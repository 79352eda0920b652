"""A guest whose units wait for the network, where one NIC is silent: each probe sees it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from broken import Broken

from builder.feature import Outcome
from builder.features import registry
from builder.linux.live_network import NICS, with_network_data
from builder.proof.checks import checks_of, record
from builder.store import manifest
from builder.vm.guest import RunningGuest
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

WAITER = "systemd-networkd-wait-online.service"
BECAUSE = {
    "foundation/comes-up-without-network": "units failed without a network: systemd-ne",
    "foundation/silent-nic-holds-nothing-up": f"{WAITER} has waited, and failed",
    "foundation/no-unit-has-failed": f"systemd says 'degraded': {WAITER}",
    "guest-agent/agent-starts-before-network": "it waits for the network",
    "watchdog/daemon-starts-before-network": "it waits for the network",
}


@pytest.fixture(scope="module")
def guest(
    built: Callable[[str], Path], broken: Broken, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuest]:
    plan = manifest.read(built("pinned-scsi")).planned()
    machine = with_network_data(plan.boots[0].machine)
    workdir = tmp_path_factory.mktemp("waiting") / "work"
    with booted(broken.waiting, "qcow2", machine, workdir, admin_user="debian") as running:
        yield running


@pytest.mark.parametrize("name", BECAUSE)
def test_a_guest_that_waits_for_its_network_is_seen(
    name: str, guest: RunningGuest, built: Callable[[str], Path]
) -> None:
    checks = checks_of(manifest.read(built("pinned-scsi")).planned(), registry.shipped())
    evidence = record(checks[name], guest, image_sha256="")
    assert (evidence.outcome, BECAUSE[name] in evidence.seen) == (Outcome.FAILED, True), (
        evidence.seen
    )


def test_its_addresses_are_right_nevertheless(
    guest: RunningGuest, built: Callable[[str], Path]
) -> None:
    checks = checks_of(manifest.read(built("pinned-scsi")).planned(), registry.shipped())
    check = checks["foundation/nics-are-as-config-drive-says"]
    evidence = record(check, guest, image_sha256="")
    assert evidence.outcome is Outcome.PASSED, evidence.seen
    guest.run("sh", "-c", f"ip link set $(ip -br link | sed -n 's/ .*{NICS[1].mac}.*//p') mtu 1500")
    evidence = record(check, guest, image_sha256="")
    assert (evidence.outcome, "has MTU 1500" in evidence.seen) == (Outcome.FAILED, True)
