"""libguestfs: the disk of an image at rest, as a ``Filesystem``. The appliance starts once."""

import errno
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path

from builder.errors import ImageError
from builder.feature import Kernel, RegistryValue, Volume
from builder.host.scratch import scratch
from builder.image import registry_hive
from builder.image.appliance import _ABSENT, _SMALL, LIMIT, _Session
from builder.image.binding import load_binding, require_kernel
from builder.linux import kernels

READ_LIMIT = 512 << 20
"""Bytes: no file that an inspection reads is larger, and an image may be a stranger's."""

TEXT_LIMIT = 1 << 20
"""Bytes of a configuration file."""

LISTING_LIMIT = 8 << 20
"""Bytes of what depmod lists for a kernel; a distribution's with every driver has one million."""

_NO_LINK = "Invalid argument"

_DIRECTORY = "Is a directory"


class Disk:
    """The disk of an image, its file systems mounted read-only; see ``Filesystem``."""

    def __init__(self, session: "_Session") -> None:
        self._session = session
        self._ask = session.ask
        self._handle = session.handle

    def exists(self, path: str) -> bool:
        """Whether the path exists; a symbolic link is followed within the image."""
        try:
            self._ask(self._handle.statns, path)  # unlike "exists", it follows the last link too
        except FileNotFoundError:
            return False
        return True

    def read_bytes(self, path: str) -> bytes:
        """Read a file. Raises ``FileNotFoundError``, for what is not a regular file as well.

        Raises ``ImageError`` for one of more than ``READ_LIMIT`` bytes.
        """
        return self._read(path, READ_LIMIT)

    def _read(self, path: str, limit: int) -> bytes:
        # One message for nearly every file; a transfer takes ten times as long.
        start: bytes = self._ask(self._handle.pread, path, _SMALL, 0, absent=(*_ABSENT, _DIRECTORY))
        if len(start) < _SMALL:
            return start
        status = self._ask(self._handle.statns, path)
        if not stat.S_ISREG(status["st_mode"]):
            raise FileNotFoundError(errno.ENOENT, "not a regular file", path)
        if status["st_size"] > limit:
            raise ImageError(
                f"{path} in {self._session.image} is too large to be read.",
                details=[f"It has {status['st_size']} bytes; the limit is {limit}."],
                hint="No such file of a sound system is: look at what it is.",
            )
        content: bytes = self._ask(self._handle.read_file, path)
        return content

    def read_text(self, path: str) -> str:
        """Read a file as UTF-8, undecodable bytes replaced. Raises ``FileNotFoundError``.

        Raises ``ImageError`` for one that is larger than any configuration.
        """
        limit = LISTING_LIMIT if path.startswith(f"{kernels.TREE}/") else TEXT_LIMIT
        return self._read(path, limit).decode(errors="replace")

    def readlink(self, path: str) -> str | None:
        """Return the target as written in the link, or None where the path is no link."""
        try:
            return str(self._ask(self._handle.readlink, path, absent=(*_ABSENT, _NO_LINK)))
        except FileNotFoundError:
            return None

    def list(self, path: str) -> tuple[str, ...]:
        """Names in a directory, sorted; empty where there is none."""
        try:
            return tuple(sorted(self._ask(self._handle.ls, path)))
        except FileNotFoundError:
            return ()

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Absolute paths that match a shell pattern, sorted."""
        return tuple(sorted(self._ask(self._handle.glob_expand, pattern, directoryslash=False)))

    def files(self, directory: str) -> tuple[str, ...]:
        """Absolute paths of the regular files below a directory, sorted; links are not followed."""
        try:
            paths: Sequence[str] = self._ask(self._handle.find, directory)
        except FileNotFoundError:
            return ()
        names: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            parent, _, name = f"{directory.rstrip('/')}/{path.lstrip('/')}".rpartition("/")
            names[parent].append(name)
        return tuple(
            sorted(
                f"{parent}/{name}"
                for parent, children in names.items()
                for name, status in zip(
                    children, self._statuses(parent or "/", children), strict=True
                )
                if stat.S_ISREG(status["st_mode"])
            )
        )

    def _statuses(self, parent: str, names: Sequence[str]) -> Sequence[Mapping[str, int]]:
        """What lstat tells of files in one directory; asked one by one it takes minutes."""
        call: Callable[..., Sequence[Mapping[str, int]]] = self._handle.lstatnslist
        return self._ask(lambda path: call(path, [*names]), parent)

    def kernels(self) -> tuple[Kernel, ...]:
        """Every installed kernel, by release; read once. Raises ``CheckFailed``."""
        return self._kernels

    def volumes(self) -> tuple[Volume, ...]:
        """Every partition and logical volume; asked for once."""
        return self._volumes

    @cached_property
    def _volumes(self) -> tuple[Volume, ...]:
        return self._session.volumes()

    def registry(self, hive: str, key: str) -> Mapping[str, RegistryValue]:
        """Read a key of a Windows registry hive. Raises ``FileNotFoundError``."""
        return self._ask(partial(registry_hive.values, self._handle, key), hive)

    @cached_property
    def _kernels(self) -> tuple[Kernel, ...]:
        return kernels.installed(self)


@contextmanager
def open_image(
    image: Path,
    disk_format: str,
    *,
    limit: float = LIMIT,
    cancelled: threading.Event | None = None,
) -> Iterator[Disk]:
    """Open an image that ``image.safety.check_image`` has found safe, and mount what is on it.

    Raises ``HostError`` where libguestfs cannot run here, ``ImageError`` where the image has no
    operating system or cannot be mounted, ``InterruptedByUser`` soon after ``cancelled`` is set,
    and ``BuilderError`` where ``limit`` seconds are over.
    """
    guestfs = load_binding()
    require_kernel()
    with (
        scratch("disk") as directory,
        _Session(guestfs, image, directory, limit, cancelled or threading.Event()) as session,
    ):
        session.start(disk_format)
        session.mount()
        yield Disk(session)
