"""Whether the bills of materials beside an image are those that its manifest tells of."""

import stat
from collections.abc import Iterator
from pathlib import Path

from builder.host.files import sha256_of
from builder.store.manifest import Manifest


def faults(directory: Path, build: Manifest) -> Iterator[str]:
    """What is wrong with the bills of a build, a sentence each.

    A build of an older version has no bill, and nothing is wrong with that.
    """
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
