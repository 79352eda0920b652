"""The package sources that a build would use, for Debian and Ubuntu. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from builder.architecture import ARCHITECTURES
from builder.archive.mirrors import named_mirrors
from builder.distribution import SECURITY, Distribution
from builder.errors import HostError

COMPONENTS = "DIB_DEBIAN_COMPONENTS"
"""The variable of diskimage-builder that names others than these, with commas between them."""

_COMPONENTS = {"debian": "main", "ubuntu": "main,universe"}


@dataclass(frozen=True)
class Source:
    """One suite of an archive."""

    mirror: str
    suite: str
    components: tuple[str, ...]
    architecture: str
    at: datetime | None = None
    """The moment that it is a snapshot of; None for the archive of today."""

    def line(self, keyring: str) -> str:
        """It as a line of sources.list(5), signed by the keys of this file."""
        options = f"signed-by={keyring} arch={self.architecture}"
        if self.at is not None:  # whether it was valid then is judged here, and not by apt
            options += " check-valid-until=no"
        return f"deb [{options}] {self.mirror} {self.suite} {' '.join(self.components)}"

    @property
    def is_security(self) -> bool:
        """Whether it is the one that has security updates."""
        return self.suite.endswith(SECURITY)

    def index(self, component: str) -> str:
        """The path of a component's index below the release."""
        return f"{component}/binary-{self.architecture}/Packages"


def sources_of(
    distribution: Distribution,
    mirrors: Mapping[str, str],
    environment: Mapping[str, str],
    at: datetime | None = None,
) -> tuple[Source, ...]:
    """The sources, by the addresses of ``mirrors`` and the plan's environment.

    ``at`` is the moment of which these mirrors are snapshots.
    Raises ``HostError`` where nobody names a mirror, or where the distribution has none of apt's.
    """
    if not distribution.suites:
        raise HostError(
            f"What {distribution.name} has for updates is unknown: its packages are not apt's.",
            details=["Only an archive that apt reads is asked for its security updates here."],
            hint="Ask what a new image would have otherwise: guest-image due PROFILE",
        )
    addresses = named_mirrors(distribution, mirrors)
    components = environment.get(COMPONENTS) or _COMPONENTS[distribution.os_distro]
    return tuple(
        Source(
            addresses[kind],
            f"{distribution.release}{suffix}",
            tuple(components.split(",")),
            ARCHITECTURES[distribution.architecture].debian,
            at,
        )
        for suffix, kind in distribution.suites.items()
    )
