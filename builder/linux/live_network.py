"""Running Linux guests whose network is not the usual one: their machines, and what they tell."""

import json
from collections.abc import Mapping
from dataclasses import replace

from builder.feature import FIRST_NIC, CheckFailed, Guest, Machine, Nic
from builder.linux.live import output

# The first is where QEMU's own network forwards SSH to (its "user" back end, dhcpstart).
NICS = (
    replace(FIRST_NIC, address="10.0.2.15/24", mtu=1450),
    Nic("fa:16:3e:00:00:03", address="2001:db8::15/64", mtu=8942, silent=True),
    Nic("fa:16:3e:00:00:04", silent=True),
)
"""Static IPv4, IPv6 alone, and DHCP that nobody answers; MTUs as of tunnels and of jumbo frames."""

ONLINE = "network-online.target"
"""What waits for the network starts after it, in any distribution."""

UNIT_TIMES = """
systemctl show --property=Id,InactiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic "$@"
"""


def without_network(usual: Machine) -> Machine:
    """The machine without any NIC."""
    return replace(usual, nics=(), multiqueue=False)


def with_network_data(usual: Machine) -> Machine:
    """The machine with NICs that only the config drive can configure."""
    return replace(usual, nics=NICS, multiqueue=False)


def unit_times(guest: Guest, *units: str) -> Mapping[str, tuple[float, float]]:
    """When each unit began to start and when it was active, in seconds since boot; 0 for never."""
    times = {}
    for block in output(guest, UNIT_TIMES, *units).split("\n\n"):
        facts = dict(line.split("=", 1) for line in block.splitlines())
        begun, active = (
            int(facts[f"{state}TimestampMonotonic"]) / 1e6
            for state in ("InactiveExit", "ActiveEnter")
        )
        times[facts["Id"]] = begun, active
    return times


def require_before_network(guest: Guest, unit: str) -> str:
    """Say how long before the network a unit was active, or ``CheckFailed`` if it was later."""
    times = unit_times(guest, unit, ONLINE)
    (_, active), (_, online) = times[unit], times[ONLINE]
    if not active:
        raise CheckFailed(f"{unit} has not been started")
    if 0 < online < active:
        raise CheckFailed(
            f"{unit} was active {active - online:.0f} s after {ONLINE}: it waits for the network"
        )
    return f"{unit} was active {active:.0f} s after power-on, {ONLINE} after {online:.0f} s"


def nics(guest: Guest) -> Mapping[str, tuple[int, frozenset[str]]]:
    """Each NIC's MTU and its lasting addresses with their prefixes, by MAC address."""
    seen = json.loads(output(guest, "ip -json address show"))
    return {
        nic["address"]: (
            nic["mtu"],
            frozenset(
                f"{address['local']}/{address['prefixlen']}"
                for address in nic["addr_info"]
                if not address.get("dynamic")
            ),
        )
        for nic in seen
    }
