"""The foundation's probes in guests whose network is not one NIC with DHCP."""

import re

from builder.feature import CheckFailed, Guest, probe
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import console
from builder.linux.live_network import (
    nics,
    unit_times,
    with_network_data,
    without_network,
)

UP_LIMIT = 600.0
"""Seconds from power-on until cloud-init has finished, under emulation beside other guests."""
HELD_LIMIT, EMULATED_HELD_LIMIT = 25.0, 90.0
"""Seconds from cloud-init's first stage to its second, which a busy host needs at most."""
WAIT_LIMIT = 30.0
"""Seconds that a unit may take that waits for no more than it gets."""

# cloud-init's welcome and final messages, in all its versions.
STAGE = re.compile(r"Cloud-init v\. \S+ running '([a-z-]+)' .*? Up ([\d.]+) seconds")
FINISHED = r"Cloud-init v\. \S+ finished at .* Up ([\d.]+) seconds"
FAILED_UNIT = re.compile(r"\[FAILED\] Failed to start (.*)")

WAITERS = ("systemd-networkd-wait-online.service", "NetworkManager-wait-online.service")


@probe(
    "a guest without a network comes up, and no unit fails",
    machine=without_network,
    login=False,
    seconds=60,
)
def comes_up_without_network(guest: Guest, _: FoundationParameters) -> str:
    """Read its console, which is all that one sees of it without a guest agent."""
    try:
        guest.wait_for_console(FINISHED, timeout=UP_LIMIT)
    except TimeoutError as error:
        raise CheckFailed(f"without a network cloud-init does not finish: {error}") from error
    shown = console.plain(guest.console())
    if failed := FAILED_UNIT.findall(shown):
        raise CheckFailed(f"units failed without a network: {', '.join(failed)}")
    begun = {stage: float(seconds) for stage, seconds in STAGE.findall(shown)}
    held = begun.get("init", 0) - begun.get("init-local", 0)
    if held > (EMULATED_HELD_LIMIT if guest.emulated else HELD_LIMIT):
        raise CheckFailed(f"without a network the boot was held up for {held:.0f} s")
    finished = re.findall(FINISHED, shown)
    return f"cloud-init finished {finished[0]} s after power-on, and no unit failed"


@probe(
    "the NICs have the static addresses and the MTUs of the config drive",
    machine=with_network_data,
)
def nics_are_as_config_drive_says(guest: Guest, _: FoundationParameters) -> str:
    """One has an IPv4 address, one an IPv6 address alone."""
    seen = nics(guest)
    wrong = []
    for nic in guest.machine.nics:
        mtu, addresses = seen.get(nic.mac, (0, frozenset()))
        if mtu != nic.mtu or (nic.address and nic.address not in addresses):
            has = f"MTU {mtu} and {', '.join(sorted(addresses)) or 'no address'}"
            wrong.append(
                f"{nic.mac} has {has} instead of MTU {nic.mtu} and {nic.address or 'DHCP'}"
            )
    if wrong:
        raise CheckFailed("; ".join(wrong))
    static = [f"{nic.address} with MTU {nic.mtu}" for nic in guest.machine.nics if nic.address]
    return ", ".join(static)


@probe("nothing waits for a NIC that nobody answers", machine=with_network_data)
def silent_nic_holds_nothing_up(guest: Guest, _: FoundationParameters) -> str:
    """Ask systemd how long the units took that wait for the network."""
    times = unit_times(guest, *WAITERS)
    took = []
    for unit, (begun, active) in times.items():
        if begun and not active:
            raise CheckFailed(f"{unit} has waited, and failed")
        if active - begun > WAIT_LIMIT:
            raise CheckFailed(f"{unit} has waited {active - begun:.0f} s although one NIC was up")
        if active:
            took.append(f"{unit} took {active - begun:.0f} s")
    return ", ".join(took) or "no unit waits for the network"
