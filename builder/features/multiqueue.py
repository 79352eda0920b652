"""Network traffic is spread over all vCPUs."""

from builder.feature import Claim, Feature, Parameters


class MultiqueueParameters(Parameters):
    """Multiqueue has nothing to choose: Nova gives as many queues as vCPUs."""


def claims(_: MultiqueueParameters) -> tuple[Claim, ...]:
    """The one property; Nova ignores it for a guest of one vCPU."""
    return (
        Claim(
            property="hw_vif_multiqueue_enabled",
            value="true",
            promise="each NIC of the guest uses as many queues as the guest has vCPUs",
            proof=(),
        ),
    )


FEATURE = Feature(
    name="multiqueue",
    summary="every NIC uses as many queues as the guest has vCPUs",
    parameters=MultiqueueParameters,
    elements=("guest-multiqueue",),
    claims=claims,
)
