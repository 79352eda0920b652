"""The hypervisor can talk to the guest: set passwords, freeze file systems for a snapshot.

Some things only the inside of a guest can do: set a forgotten password, bring the file systems to
rest for a snapshot. Nova asks the QEMU guest agent for them, through a virtio-serial port that the
guest has only if its image says so. An agent that is installed but not started, blocks a command,
or stays away once it was killed is found out on the day it is needed. Without ``os_admin_user``
Nova sets the password of root, who is locked in a cloud image.
"""

import base64
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

from pydantic import Field, StringConstraints

from builder.feature import (
    CheckFailed,
    Claim,
    Conflict,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    Surroundings,
    inspection,
    probe,
)
from builder.linux import conditions, guestagent, loadable, login, systemd
from builder.linux.live import output
from builder.linux.live_network import (
    require_before_network,
    with_network_data,
    without_network,
)
from builder.linux.scripts import script

# What Debian's useradd accepts by default (NAME_REGEX of adduser.conf), at most 32 characters.
USER_PATTERN = r"^[a-z][a-z0-9_-]{0,31}$"
UserName = Annotated[str, StringConstraints(pattern=USER_PATTERN)]

UNIT = guestagent.UNIT
DRIVER = "virtio_console"
"""The driver of virtio-serial, which has the port."""

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
    seen = systemd.require_started(disk, UNIT)
    conditions.require_met(disk, UNIT)
    return seen


@inspection("the guest agent listens on the port that Nova gives")
def agent_listens_on_port(disk: Filesystem, _: GuestAgentParameters) -> str:
    """By the effective command line of its unit, and with the driver of that port."""
    found = tuple(guestagent.elsewhere(disk))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; Nova gives no other: remove that")
    loadable.require(disk, (DRIVER,))
    return f"nothing has it listen elsewhere than on {guestagent.PORT}"


@inspection("no command that Nova gives the agent is blocked")
def agent_blocks_nothing_needed(disk: Filesystem, _: GuestAgentParameters) -> str:
    """Red Hat's package blocks commands by default; hardening confines the unit."""
    found = (
        *guestagent.refused(disk),
        *guestagent.blocked_commands(disk, NOVA_COMMANDS),
        *guestagent.confined(disk),
    )
    if found:
        raise CheckFailed(f"{'; '.join(found)}; remove that, or have it leave Nova's commands out")
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


@probe("the administrator logs in with the password that the agent has set", once=True, seconds=8)
def password_lets_in(guest: Guest, parameters: GuestAgentParameters) -> str:
    """Set one as Nova does, and log in with it on the serial console."""
    user = parameters.admin_user
    password = secrets.token_hex(16)
    encoded = base64.b64encode(password.encode()).decode()
    guest.agent("guest-set-user-password", username=user, password=encoded, crypted=False)
    login.log_in(guest, user, password)
    return f"the agent has set the password of {user}, who logged in with it on the console"


FROZEN_SECONDS = 3
WRITES = "/run/guest-image-writes"
START_WRITER = script("start-writer.sh")
STOP_WRITER = script("stop-writer.sh")


@probe("the agent freezes the file systems, writes wait, and thaws them", once=True, seconds=10)
def agent_freezes_file_systems(guest: Guest, _: GuestAgentParameters) -> str:
    """Freeze as Nova does before a snapshot with os_require_quiesce, while a program writes."""
    output(guest, START_WRITER, WRITES, timeout=90)
    try:
        frozen = guest.agent("guest-fsfreeze-freeze")
        time.sleep(FROZEN_SECONDS)
    finally:
        with suppress(CheckFailed, TimeoutError):  # where the freeze failed, its own words count
            guest.agent("guest-fsfreeze-thaw")
        longest = int(output(guest, STOP_WRITER, WRITES, timeout=90))
    if not frozen:
        raise CheckFailed("the agent froze no file system")
    if longest < FROZEN_SECONDS * 1000 / 2:  # a write may begin when the freeze has lasted a while
        raise CheckFailed(
            f"the agent froze {frozen} file systems for {FROZEN_SECONDS} s, but no write to the "
            f"root waited longer than {longest / 1000:.1f} s"
        )
    return f"the agent froze {frozen} file systems, a write waited {longest / 1000:.1f} s"


UP_LIMIT = 600.0
"""Seconds from power-on until the agent answers, under emulation beside other guests."""

RETURN_LIMIT = 60.0
"""Seconds in which the agent answers again."""

MAIN_PROCESS = f"systemctl show --property=MainPID --value {UNIT}"


@probe("the agent comes back when it is killed", once=True)
def agent_returns_when_killed(guest: Guest, _: GuestAgentParameters) -> str:
    """Its unit must start it anew: without that Nova has lost it until the next boot."""
    process = output(guest, MAIN_PROCESS)
    if not process.isdecimal() or int(process) == 0:  # kill(1) takes 0 for its own process group
        raise CheckFailed(f"{UNIT} is not running: systemd has MainPID={process} for it")
    output(guest, f"kill -KILL {process}")
    guest.agent("guest-ping", timeout=RETURN_LIMIT)
    return "the agent was killed and answers again"


@probe("the agent comes back when the guest has rebooted", when="restarted")
def agent_returns_after_reboot(guest: Guest, _: GuestAgentParameters) -> str:
    """The port was there before the guest's kernel: no event tells that it appeared."""
    guest.agent("guest-ping", timeout=RETURN_LIMIT)
    return "the agent answers after a reboot"


@probe(
    "the agent answers in a guest without a network",
    machine=without_network,
    login=False,
)
def agent_needs_no_network(guest: Guest, _: GuestAgentParameters) -> str:
    """It may be the only way into a guest that its network does not reach."""
    guest.agent("guest-ping", timeout=UP_LIMIT)
    return "the agent answers without a network"


@probe("the agent is started before the network is there", machine=with_network_data)
def agent_starts_before_network(guest: Guest, _: GuestAgentParameters) -> str:
    """Look when it was started: a network may come late, or never."""
    return require_before_network(guest, UNIT)


def claims(parameters: GuestAgentParameters) -> tuple[Claim, ...]:
    """The agent's channel, and what Nova does through it."""
    channel = Claim(
        property="hw_qemu_guest_agent",
        value="yes",
        promise="the QEMU guest agent answers on the guest's virtio-serial port",
        proof=(
            agent_will_start,
            agent_listens_on_port,
            agent_returns_when_killed,
            agent_returns_after_reboot,
            agent_answers,
        ),
    )
    admin = Claim(
        property="os_admin_user",
        value=parameters.admin_user,
        promise=f"the agent can set the password of '{parameters.admin_user}'",
        proof=(agent_blocks_nothing_needed, password_lets_in),
    )
    quiesce = Claim(
        property="os_require_quiesce",
        value="yes",
        promise="the agent can freeze the guest's file systems for a snapshot",
        proof=(agent_blocks_nothing_needed, agent_freezes_file_systems),
    )
    return (channel, admin, quiesce) if parameters.require_quiesce else (channel, admin)


def conflicts(parameters: GuestAgentParameters, surroundings: Surroundings) -> Iterator[Conflict]:
    """A profile that changes the distribution inherits the name of another one's user."""
    user, default = parameters.admin_user, surroundings.distribution.default_user
    if surroundings.complete and user not in (default, "root"):
        yield Conflict(
            "admin_user",
            f"is '{user}', but nobody can log in as that: the image has '{default}' and root",
            f"Write '{default}' (in a profile that extends another: or leave its value empty).",
        )


FEATURE = Feature(
    name="guest-agent",
    summary="the QEMU guest agent answers: passwords can be set, snapshots quiesced",
    parameters=GuestAgentParameters,
    defaults=lambda distribution: {"admin_user": distribution.default_user},
    elements=("guest-agent",),
    claims=claims,
    conflicts=conflicts,
    inspections=(agent_will_start, agent_listens_on_port, agent_blocks_nothing_needed),
    probes=(
        agent_answers,
        password_lets_in,
        agent_freezes_file_systems,
        agent_returns_when_killed,
        agent_returns_after_reboot,
        agent_needs_no_network,
        agent_starts_before_network,
    ),
)
