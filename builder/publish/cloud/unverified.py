"""A cloud whose certificate is not checked: whoever logs in to it should know."""

from typing import Protocol

from builder.terminal.progress import Progress


class Cloud(Protocol):
    """What speaks to a cloud."""

    cloud: str

    @property
    def unverified(self) -> bool:
        """Whether anybody between here and the cloud may pass for it."""
        ...


def warn_unverified(cloud: Cloud, progress: Progress) -> None:
    """Say so where the cloud's certificate is not checked."""
    if cloud.unverified:
        progress.warning(
            f"{cloud.cloud} has 'verify: false' in clouds.yaml: anybody on the way to it"
            " can read the login. Name its authority's certificate with 'cacert'."
        )
