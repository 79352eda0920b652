"""An image's data on its way to a cloud: in pieces, counted and hashed."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.errors import ImageError
from builder.host.files import BLOCK
from builder.publish.cloud.difference import known_hash
from builder.publish.cloud.image import Data, Wanted

_ALGORITHMS = {"sha512": "SHA-512", "sha256": "SHA-256"}
"""Those that data is compared by, by Glance's names: the manifest has one of them at least."""


class Upload:
    """Data that is read once, piece by piece, and must be what the manifest says.

    ``tell`` is told how many bytes have been sent, of how many.
    """

    def __init__(
        self, pieces: Iterator[bytes], data: Data, *, tell: Callable[[int, int], None]
    ) -> None:
        self.size = data.size
        self._pieces = pieces
        self._algorithm, self._expected = _strongest(data.hashes)
        self._digest = hashlib.new(self._algorithm)
        self._sent = 0
        self._tell = tell

    def read(self, _size: int = -1, /) -> bytes:
        """The next piece, at the end none. Raises ``ImageError`` where it is other data."""
        piece = next(self._pieces, b"")
        self._digest.update(piece)
        self._sent += len(piece)
        if self._sent > self.size:
            raise self._other(f"it is longer than {self.size} bytes")
        if not piece:
            if self._sent < self.size:
                raise self._other(f"it ended after {self._sent} of {self.size} bytes")
            if self._digest.hexdigest() != self._expected:
                raise self._other(f"its {_ALGORITHMS[self._algorithm]} is not that of the manifest")
        self._tell(self._sent, self.size)
        return piece

    def _other(self, what: str) -> ImageError:
        return ImageError(
            "The image is not the one that was proven; it was not published.",
            details=[f"While it was sent: {what}."],
            hint="Leave the file alone while it is published. If it was changed, build it again.",
        )


def _strongest(hashes: Mapping[str, str]) -> tuple[str, str]:
    algorithm = next(name for name in _ALGORITHMS if name in hashes)
    return algorithm, hashes[algorithm]


def pieces_of(path: Path) -> Iterator[bytes]:
    """A file's content. Raises ``ImageError`` where it cannot be read."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read.",
            details=[error.strerror or str(error)],
            hint="Check the path and its permissions; if the file is gone, build it again.",
        ) from error


@dataclass(frozen=True)
class Origin:
    """Where the data comes from."""

    pieces: Callable[[], Iterator[bytes]]

    def hash_value(self, wanted: Wanted, algorithm: str) -> str | None:
        """The data's hash in Glance's algorithm, or None where it cannot be told.

        It is computed, from all of the data, where the manifest does not have it.
        """
        hash_value = known_hash(wanted, algorithm)
        if hash_value or algorithm not in hashlib.algorithms_available:
            return hash_value
        digest = hashlib.new(algorithm)
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()
