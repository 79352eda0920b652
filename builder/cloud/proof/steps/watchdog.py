"""The rebuilt guest hangs itself, and its watchdog acts."""

from collections.abc import Collection

from builder.cloud.observation.guest_report import BootReport, Hang, Returned
from builder.cloud.proof.steps.subject import Subject
from builder.feature import CheckFailed, CheckSkipped


def hang(subject: Subject) -> str:
    """Wait for the guest to hang, and for what its watchdog does then."""
    if not subject.has_watchdog:
        raise CheckSkipped("the image asks for no watchdog")
    boot, action = subject.guest.require("rebuilt"), subject.properties["hw_watchdog_action"]
    earlier = subject.guest.known
    told = subject.guest.wait_told(
        "the guest to hang", lambda: subject.guest.told(boot, Hang), subject.limits.action
    )
    if not told.holders:
        raise CheckFailed("no process of the guest holds its watchdog open")
    stopped = f"{' and '.join(told.holders)} stopped"
    match action:
        case "reset":
            _await_return(subject, boot, earlier)
            return f"{stopped}: reset; the guest came back"
        case "poweroff":
            subject.guest.await_status("SHUTOFF", subject.limits.action)
            return f"{stopped}: the server is SHUTOFF"
        case "pause":
            subject.guest.await_pause(subject.limits.action)
            return f"{stopped}: the server is paused"
        case _:
            raise CheckSkipped(f"hw_watchdog_action={action} leaves no trace outside")


def _await_return(subject: Subject, hung: BootReport, earlier: Collection[str]) -> None:
    boot, _ = subject.guest.await_boot("returned", earlier, subject.limits.action)
    told = subject.guest.wait_told(
        "the guest to tell that it hung",
        lambda: subject.guest.told(boot, Returned),
        subject.limits.password,
    )
    if told.hung != hung.id:
        raise CheckFailed("the guest came back from another boot than the one that hung")
