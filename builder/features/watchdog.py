"""A hung guest is reset by its hypervisor."""

from typing import Literal

from pydantic import Field, field_validator

from builder.feature import CheckFailed, CheckSkipped, Claim, Feature, Guest, Parameters, probe
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
    # Linux' drivers/watchdog/i6300esb.c takes 2 to 2045 seconds; the daemon feeds every second,
    # and below 10 a guest that is only busy would be reset.
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


IDENTITY = "cat /sys/class/watchdog/watchdog0/identity 2>/dev/null || true"
HOLDERS = """
for fd in /proc/[0-9]*/fd/*; do
    case "$(readlink "$fd")" in
    /dev/watchdog | /dev/watchdog0) cat "${fd%/fd/*}/comm" ;;
    esac
done 2>/dev/null
true
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
    if parameters.action == "disabled":
        raise CheckSkipped("the profile asks for no watchdog device")
    holders = sorted(set(output(guest, HOLDERS).split()))
    if not holders:
        raise CheckFailed("no process holds /dev/watchdog open: nothing feeds the watchdog")
    return f"/dev/watchdog is held open by {', '.join(holders)}"


def claims(parameters: WatchdogParameters) -> tuple[Claim, ...]:
    """The action; Nova lets it beat the flavor's ``hw:watchdog_action``."""
    return (
        Claim(
            property="hw_watchdog_action",
            value=parameters.action,
            promise=PROMISES[parameters.action],
            proof=(device_is_i6300esb,)
            if parameters.action == "disabled"
            else (device_is_i6300esb, daemon_holds_device),
        ),
    )


FEATURE = Feature(
    name="watchdog",
    summary="a daemon feeds the i6300esb watchdog, which acts when the guest hangs",
    parameters=WatchdogParameters,
    elements=("guest-watchdog",),
    environment=lambda parameters: {"DIB_WATCHDOG_TIMEOUT": str(parameters.timeout)},
    claims=claims,
    probes=(
        device_is_i6300esb,
        daemon_holds_device,
    ),
)
