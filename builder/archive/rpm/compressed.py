"""Indexes as they lie on the disk, decompressed by their names."""

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNREADABLE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstd.ZstdError)
"""What reading of a file that was opened here may raise: it is broken, or the disk is."""

_OPENERS: Mapping[str, Callable[[Path], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": zstd.open,
}


def opened(path: Path) -> IO[bytes]:
    """The file's content."""
    opener = _OPENERS.get(path.suffix)
    return cast("IO[bytes]", path.open("rb") if opener is None else opener(path))
