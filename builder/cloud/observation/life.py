"""What must come of what is done to a server. Pure."""

from datetime import date

from builder.cloud.observation.guest_report import Devices
from builder.cloud.observation.hardware import root_text, watchdog_text
from builder.cloud.observation.observation import observation
from builder.cloud.observation.sight import Sight
from builder.feature import CheckFailed, CheckSkipped
from builder.linux import console
from builder.words import counted

_SHOWN = 5


@observation("the server becomes active")
def server_is_active(sight: Sight) -> str:
    """Nova and libvirt accept the image's properties together with the flavor's extra specs."""
    return sight.done("create")


@observation("the guest runs its user-data, and tells what it sees")
def guest_tells(sight: Sight) -> str:
    """Everything that is seen inside hangs on it."""
    return sight.done("report")


@observation("the console shows no failure")
def console_is_clean(sight: Sight) -> str:
    """Judge it as in a boot of our own; an emulated CPU stands still when its host is busy."""
    if not sight.console:
        raise CheckSkipped("the cloud shows no console log")
    found = console.failures(console.without_stalls(sight.console), today=date.max)
    if found:
        shown = [f"{finding.kind}: {finding.line}" for finding in found[:_SHOWN]]
        raise CheckFailed("\n".join(shown))
    return f"{counted(len(sight.console.splitlines()), 'line')} of the console show no failure"


@observation("Nova sets the password through the guest agent, and it lets the user in",
              "hw_qemu_guest_agent", "os_admin_user")  # fmt: skip
def password_is_set(sight: Sight) -> str:
    """Somebody who is nobody logs in with it, and could not before."""
    return sight.done("password")


@observation("Nova acts on a guest that hangs as the image asks", "hw_watchdog_action")
def watchdog_acts(sight: Sight) -> str:
    """The guest stops whoever feeds its watchdog; its own end is seen from outside."""
    if sight.properties["hw_watchdog_action"] == "disabled":
        return watchdog_text(sight)
    return sight.done("watchdog")


@observation("the root disk grows while the guest runs")
def root_grows_live(sight: Sight) -> str:
    """A tenant can do that with volumes only."""
    return sight.done("resize")


@observation("the server keeps its hardware in rescue")
def rescue_keeps_hardware(sight: Sight) -> str:
    """Its root may be either disk: both are of the same image."""
    sight.done("rescue")
    return f"in rescue {root_text(sight, 'rescued', named=False)}"


@observation("the server keeps its hardware when it is rebuilt")
def rebuild_keeps_hardware(sight: Sight) -> str:
    """The rebuilt server must be what the first one was."""
    sight.done("rebuild")
    seen = root_text(sight, "rebuilt", named=True)
    before, now = sight.fact(Devices), sight.fact(Devices, "rebuilt")
    changed = [
        name for name in ("rng", "watchdogs", "tpm") if getattr(before, name) != getattr(now, name)
    ]
    if changed:
        raise CheckFailed(f"rebuilt, the guest has another {' and '.join(changed)}")
    return f"rebuilt, {seen}; its other devices are the same"


@observation("a deleted server can be restored")
def deleted_server_is_restored(sight: Sight) -> str:
    """Soft delete is the cloud's, by ``reclaim_instance_interval``."""
    return sight.done("soft-delete")
