"""What every image is: a Linux that boots anywhere, finds its network and lets its user in."""

from builder.feature import Claim, Feature, Parameters


class FoundationParameters(Parameters):
    """Facts of the distribution; a profile cannot set them."""

    os_distro: str
    os_version: str
    architecture: str
    default_user: str


def claims(parameters: FoundationParameters) -> tuple[Claim, ...]:
    """Glance's common image properties, from the distribution."""
    return (
        Claim(
            property="os_type",
            value="linux",
            promise="the guest is a Linux",
            proof=(),
        ),
        Claim(
            property="os_distro",
            value=parameters.os_distro,
            promise=f"the guest's distribution is {parameters.os_distro}",
            proof=(),
        ),
        Claim(
            property="os_version",
            value=parameters.os_version,
            promise=f"the guest is release {parameters.os_version} of its distribution",
            proof=(),
        ),
        Claim(
            property="architecture",
            value=parameters.architecture,
            promise=f"the guest's kernel and programs are built for {parameters.architecture}",
            proof=(),
        ),
    )


FEATURE = Feature(
    name="foundation",
    summary="boots with BIOS and UEFI, finds its network, lets its default user in by SSH",
    parameters=FoundationParameters,
    defaults=lambda distribution: {
        "os_distro": distribution.os_distro,
        "os_version": distribution.os_version,
        "architecture": distribution.architecture,
        "default_user": distribution.default_user,
    },
    elements=(
        "guest-foundation",
        "guest-cloud-init",
        "guest-network",
        "guest-initrd",
        "guest-bootloader",
        "guest-hygiene",
    ),
    environment=lambda parameters: {"DIB_CLOUD_USER": parameters.default_user},
    claims=claims,
)
