"""A hung guest is reset by its hypervisor.

A guest that hangs looks well from outside: it is ACTIVE, and nobody resets it. A watchdog is a
device that a daemon in the guest must feed; when it is not fed, the hypervisor acts. Installed is
not working: Debian's cloud kernel is built without the driver, its daemon is configured to watch
over no device, and kernels blacklist watchdog drivers so that none loads by itself. Then the daemon
is ``active (running)`` and nothing watches.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from pydantic import Field, field_validator

from builder.feature import (
    CheckFailed,
    Claim,
    Conflict,
    ExtraSpec,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    Parameters,
    Surroundings,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import conditions, kernels, modulesload, systemd, watchdog
from builder.linux.live import output
from builder.linux.live_network import require_before_network, with_network_data
from builder.linux.scripts import script

ONLY_LIBVIRT = ("shutdown", "dump", "inject-nmi")
"""Actions of libvirt's watchdog that Nova's enumeration (``WatchdogAction``) lacks."""

PROMISES = {
    "reset": "a hung guest is reset by its hypervisor",
    "poweroff": "a hung guest is powered off by its hypervisor",
    "pause": "a hung guest is paused by its hypervisor",
    "none": "a hung guest is reported by its hypervisor, and left as it is",
    "disabled": "the guest has no watchdog device",
}


class WatchdogParameters(Parameters):
    """What the hypervisor does with a guest that hangs, and after how long."""

    action: Literal["reset", "poweroff", "pause", "none", "disabled"] = Field(
        default="reset",
        description="What the hypervisor does when the guest hangs: an action that Nova accepts.",
    )
    # Linux' drivers/watchdog/i6300esb.c takes 2 to 2045 seconds; the daemon feeds three times in
    # that time, and below 10 a guest that is only busy would be reset.
    timeout: int = Field(
        default=30,
        ge=10,
        le=2045,
        description="Seconds without a sign of life after which the guest counts as hung.",
    )

    @field_validator("action", mode="before")
    @classmethod
    def known_to_nova(cls, action: object) -> object:
        """Tell those who know libvirt's actions why theirs is refused."""
        if action in ONLY_LIBVIRT:
            nearest = "poweroff" if action == "shutdown" else "pause"
            raise ValueError(
                f"'{action}' is not an action that Nova accepts.\n"
                "libvirt knows it, but Nova's image property hw_watchdog_action takes only\n"
                "reset, poweroff, pause, none or disabled.\n"
                f"Did you mean '{nearest}'?"
            )
        return action


DRIVER = "i6300esb"
DAEMON = "watchdog"
UNIT = "watchdog.service"


def has_device(parameters: WatchdogParameters) -> bool:
    """Whether Nova gives the guest a watchdog at all."""
    return parameters.action != "disabled"


@inspection("every kernel has the driver of the hypervisor's watchdog", applies=has_device)
def kernels_have_i6300esb(disk: Filesystem, _: WatchdogParameters) -> str:
    """A kernel made for clouds may be built without it: Debian's is."""
    return kernels.require_driver(disk, DRIVER, by_name=True)


@inspection("the driver of the watchdog is loaded at boot", applies=has_device)
def driver_is_loaded(disk: Filesystem, _: WatchdogParameters) -> str:
    """Distributions blacklist watchdog drivers, so that none is loaded because it has a device."""
    taken = watchdog.taken_away_by(disk)
    if taken is not None:
        raise CheckFailed(f"{taken}: takes the i6300esb from its driver; remove that rule")
    path = modulesload.commanded_by(disk, DRIVER)
    if path is not None:
        return f"{path} has {DRIVER} loaded by its name"
    if watchdog.module_of_switch(disk) == DRIVER:
        return f"{watchdog.SWITCH} has the daemon's unit load {DRIVER}"
    if all(DRIVER in kernel.builtin for kernel in kernels.require_every(disk)):
        return f"{DRIVER} is built into every kernel"
    path = modulesload.named_by(disk, DRIVER)
    if path is None and not modulesload.is_loaded_by_device(disk, DRIVER, watchdog.PCI_ALIAS):
        raise CheckFailed(
            f"no file of modules-load.d names {DRIVER}: nothing loads it at boot; write it into one"
        )
    place = modulesload.blacklisted_by(disk, DRIVER)
    if place is not None:
        raise CheckFailed(
            f"{place}: blacklists {DRIVER}, and {path or 'udev'} loads nothing that is blacklisted;"
            " remove that, or have a udev rule run modprobe for the device"
        )
    return f"{path} names {DRIVER}" if path else f"udev loads {DRIVER} for the device"


@inspection("the daemon will be started and feeds the watchdog's device", applies=has_device)
def daemon_feeds_device(disk: Filesystem, _: WatchdogParameters) -> str:
    """Debian's package names no device: its daemon runs, and watches over nothing."""
    seen = systemd.require_started(disk, UNIT)
    conditions.require_met(disk, UNIT)
    if watchdog.is_switched_off(disk):
        raise CheckFailed(f"{watchdog.SWITCH} switches the daemon off: run_watchdog is not 1")
    settings = watchdog.settings(disk)
    device = settings.get("watchdog-device")
    other = watchdog.fed_by_systemd(disk, device or watchdog.DEVICES[0])
    if other is not None:
        raise CheckFailed(
            f"{other}: has systemd itself feed a watchdog, which no daemon can open then; remove "
            "RuntimeWatchdogSec, or set it to 0"
        )
    if device is None:
        raise CheckFailed(
            f"{watchdog.CONFIGURATION} names no watchdog-device; add 'watchdog-device = "
            "/dev/watchdog'"
        )
    if device in watchdog.DEVICES:
        return f"{seen}; {watchdog.CONFIGURATION} names {device}"
    rule = watchdog.rule_that_links(disk, device, watchdog.IDENTITY)
    if rule is None:
        raise CheckFailed(
            f"{watchdog.CONFIGURATION} names {device}, which is not /dev/watchdog, "
            f"and no udev rule makes it a link to the '{watchdog.IDENTITY}'"
        )
    link = f"which {rule} links to the {watchdog.IDENTITY}"
    return f"{seen}; {watchdog.CONFIGURATION} names {device}, {link}"


@inspection(
    "the watchdog fires after the seconds that the profile asks for",
    applies=has_device,
    compares=True,
)
def timeout_is_as_asked(disk: Filesystem, parameters: WatchdogParameters) -> str:
    """The daemon sets the device's timeout when it opens it."""
    timeout = watchdog.settings(disk).get("watchdog-timeout")
    if timeout != str(parameters.timeout):
        raise CheckFailed(
            f"{watchdog.CONFIGURATION} has watchdog-timeout {timeout}, "
            f"the profile asks for {parameters.timeout}"
        )
    return f"{watchdog.CONFIGURATION} has watchdog-timeout {timeout}"


IDENTITIES = "cat /sys/class/watchdog/*/identity 2>/dev/null || true"
HOLDERS = script("watchdog-holders.sh")


@probe("the guest has the hypervisor's watchdog device")
def device_is_i6300esb(guest: Guest, parameters: WatchdogParameters) -> str:
    """Look through all: a q35 machine has another one, which may be first."""
    identities = output(guest, IDENTITIES).splitlines()
    if parameters.action == "disabled":
        if watchdog.IDENTITY in identities:
            raise CheckFailed("the guest has an i6300ESB watchdog although none is asked for")
        return "the guest has no watchdog of the hypervisor, as asked"
    if not identities:
        raise CheckFailed(
            "the guest has no watchdog device: its kernel lacks i6300esb or has not loaded it"
        )
    if watchdog.IDENTITY not in identities:
        seen = "', '".join(identities)
        raise CheckFailed(f"the guest's watchdog is '{seen}', not the hypervisor's i6300ESB")
    return " and ".join(f"'{identity}'" for identity in identities)


@probe("the daemon holds the hypervisor's watchdog open", applies=has_device)
def daemon_holds_device(guest: Guest, _: WatchdogParameters) -> str:
    """Look through every process's open files: a running daemon may feed nothing, or another."""
    held = dict(line.split(": ", 1) for line in output(guest, HOLDERS).splitlines())
    if not held:
        raise CheckFailed("no process holds /dev/watchdog open: nothing feeds the watchdog")
    if DAEMON not in held:  # Debian starts wd_keepalive for it, which feeds whatever happens
        raise CheckFailed(f"the watchdog is held open by {', '.join(held)}, not by {DAEMON}")
    if held[DAEMON] != watchdog.IDENTITY:
        raise CheckFailed(
            f"{DAEMON} holds the '{held[DAEMON]}' open, not the hypervisor's i6300ESB: "
            f"{watchdog.CONFIGURATION} names whichever device registers first"
        )
    return f"{DAEMON} holds the {watchdog.IDENTITY} open"


FIRING_MARGIN = 30.0
"""Seconds beyond its timeout within which a watchdog fires on a busy host."""

PANICKED = r"end Kernel panic"
PANIC_LIMIT = 15.0
"""Seconds in which a kernel says that it has panicked, on a busy host."""

RETURN_LIMIT = 600.0
"""Seconds in which a guest that was reset is back, under emulation beside another guest."""


@probe(
    "the watchdog does not fire while the guest goes down and comes up",
    when="restarted",
    applies=has_device,
)
def restart_fires_nothing(guest: Guest, _: WatchdogParameters) -> str:
    """The device keeps its state through a shutdown: whoever closes it must stop it or feed it."""
    try:
        guest.event("WATCHDOG", timeout=1)
    except TimeoutError:
        return "the guest was restarted, and its watchdog did not fire meanwhile"
    raise CheckFailed("the watchdog fired while the guest went down or came up")


def is_reset(parameters: WatchdogParameters) -> bool:
    """Whether the guest comes back by itself."""
    return parameters.action == "reset"


def is_left(parameters: WatchdogParameters) -> bool:
    """Whether the guest is left stopped, or hung."""
    return has_device(parameters) and not is_reset(parameters)


@probe(
    "a guest whose watchdog daemon hangs is reset and comes back",
    when="restart",
    seconds=80,
    applies=is_reset,
)
def hung_daemon_resets(guest: Guest, parameters: WatchdogParameters) -> str:
    """Stop the daemon as a hung guest would, and wait for the hypervisor and for the guest."""
    seen = _hang(guest, parameters)
    guest.wait_for_restart(timeout=RETURN_LIMIT)
    return f"{seen}; the guest came back"


@probe("a guest whose watchdog daemon hangs is acted on", when="destroy", applies=is_left)
def hung_daemon_fires(guest: Guest, parameters: WatchdogParameters) -> str:
    """Stop the daemon as a hung guest would, and wait for the hypervisor."""
    return _hang(guest, parameters)


def _hang(guest: Guest, parameters: WatchdogParameters) -> str:
    start = time.monotonic()
    output(guest, f"kill -STOP $(pidof {DAEMON})")
    _await_action(guest, parameters)
    return f"{parameters.action} {time.monotonic() - start:.0f} s after the daemon was stopped"


@probe("a guest whose kernel panics is acted on", when="destroy", seconds=30, applies=has_device)
def panic_fires(guest: Guest, parameters: WatchdogParameters) -> str:
    """Crash the kernel for good; nothing but the watchdog is left to notice."""
    start, shown = time.monotonic(), len(guest.console())
    # In the background: no answer can come from a guest that has crashed.
    output(guest, "(sleep 1; echo c >/proc/sysrq-trigger) </dev/null >/dev/null 2>&1 &")
    with suppress(TimeoutError):  # where the kernel has no console, its watchdog shows it
        guest.wait_for_console(PANICKED, timeout=PANIC_LIMIT, after=shown)
    _await_action(guest, parameters)
    return f"{parameters.action} {time.monotonic() - start:.0f} s after the kernel panicked"


def _await_action(guest: Guest, parameters: WatchdogParameters) -> None:
    limit = parameters.timeout + FIRING_MARGIN
    try:
        with guest.idle():
            fired = guest.event("WATCHDOG", timeout=limit)
    except TimeoutError:
        raise CheckFailed(f"the watchdog did not fire within {limit:.0f} s") from None
    if fired["action"] != parameters.action:
        raise CheckFailed(f"the watchdog fired with {fired['action']}, not {parameters.action}")


@probe(
    "the daemon is started before the network is there",
    machine=with_network_data,
    applies=has_device,
)
def daemon_starts_before_network(guest: Guest, _: WatchdogParameters) -> str:
    """Look when it was started: a guest may hang while it waits for its network."""
    return require_before_network(guest, UNIT)


INSPECTIONS = (
    kernels_have_i6300esb,
    driver_is_loaded,
    daemon_feeds_device,
)
PROBES = (
    device_is_i6300esb,
    daemon_holds_device,
    restart_fires_nothing,
    panic_fires,
    hung_daemon_fires,
    hung_daemon_resets,
)


def claims(parameters: WatchdogParameters) -> tuple[Claim, ...]:
    """The action; Nova lets it beat the flavor's ``hw:watchdog_action``."""
    return (
        Claim(
            property="hw_watchdog_action",
            value=parameters.action,
            promise=PROMISES[parameters.action],
            proof=tuple(check for check in (*INSPECTIONS, *PROBES) if check.applies(parameters)),
        ),
    )


def needs(parameters: WatchdogParameters) -> tuple[Need, ...]:
    """Nothing but a flavor that does not mislead."""
    return (
        Need(
            what=ExtraSpec("hw:watchdog_action", parameters.action),
            reason="The image's action beats the flavor's, so that a flavor which names another one"
            " misleads its reader.",
            source=f"{NOVA_DOCS}/configuration/extra-specs.html#hw:watchdog_action",
            necessity=Necessity.CONSISTENT,
        ),
    )


def conflicts(parameters: WatchdogParameters, _: Surroundings) -> Iterator[Conflict]:
    """Without a device nothing counts the seconds that the profile has written."""
    if not has_device(parameters) and "timeout" in parameters.model_fields_set:
        yield Conflict(
            "timeout",
            "has no meaning with 'action: disabled', which leaves the guest without a watchdog",
            "Remove it (in a profile that extends another: leave its value empty).",
        )


FEATURE = Feature(
    name="watchdog",
    summary="a daemon feeds the i6300esb watchdog, which acts when the guest hangs",
    parameters=WatchdogParameters,
    elements=("guest-watchdog",),
    environment=lambda parameters: {"DIB_WATCHDOG_TIMEOUT": str(parameters.timeout)},
    claims=claims,
    needs=needs,
    conflicts=conflicts,
    inspections=(*INSPECTIONS, timeout_is_as_asked),
    probes=(*PROBES, daemon_starts_before_network),
)
