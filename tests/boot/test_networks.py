"""Guests whose network is not one NIC with DHCP.

One has units that wait for it, where one NIC is silent: each probe sees it. A sound one is held up
by none of the networks that a proof does not try.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from broken import Broken

from builder.feature import FIRST_NIC, Nic, Outcome
from builder.features import registry
from builder.linux.live_network import NICS, with_network_data
from builder.proof.checks import checks_of, record
from builder.store import manifest
from builder.vm import config_drive, qemu
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


# ---- networks that no proof has, in a sound guest


@contextmanager
def by_router_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A network whose router advertises a prefix, with neither IPv4 nor an answer to DHCPv6.

    The config drive says so in Neutron's words for it (``ipv6_address_mode`` slaac).
    """
    arguments, documents = qemu.arguments, config_drive.documents

    def on_ipv6(*given: Any) -> list[str]:
        words = [*arguments(*given)]
        (place,) = [at for at, word in enumerate(words) if word.startswith("user,id=nic0,")]
        words[place] = "user,id=nic0,ipv4=off,ipv6=on,restrict=on"
        return words

    def with_slaac(*given: Any) -> Mapping[str, str]:
        files = documents(*given)
        return {name: text.replace('"ipv4_dhcp"', '"ipv6_slaac"') for name, text in files.items()}

    with monkeypatch.context() as patched:
        patched.setattr(qemu, "arguments", on_ipv6)
        patched.setattr(config_drive, "documents", with_slaac)
        yield


def test_a_router_alone_gives_a_guest_its_address_and_holds_nothing_up(
    built: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No SSH leads into it: its console is read, and its agent asked."""
    build = manifest.read(built("pinned-scsi"))
    checks = checks_of(build.planned(), registry.shipped())
    image = built("pinned-scsi") / build.image.name
    machine = build.planned().boots[0].machine
    machine = replace(machine, nics=(FIRST_NIC,), multiqueue=False)
    with (
        by_router_alone(monkeypatch),
        booted(
            image, "qcow2", machine, tmp_path / "work", admin_user="debian", login=False
        ) as guest,
    ):
        evidence = record(checks["foundation/comes-up-without-network"], guest, image_sha256="")
        assert evidence.outcome is Outcome.PASSED, evidence.seen
        (nic,) = [
            interface
            for interface in guest.agent("guest-network-get-interfaces")
            if interface.get("hardware-address") == FIRST_NIC.mac
        ]
    addresses = [ip_address(address["ip-address"]) for address in nic["ip-addresses"]]
    assert [address.version for address in addresses if not address.is_link_local] == [6]


def test_a_silent_nic_before_one_that_dhcp_answers_holds_nothing_up(
    built: Callable[[str], Path], tmp_path: Path
) -> None:
    build = manifest.read(built("pinned-scsi"))
    checks = checks_of(build.planned(), registry.shipped())
    image = built("pinned-scsi") / build.image.name
    machine = replace(
        build.planned().boots[0].machine,
        nics=(Nic("fa:16:3e:00:00:05", silent=True), FIRST_NIC),
        multiqueue=False,
    )
    with booted(image, "qcow2", machine, tmp_path / "work", admin_user="debian") as guest:
        seen = {
            name: record(checks[name], guest, image_sha256="")
            for name in (
                "foundation/silent-nic-holds-nothing-up",
                "foundation/nic-has-dhcp-address",
                "foundation/cloud-init-finishes",
                "foundation/no-unit-has-failed",
                "guest-agent/agent-starts-before-network",
                "watchdog/daemon-starts-before-network",
            )
        }
    failed = {
        name: result.seen for name, result in seen.items() if result.outcome is not Outcome.PASSED
    }
    assert failed == {}
