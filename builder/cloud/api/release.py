"""Which release of Nova a cloud has, by the newest microversion of its API. Pure.

Source: Nova 34's ``nova/api/openstack/compute/rest_api_version_history.rst``.
"""

from builder.errors import CloudError
from builder.feature.nova_release import OLDEST_CLOUD, NovaRelease

NEWEST_OF = {
    (2, 60): NovaRelease.QUEENS,
    (2, 65): NovaRelease.ROCKY,
    (2, 72): NovaRelease.STEIN,
    (2, 79): NovaRelease.TRAIN,
    (2, 87): NovaRelease.VICTORIA,
    (2, 88): NovaRelease.WALLABY,
    (2, 90): NovaRelease.YOGA,
    (2, 93): NovaRelease.ZED,
    (2, 95): NovaRelease.BOBCAT,
    (2, 96): NovaRelease.DALMATIAN,
    (2, 100): NovaRelease.FLAMINGO,
    (2, 103): NovaRelease.GAZPACHO,
    (2, 104): NovaRelease.HIBISCUS,
}
"""The last release whose newest microversion it is: some have the same as the one before."""


def release_of(newest: tuple[int, int]) -> NovaRelease:
    """The release of a Nova whose newest microversion this is.

    Raises ``CloudError`` before Queens, of which nothing is known here.
    """
    found = [release for version, release in NEWEST_OF.items() if version <= newest]
    if not found:
        raise CloudError(
            f"The cloud's Nova is older than {OLDEST_CLOUD}: its newest microversion is"
            f" {newest[0]}.{newest[1]}.",
            details=["Nothing is known here of what such a Nova makes of an image."],
            hint="Have the cloud upgraded.",
        )
    return max(found)
