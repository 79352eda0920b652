"""Whether a build's files are those that were proven. One that is as it was is not read again.

An image has hundreds of megabytes, and a catalogue hundreds of images: reading all of them for
each new build would take many minutes. What was found whole is noted with size, time and inode.
"""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from builder.errors import ImageError
from builder.host.files import sha256_of
from builder.store.manifest import Manifest

FILE_NAME = "checked.json"

Notes = dict[str, list[object]]
"""By path: SHA-256, size, time of the last change in nanoseconds, inode."""


@dataclass
class Checked:
    """What earlier runs have found whole, and what this one has."""

    earlier: Notes = field(default_factory=dict)
    now: Notes = field(default_factory=dict)

    def require(self, directory: Path, build: Manifest) -> Mapping[str, int]:
        """The sizes of the image in all formats and of the bills, by their names.

        Raises ``ImageError`` where one of them is missing, cut off, or another one.
        """
        wanted = {file.name: file.sha256 for file in build.files}
        wanted |= {bill.name: bill.sha256 for bill in build.sbom}
        sizes, faults = {}, []
        for name, sha256 in wanted.items():
            try:
                sizes[name] = self._size_of_whole(directory / name, sha256)
            except ValueError as fault:
                faults.append(str(fault))
            except OSError as error:
                faults.append(f"{directory / name} cannot be read ({error.strerror}).")
        if faults:
            raise ImageError(
                f"Build {build.build} of {build.planned().profile} is not listed: its files are not"
                " those that were proven.",
                details=faults,
                hint="Copy them again from where the image was built, or build it again.",
            )
        return sizes

    def _size_of_whole(self, path: Path, sha256: str) -> int:
        """The size of a file that has this SHA-256; raises ``ValueError`` of one that has not."""
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):  # a build from elsewhere may have a link or a pipe
            raise ValueError(f"{path} is not a regular file.")
        note: list[object] = [sha256, status.st_size, status.st_mtime_ns, status.st_ino]
        if self.earlier.get(str(path)) != note and (found := sha256_of(path)) != sha256:
            raise ValueError(
                f"{path} has the SHA-256 {found[:12]}…; the manifest says {sha256[:12]}…."
            )
        self.now[str(path)] = note
        return status.st_size


def read(directory: Path) -> Checked:
    """What the last run has noted; nothing where that cannot be read: files are read again then."""
    try:
        noted = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Checked()
    return Checked(noted if isinstance(noted, dict) else {})


def text(checked: Checked) -> str:
    """What the next run will read."""
    return json.dumps(checked.now)
