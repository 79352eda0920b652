"""What the foundation is told: facts of the distribution."""

from builder.feature import Parameters


class FoundationParameters(Parameters):
    """Facts of the distribution; a profile cannot set them."""

    os_distro: str
    os_version: str
    architecture: str
    default_user: str
