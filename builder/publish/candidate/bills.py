"""Whether the bills of materials beside an image are those that its manifest tells of."""

import stat
from collections.abc import Iterator
from pathlib import Path

from builder.host.files import sha256_of
from builder.publish.candidate.admission import Refused
from builder.store.manifest import Manifest


def require_bills(directory: Path, build: Manifest) -> None:
    """Raise ``Refused`` for a bill that is missing, truncated or another one.

    A build of an older version has none, and needs none.
    """
    if reasons := [*_faults(directory, build)]:
        raise Refused(
            f"Build {build.build} of {build.planned().profile} is not published: its software bill"
            " of materials is not the one that was written with it.",
            details=reasons,
            hint="Copy the file again from where the image was built, or build the image again.",
        )


def _faults(directory: Path, build: Manifest) -> Iterator[str]:
    for bill in build.sbom:
        path = directory / bill.name
        try:
            # A build from elsewhere may have a link or a pipe there.
            regular = stat.S_ISREG(path.lstat().st_mode)
            digest = sha256_of(path) if regular else ""
        except OSError as error:
            yield f"{path} cannot be read ({error.strerror})."
            continue
        if not regular:
            yield f"{path} is not a regular file."
        elif digest != bill.sha256:
            yield f"{path} has the SHA-256 {digest[:12]}…; the manifest says {bill.sha256[:12]}…."
