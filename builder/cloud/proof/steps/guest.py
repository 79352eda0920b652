"""What the guest does: it boots and reports, takes a password, sees its disk grow."""

import time

from builder.cloud.observation.guest_report import Password, Size, Watching
from builder.cloud.proof.steps.subject import Subject
from builder.cloud.server.servers import NOT_IMPLEMENTED
from builder.cloud.server.watcher import POLL
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped
from builder.nova.properties import is_true
from builder.publish.cloud.remedies import CONFLICT

RESIZE_STEP = 1 << 30
"""Bytes."""


def report(subject: Subject) -> str:
    """Wait for what the guest's script tells in the first boot."""
    if subject.properties.get("os_type", "linux") != "linux":
        raise CheckSkipped("only a Linux guest runs the script that tells what it sees")
    (console,) = subject.guest.wait(
        "the cloud to show the console",
        lambda: (subject.servers.console(subject.id),),
        subject.limits.active,
    )
    if console is None:
        raise CheckSkipped("the cloud shows no console log")
    boot, seconds = subject.guest.await_boot("first", (), subject.limits.boot)
    return f"told {len(boot.messages)} facts {seconds:.0f} s after the server was active"


def set_password(subject: Subject) -> str:
    """Let Nova set a password through the agent, and the guest try it before and after."""
    if not is_true(subject.properties.get("hw_qemu_guest_agent")):
        raise CheckSkipped("the image has no hw_qemu_guest_agent: Nova asks no agent")
    boot = subject.guest.require("first")
    subject.guest.wait_told(
        "the guest to watch its passwords",
        lambda: subject.guest.told(boot, Watching),
        subject.limits.password,
    )
    _ask_agent(subject)
    password = subject.guest.wait_told(
        "the guest to tell that its password was set",
        lambda: subject.guest.told(boot, Password),
        subject.limits.password,
    )
    if password.before:
        raise CheckFailed(f"{password.user} could log in before the password was set")
    if not password.after:
        raise CheckFailed(f"{password.user} cannot log in with the password that was set")
    return (
        f"Nova has set the password of {password.user} through the agent, and it lets"
        " somebody in who could not enter before"
    )


def _ask_agent(subject: Subject) -> None:
    start = time.monotonic()
    while True:
        try:
            subject.servers.set_password(subject.id, subject.password)
        except CloudError as error:
            # 501: the agent does not answer; 409: another task is not over.
            if error.status not in {NOT_IMPLEMENTED, CONFLICT}:
                raise
            if time.monotonic() - start > subject.limits.agent:
                reason = " ".join(error.details)
                raise CheckFailed(
                    f"the guest agent did not answer Nova for {subject.limits.agent:.0f} s:"
                    f" {reason}"
                ) from error
            time.sleep(POLL)
        else:
            return


def grow_root(subject: Subject) -> str:
    """Let libvirt give the running guest a greater disk, and the guest see it."""
    operator, domain = subject.setting.operator, subject.domain
    if operator is None:
        raise CheckSkipped(
            "only an operator grows a root disk at run time: --libvirt names the compute host's"
        )
    if domain is None:
        raise CheckSkipped(f"the server does not run on the host of {operator.uri}")
    boot = subject.guest.require("first")
    if boot.root is None:
        raise CheckSkipped("the guest does not know which disk its root is on")
    size = boot.root.bytes + RESIZE_STEP
    operator.resize_root(subject.id, domain, size)

    def grown() -> Size | None:
        told = subject.guest.told(boot, Size)
        return told if told is not None and told.bytes == size else None

    seen = subject.guest.wait_told(
        "the guest to see that its disk grew", grown, subject.limits.resize
    )
    return f"/dev/{seen.name} grew from {boot.root.bytes >> 30} to {size >> 30} GiB at run time"
