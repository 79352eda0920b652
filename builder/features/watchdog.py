"""A hung guest is reset by its hypervisor."""

from typing import Literal

from pydantic import Field, field_validator

from builder.feature import (
    CheckFailed,
    Claim,
    Feature,
    Filesystem,
    Guest,
    Inspection,
    Parameters,
    inspection,
    probe,
)
from builder.linux import kernels, modulesload, systemd, watchdog
from builder.linux.live import output

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
DEVICES = ("/dev/watchdog", "/dev/watchdog0")


@inspection("every kernel has the driver of the hypervisor's watchdog")
def kernels_have_i6300esb(disk: Filesystem, _: WatchdogParameters) -> str:
    """A kernel made for clouds may be built without it: Debian's is."""
    found = kernels.require_every(disk)
    for kernel in found:
        if DRIVER not in kernel.builtin | kernel.on_disk:
            raise CheckFailed(
                f"kernel {kernel.release} has no {DRIVER}: it is built without it, "
                f"neither built in nor below {kernels.TREE}/{kernel.release}"
            )
    return f"{DRIVER} is in {kernels.names(found)}"


@inspection("the driver of the watchdog is loaded at boot")
def driver_is_loaded(disk: Filesystem, _: WatchdogParameters) -> str:
    """No alias of a PCI device may load it: distributions blacklist watchdog drivers."""
    path = modulesload.named_by(disk, DRIVER)
    if path is not None:
        return f"{path} names {DRIVER}"
    if all(DRIVER in kernel.builtin for kernel in kernels.require_every(disk)):
        return f"{DRIVER} is built into every kernel"
    raise CheckFailed(f"no file of modules-load.d names {DRIVER}: nothing loads it at boot")


@inspection("the daemon will be started and feeds /dev/watchdog")
def daemon_feeds_device(disk: Filesystem, parameters: WatchdogParameters) -> str:
    """Debian's package names no device: its daemon runs, and watches over nothing."""
    seen = systemd.require_started(disk, "watchdog.service")
    if watchdog.is_switched_off(disk):
        raise CheckFailed(f"{watchdog.SWITCH} switches the daemon off: run_watchdog is not 1")
    settings = watchdog.settings(disk)
    device = settings.get("watchdog-device")
    if device not in DEVICES:
        raise CheckFailed(
            f"{watchdog.CONFIGURATION} names "
            + (f"{device}, not /dev/watchdog" if device else "no watchdog-device")
        )
    timeout = settings.get("watchdog-timeout")
    if timeout != str(parameters.timeout):
        raise CheckFailed(
            f"{watchdog.CONFIGURATION} has watchdog-timeout {timeout}, "
            f"the profile asks for {parameters.timeout}"
        )
    return f"{seen}; {watchdog.CONFIGURATION} names {device}, {timeout} s"


IDENTITY = "cat /sys/class/watchdog/watchdog0/identity 2>/dev/null || true"
# Processes come and go while /proc is walked: what find misses then is no failure.
HOLDERS = """
find /proc/[0-9]*/fd -lname '/dev/watchdog*' 2>/dev/null | cut -d/ -f3 | sort -u |
while read -r process; do cat "/proc/$process/comm"; done
"""


@probe("/dev/watchdog is the hypervisor's watchdog device")
def device_is_i6300esb(guest: Guest, parameters: WatchdogParameters) -> str:
    """Read the device's identity as Linux' drivers/watchdog/i6300esb.c gives it."""
    identity = output(guest, IDENTITY)
    if parameters.action == "disabled":
        if identity == "i6300ESB timer":
            raise CheckFailed("the guest has an i6300ESB watchdog although none is asked for")
        return "the guest has no watchdog of the hypervisor, as asked"
    if not identity:
        raise CheckFailed(
            "the guest has no watchdog device: its kernel lacks i6300esb or has not loaded it"
        )
    if identity != "i6300ESB timer":
        raise CheckFailed(f"/dev/watchdog is '{identity}', not the hypervisor's i6300ESB")
    return "/dev/watchdog is an i6300ESB timer"


@probe("the daemon holds /dev/watchdog open")
def daemon_holds_device(guest: Guest, parameters: WatchdogParameters) -> str:
    """Look through every process's open files: a running daemon may feed nothing."""
    holders = sorted(set(output(guest, HOLDERS).split()))
    if parameters.action == "disabled" and not holders:
        return "no process holds a watchdog device open, as asked"
    if not holders:
        raise CheckFailed("no process holds /dev/watchdog open: nothing feeds the watchdog")
    if DAEMON not in holders:  # Debian starts wd_keepalive for it, which feeds whatever happens
        raise CheckFailed(f"/dev/watchdog is held open by {', '.join(holders)}, not by {DAEMON}")
    return f"/dev/watchdog is held open by {', '.join(holders)}"


INSPECTIONS: tuple[Inspection[WatchdogParameters], ...] = (
    kernels_have_i6300esb,
    driver_is_loaded,
    daemon_feeds_device,
)


def claims(parameters: WatchdogParameters) -> tuple[Claim, ...]:
    """The action; Nova lets it beat the flavor's ``hw:watchdog_action``."""
    return (
        Claim(
            property="hw_watchdog_action",
            value=parameters.action,
            promise=PROMISES[parameters.action],
            proof=(device_is_i6300esb,)
            if parameters.action == "disabled"
            else (*INSPECTIONS, device_is_i6300esb, daemon_holds_device),
        ),
    )


FEATURE = Feature(
    name="watchdog",
    summary="a daemon feeds the i6300esb watchdog, which acts when the guest hangs",
    parameters=WatchdogParameters,
    elements=("guest-watchdog",),
    environment=lambda parameters: {"DIB_WATCHDOG_TIMEOUT": str(parameters.timeout)},
    claims=claims,
    inspections=INSPECTIONS,
    probes=(
        device_is_i6300esb,
        daemon_holds_device,
    ),
)
