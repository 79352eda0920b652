"""Guests whose network is not one NIC with DHCP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, right_guest, wrong_guest
from fake_guest import FakeGuest
from unit_states import times

from builder.feature import Machine
from builder.features import foundation_networks
from builder.linux.live_network import with_network_data

UP = (
    "[ 25.4] cloud-init[291]: Cloud-init v. 22.4.2 running 'init-local' at Thu. Up 25.00 seconds.\n"
    "[   40.7] cloud-init[323]: Cloud-init v. 22.4.2 running 'init' at Thu. Up 40.00 seconds.\n"
    "[   60.8] cloud-init[462]: Cloud-init v. 22.4.2 finished at Thu. Datasource "
    "DataSourceConfigDrive [net,ver=2][source=/dev/sr0].  Up 60.80 seconds\n"
)
NETWORKS = with_network_data(Machine())


def configured(**changes: Any) -> str:
    """What 'ip' prints of these NICs when they are as the config drive says."""
    seen = [
        {
            "address": nic.mac,
            "mtu": nic.mtu,
            "addr_info": [
                {"local": address, "prefixlen": int(length)}
                for address, length in ((nic.address or "169.254.0.1/16").split("/"),)
            ],
        }
        for nic in NETWORKS.nics
    ]
    seen[1].update(changes)
    return json.dumps(seen)


NETWORKD = "systemd-networkd-wait-online.service"
NO_MANAGER = times("NetworkManager-wait-online.service", 0, 0)


def waited(begun: float, active: float) -> FakeGuest:
    return FakeGuest({"Monotonic": f"{times(NETWORKD, begun, active)}\n{NO_MANAGER}"})


def guests() -> Iterator[Case]:
    probe = foundation_networks.comes_up_without_network
    yield right_guest(
        probe,
        FakeGuest(console=UP),
        "cloud-init finished 60.80 s after power-on, and no unit failed",
    )
    yield wrong_guest(
        probe,
        FakeGuest(
            console=UP + "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mWait\x1b[0m.\n"
        ),
        "units failed without a network: Wait.",
    )
    yield wrong_guest(
        probe,
        FakeGuest(console=UP.replace("Up 40.00", "Up 145.00")),
        "without a network the boot was held up for 120 s",
    )
    yield wrong_guest(
        probe,
        FakeGuest(console=UP.replace("finished", "stuck")),
        "without a network cloud-init does not finish: the console did not show",
    )
    probe = foundation_networks.nics_are_as_config_drive_says
    yield right_guest(
        probe,
        FakeGuest({"ip -json": configured()}, machine=NETWORKS),
        "10.0.2.15/24 with MTU 1450, 2001:db8::15/64 with MTU 8942",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"ip -json": configured(mtu=1500)}, machine=NETWORKS),
        ":03 has MTU 1500 and 2001:db8::15/64 instead of MTU 8942 and 2001:db8::15/64",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"ip -json": configured(addr_info=[])}, machine=NETWORKS),
        "fa:16:3e:00:00:03 has MTU 8942 and no address",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"ip -json": configured(address="fa:16:3e:00:00:09")}, machine=NETWORKS),
        "fa:16:3e:00:00:03 has MTU 0 and no address",
    )
    probe = foundation_networks.silent_nic_holds_nothing_up
    yield right_guest(probe, waited(31, 33), f"{NETWORKD} took 2 s")
    yield right_guest(probe, waited(0, 0), "no unit waits")
    yield wrong_guest(probe, waited(31, 151), "has waited 120 s")
    yield wrong_guest(probe, waited(31, 0), "has waited, and failed")


@pytest.mark.parametrize("case", [*guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
