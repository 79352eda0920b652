"""A hung guest is reset by its hypervisor."""

from typing import Literal

from pydantic import Field, field_validator

from builder.feature import Claim, Feature, Parameters

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


def claims(parameters: WatchdogParameters) -> tuple[Claim, ...]:
    """The action; Nova lets it beat the flavor's ``hw:watchdog_action``."""
    return (
        Claim(
            property="hw_watchdog_action",
            value=parameters.action,
            promise=PROMISES[parameters.action],
            proof=(),
        ),
    )


FEATURE = Feature(
    name="watchdog",
    summary="a daemon feeds the i6300esb watchdog, which acts when the guest hangs",
    parameters=WatchdogParameters,
    elements=("guest-watchdog",),
    environment=lambda parameters: {"DIB_WATCHDOG_TIMEOUT": str(parameters.timeout)},
    claims=claims,
)
