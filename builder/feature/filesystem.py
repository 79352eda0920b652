"""The disk of an image at rest, as inspections see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Kernel:
    """One installed kernel: what it can load at once, from its initrd, and from its root disk.

    Module names are written with underscores, as ``lsmod`` prints them.
    """

    release: str
    """As ``uname -r`` prints it."""
    image: str
    """Path of the kernel itself."""
    initrd: str | None
    """Path of its initrd, or None where it has none."""
    builtin: frozenset[str]
    """Modules compiled into the kernel."""
    in_initrd: frozenset[str]
    """Modules in the initrd; none where that is defective."""
    on_disk: frozenset[str]
    """Modules below ``/lib/modules/RELEASE``."""
    initrd_defect: str = ""
    """Why its initrd cannot be unpacked; empty where it can, and where there is none."""


@dataclass(frozen=True)
class Volume:
    """A partition or a logical volume with what lies on it, as blkid(8) tells it.

    A text is empty where there is no such thing.
    """

    device: str
    """As it is called while the image is looked at: ``/dev/sda1``, ``/dev/group/volume``."""
    type: str = ""
    """``ext4``, ``xfs``, ``vfat``, ``swap``, ``crypto_LUKS``, ``LVM2_member`` …"""
    uuid: str = ""
    label: str = ""
    part_uuid: str = ""
    part_label: str = ""
    part_scheme: str = ""
    """``gpt`` or ``dos``; empty for what is no partition."""
    part_number: int = 0
    start: int = 0
    """Bytes from the disk's beginning, of a partition."""
    mount_point: str | None = None
    """Where it is mounted while the image is looked at."""


RegistryValue = str | int | tuple[str, ...]
"""A text, a number or a list of texts of a Windows registry."""


class Filesystem(Protocol):
    """The disk of an image at rest, mounted read-only, paths as the guest sees them."""

    def exists(self, path: str) -> bool:
        """Whether the path exists; a symbolic link is followed within the image."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """The file's content. Raises ``FileNotFoundError``."""
        ...

    def read_text(self, path: str) -> str:
        """The file's content as UTF-8, undecodable bytes replaced. Raises ``FileNotFoundError``."""
        ...

    def readlink(self, path: str) -> str | None:
        """The target as written in the link, or None where the path is no symbolic link."""
        ...

    def list(self, path: str) -> tuple[str, ...]:
        """Names in a directory, sorted, without ``.`` and ``..``; empty where there is none."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Absolute paths that match a shell pattern, sorted."""
        ...

    def files(self, directory: str) -> tuple[str, ...]:
        """Absolute paths of the regular files below a directory, at any depth, sorted."""
        ...

    def kernels(self) -> tuple[Kernel, ...]:
        """Every installed kernel, by release."""
        ...

    def volumes(self) -> tuple[Volume, ...]:
        """Every partition and logical volume, by device."""
        ...

    def registry(self, hive: str, key: str) -> Mapping[str, RegistryValue]:
        r"""The values of a key (``A\B\C``) of the Windows registry hive at the path ``hive``.

        Those of other types are left out. Raises ``FileNotFoundError`` where there is no such hive
        or key.
        """
        ...
