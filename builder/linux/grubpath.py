"""Which file of a disk a boot loader's path means."""

import posixpath
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import esp
from builder.linux.fstab import mounts


def exists(disk: Filesystem, path: str) -> bool:
    """Whether there is such a file, at any place that the path may mean.

    It begins at the top of its file system: that of ``/boot`` or the ESP where these are of their
    own, and above the subvolume of a btrfs.
    """
    return any(map(disk.exists, _meanings(disk, path.rpartition(")")[2])))


def _meanings(disk: Filesystem, path: str) -> Iterator[str]:
    yield path
    yield from (f"{place}/{path.lstrip('/')}" for place in ("/boot", *esp.MOUNT_POINTS))
    for mount in mounts(disk):
        for option in mount.options:
            name = option.removeprefix("subvol=").strip("/")
            if option.startswith("subvol=") and path.startswith(f"/{name}/"):
                yield posixpath.join(mount.mount_point, path.removeprefix(f"/{name}/"))
