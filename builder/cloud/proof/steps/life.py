"""What Nova does with a server: rescue, rebuild, soft delete."""

import time

from builder.cloud.proof.steps.subject import Subject
from builder.cloud.server.servers import REBUILD_USER_DATA_SINCE
from builder.feature import CheckFailed, CheckSkipped


def rescue(subject: Subject) -> str:
    """Boot the server in rescue, and end it."""
    subject.guest.require("first")
    earlier = subject.guest.known
    subject.servers.rescue(subject.id)
    subject.guest.await_status("RESCUE", subject.limits.active)
    try:
        _, seconds = subject.guest.await_boot("rescued", earlier, subject.limits.boot)
    except (CheckFailed, TimeoutError):
        _end_rescue(subject)
        raise
    _end_rescue(subject)
    return f"booted in rescue in {seconds:.0f} s, and ended it"


def _end_rescue(subject: Subject) -> None:
    subject.servers.unrescue(subject.id)
    subject.guest.await_status("ACTIVE", subject.limits.active)


def rebuild(subject: Subject) -> str:
    """Make it anew, with the order to hang where it has a watchdog."""
    subject.guest.require("first")
    if not subject.servers.supports(REBUILD_USER_DATA_SINCE):
        major, minor = REBUILD_USER_DATA_SINCE
        raise CheckSkipped(
            f"a rebuild with other user-data needs microversion {major}.{minor} of Nova"
        )
    order = subject.user_data("hang" if subject.has_watchdog else "watch")
    subject.servers.rebuild(subject.id, subject.setting.image.id, order)
    subject.guest.await_status("ACTIVE", subject.limits.active)
    _, seconds = subject.guest.await_boot("rebuilt", (), subject.limits.boot)
    return f"rebuilt and booted in {seconds:.0f} s"


def soft_delete(subject: Subject) -> str:
    """Delete it as a user does, and restore it."""
    subject.servers.delete(subject.id)
    if not _is_soft_deleted(subject):
        raise CheckSkipped("the cloud deletes at once (reclaim_instance_interval is 0)")
    start = time.monotonic()
    subject.servers.restore(subject.id)
    subject.guest.await_status("ACTIVE", subject.limits.active)
    return f"SOFT_DELETED, and ACTIVE {time.monotonic() - start:.0f} s after it was restored"


def _is_soft_deleted(subject: Subject) -> bool:
    def deleted() -> bool | None:
        server = subject.servers.get(subject.id)
        if server is None or server.status == "DELETED":
            return False
        return True if server.status == "SOFT_DELETED" else None

    return subject.guest.wait("the server to be deleted", deleted, subject.limits.deleted)
