"""Whether the bills of materials beside an image are those that its manifest tells of."""

from pathlib import Path

from builder.publish.candidate.admission import Refused
from builder.sbom.check import faults
from builder.store.manifest import Manifest


def require_bills(directory: Path, build: Manifest) -> None:
    """Raise ``Refused`` for a bill that is missing, truncated or another one.

    A build of an older version has none, and needs none.
    """
    if reasons := [*faults(directory, build)]:
        raise Refused(
            f"Build {build.build} of {build.planned().profile} is not published: its software bill"
            " of materials is not the one that was written with it.",
            details=reasons,
            hint="Copy the file again from where the image was built, or build the image again.",
        )
