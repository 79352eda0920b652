"""An image's data on its way to a cloud: in pieces, counted and hashed."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from builder.digest import BLOCK
from builder.errors import BuilderError, InputError

MIB = 1024 * 1024
_BAR = 24


class Upload:
    """Data that is read once, piece by piece, and must be what the manifest says.

    ``tell`` is told how far it is.
    """

    def __init__(
        self, pieces: Iterator[bytes], *, size: int, sha512: str, tell: Callable[[str], None]
    ) -> None:
        self.size = size
        self._pieces = pieces
        self._expected = sha512
        self._digest = hashlib.sha512()
        self._sent = 0
        self._start = time.monotonic()
        self._tell = tell

    def read(self, _size: int = -1, /) -> bytes:
        """The next piece, at the end none. Raises ``BuilderError`` where it is other data."""
        piece = next(self._pieces, b"")
        self._digest.update(piece)
        self._sent += len(piece)
        if self._sent > self.size:
            raise self._other(f"it is longer than {self.size} bytes")
        if not piece:
            if self._sent < self.size:
                raise self._other(f"it ended after {self._sent} of {self.size} bytes")
            if self._digest.hexdigest() != self._expected:
                raise self._other("its SHA-512 is not that of the manifest")
        self._tell(progress_text(self._sent, self.size, time.monotonic() - self._start))
        return piece

    def _other(self, what: str) -> BuilderError:
        return BuilderError(
            "The image is not the one that was proven; it was not published.",
            details=[f"While it was sent: {what}."],
            hint="Leave the file alone while it is published. If it was changed, build it again.",
        )


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file's content. Raises ``InputError`` where it cannot be read."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.",
            details=[error.strerror or str(error)],
            hint="Check the path and its permissions; if the file is gone, build it again.",
        ) from error


def progress_text(sent: int, size: int, seconds: float) -> str:
    """A bar with rate and remaining time: ``[####    ] 50 %, 10.0 MiB/s, 3 s left``."""
    share = sent / size if size else 1.0
    bar = "#" * round(share * _BAR)
    rate = sent / seconds if seconds > 0 else 0.0
    left = f", {_duration((size - sent) / rate)} left" if rate else ""
    return f"[{bar:<{_BAR}}] {share:.0%}, {rate / MIB:.1f} MiB/s{left}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest} s"
