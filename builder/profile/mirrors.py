"""Where a profile has its packages from: mirrors, of a snapshot, and those that guests keep."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from builder.distribution import Distribution
from builder.profile.forms import MirrorAddress, PublicMirror, Section, SnapshotAddress
from builder.profile.snapshot import SNAPSHOT_MIRRORS

IMAGE_MIRRORS: Mapping[Literal["archive", "security"], str] = {
    "archive": "DIB_IMAGE_MIRROR_ARCHIVE",
    "security": "DIB_IMAGE_MIRROR_SECURITY",
}
"""Each kind of mirror with the variable in which the element guest-package-sources looks for it."""


class ImageMirrors(Section):
    """Where guests get packages from; by default the mirrors that the image was built from."""

    archive: PublicMirror | None = Field(default=None, description="The distribution's archive.")
    security: PublicMirror | None = Field(default=None, description="Its security updates.")


class SnapshotMirrors(Section):
    """Where snapshots of the archives are: addresses with {at} (20261101T000000Z) or {date}."""

    archive: SnapshotAddress | None = Field(default=None, description="Of the archive.")
    security: SnapshotAddress | None = Field(default=None, description="Of its security updates.")


class Mirrors(Section):
    """Where packages come from; by default the build host's own mirrors, where it has any."""

    archive: MirrorAddress | None = Field(default=None, description="The distribution's archive.")
    security: MirrorAddress | None = Field(default=None, description="Its security updates.")
    in_image: ImageMirrors = ImageMirrors()
    snapshot: SnapshotMirrors = SnapshotMirrors()

    def environment(self, distribution: Distribution) -> dict[str, str]:
        """The variables in which diskimage-builder's elements and ours look for mirrors."""
        build = {"archive": self.archive, "security": self.security}
        image = {"archive": self.in_image.archive, "security": self.in_image.security}
        then = {"archive": self.snapshot.archive, "security": self.snapshot.security}
        variables = {
            variable: mirror
            for kind, own in distribution.mirrors.items()
            for variable, mirror in (
                (own, build[kind]),
                (IMAGE_MIRRORS[kind], image[kind]),
                (SNAPSHOT_MIRRORS[kind], then[kind]),
            )
        }
        return {variable: mirror for variable, mirror in variables.items() if mirror is not None}
