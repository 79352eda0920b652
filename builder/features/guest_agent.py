"""The hypervisor can talk to the guest: set passwords, freeze file systems for a snapshot."""

from typing import Annotated

from pydantic import Field, StringConstraints

from builder.feature import Claim, Feature, Parameters

# What Debian's useradd accepts by default (NAME_REGEX of adduser.conf), at most 32 characters.
UserName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


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


def claims(parameters: GuestAgentParameters) -> tuple[Claim, ...]:
    """The agent's channel, and what Nova does through it."""
    channel = Claim(
        property="hw_qemu_guest_agent",
        value="yes",
        promise="the QEMU guest agent answers on the guest's virtio-serial port",
        proof=(),
    )
    admin = Claim(
        property="os_admin_user",
        value=parameters.admin_user,
        promise=f"the agent can set the password of '{parameters.admin_user}'",
        proof=(),
    )
    quiesce = Claim(
        property="os_require_quiesce",
        value="yes",
        promise="the agent can freeze the guest's file systems for a snapshot",
        proof=(),
    )
    return (channel, admin, quiesce) if parameters.require_quiesce else (channel, admin)


FEATURE = Feature(
    name="guest-agent",
    summary="the QEMU guest agent answers: passwords can be set, snapshots quiesced",
    parameters=GuestAgentParameters,
    defaults=lambda distribution: {"admin_user": distribution.default_user},
    elements=("guest-agent",),
    claims=claims,
)
