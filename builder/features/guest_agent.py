"""The hypervisor can talk to the guest: set passwords, freeze file systems for a snapshot."""

import base64
import secrets
from contextlib import suppress
from typing import Annotated

from pydantic import Field, StringConstraints

from builder.feature import (
    CheckFailed,
    Claim,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    inspection,
    probe,
)
from builder.linux import guestagent, systemd
from builder.linux.live import output

# What Debian's useradd accepts by default (NAME_REGEX of adduser.conf), at most 32 characters.
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]

# What Nova's libvirt driver has the agent do: set a password, quiesce for a snapshot.
NOVA_COMMANDS = frozenset(
    {"guest-set-user-password", "guest-fsfreeze-freeze", "guest-fsfreeze-thaw"}
)


class GuestAgentParameters(Parameters):
    """Whose password Nova sets, and whether a snapshot must be quiesced."""

    admin_user: UserName = Field(
        description="The user whose password 'openstack server set --password' sets;"
        " by default the distribution's default user.",
    )
    require_quiesce: bool = Field(
        default=False,
        description="A snapshot fails unless the agent has frozen the file systems for it.",
    )


@inspection("the guest agent is installed and will be started")
def agent_will_start(disk: Filesystem, _: GuestAgentParameters) -> str:
    """By a link of systemd, or by udev when the virtio port appears."""
    return systemd.require_started(disk, "qemu-guest-agent.service")


@inspection("no command that Nova gives the agent is blocked")
def agent_blocks_nothing_needed(disk: Filesystem, _: GuestAgentParameters) -> str:
    """Red Hat's package blocks commands by default."""
    blocked = guestagent.blocked_commands(disk, NOVA_COMMANDS)
    if blocked:
        raise CheckFailed("; ".join(blocked))
    return f"no configuration blocks {', '.join(sorted(NOVA_COMMANDS))}"


@probe("the guest agent answers on its port")
def agent_answers(guest: Guest, _: GuestAgentParameters) -> str:
    """Ping it, and read which of its commands are blocked."""
    guest.agent("guest-ping")
    info = guest.agent("guest-info")
    enabled = {command["name"] for command in info["supported_commands"] if command["enabled"]}
    blocked = NOVA_COMMANDS - enabled
    if blocked:
        raise CheckFailed(
            f"the guest agent {info['version']} answers, but these commands are blocked or "
            f"missing: {', '.join(sorted(blocked))}"
        )
    return f"qemu-guest-agent {info['version']} answers, {len(enabled)} commands enabled"


@probe("the agent sets the administrator's password")
def agent_sets_password(guest: Guest, parameters: GuestAgentParameters) -> str:
    """Set one as Nova does, and look whether the guest's password database has changed."""
    user = parameters.admin_user
    read = f"getent shadow {user} | cut -d: -f2"
    before = output(guest, read)
    password = base64.b64encode(secrets.token_hex(16).encode()).decode()
    guest.agent("guest-set-user-password", username=user, password=password, crypted=False)
    after = output(guest, read)
    if after == before or not after.startswith("$"):
        raise CheckFailed(f"the agent reported success, but {user}'s password has not changed")
    return f"the agent has set the password of {user}"


@probe("the agent freezes and thaws the file systems")
def agent_freezes_file_systems(guest: Guest, _: GuestAgentParameters) -> str:
    """Freeze as Nova does before a snapshot with os_require_quiesce, and thaw at once."""
    try:
        frozen = guest.agent("guest-fsfreeze-freeze")
    except (CheckFailed, TimeoutError):
        with suppress(CheckFailed, TimeoutError):  # the cause is what the freeze said
            guest.agent("guest-fsfreeze-thaw")
        raise
    thawed = guest.agent("guest-fsfreeze-thaw")
    if not frozen:
        raise CheckFailed("the agent froze no file system")
    return f"the agent froze {frozen} file systems and thawed {thawed}"


def claims(parameters: GuestAgentParameters) -> tuple[Claim, ...]:
    """The agent's channel, and what Nova does through it."""
    channel = Claim(
        property="hw_qemu_guest_agent",
        value="yes",
        promise="the QEMU guest agent answers on the guest's virtio-serial port",
        proof=(agent_will_start, agent_answers),
    )
    admin = Claim(
        property="os_admin_user",
        value=parameters.admin_user,
        promise=f"the agent can set the password of '{parameters.admin_user}'",
        proof=(agent_blocks_nothing_needed, agent_sets_password),
    )
    quiesce = Claim(
        property="os_require_quiesce",
        value="yes",
        promise="the agent can freeze the guest's file systems for a snapshot",
        proof=(agent_blocks_nothing_needed, agent_freezes_file_systems),
    )
    return (channel, admin, quiesce) if parameters.require_quiesce else (channel, admin)


FEATURE = Feature(
    name="guest-agent",
    summary="the QEMU guest agent answers: passwords can be set, snapshots quiesced",
    parameters=GuestAgentParameters,
    defaults=lambda distribution: {"admin_user": distribution.default_user},
    elements=("guest-agent",),
    claims=claims,
    inspections=(agent_will_start, agent_blocks_nothing_needed),
    probes=(
        agent_answers,
        agent_sets_password,
        agent_freezes_file_systems,
    ),
)
