"""The mirrors that a build would use, of which somebody has to have said where they are. Pure."""

from collections.abc import Mapping

from builder.distribution import Distribution, MirrorKind
from builder.errors import HostError


def named_mirrors(
    distribution: Distribution, mirrors: Mapping[str, str]
) -> Mapping[MirrorKind, str]:
    """The address of each of the distribution's kinds; ``mirrors`` has them by their variables.

    Raises ``HostError`` where nobody names one: what diskimage-builder asks by itself is its own.
    """
    for kind, variable in sorted(distribution.mirrors.items()):
        if variable not in mirrors:
            apts = distribution.package_format == "deb"
            places = [
                f"with mirrors.{kind} in the profile",
                f"with {variable} in the environment",
                *(["in the host's apt sources"] if apts else []),
            ]
            raise HostError(
                f"Nobody names the mirror of {distribution.name} to ask for packages.",
                details=[f"A build would ask diskimage-builder's default of kind '{kind}'."],
                hint=f"Name it {', '.join(places[:-1])}{',' if apts else ''} or {places[-1]}.",
            )
    return {kind: mirrors[name].rstrip("/") for kind, name in distribution.mirrors.items()}
