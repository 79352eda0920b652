"""JSON that is too large for memory, part by part.

The file may be anything: whatever is wrong with it is a ``ValueError`` that says so.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import IO, Any

import ijson

PART_LIMIT = 64 << 20
"""Bytes of one part, which is held in memory: the Linux kernel's in Debian's tracker has some 15
million."""
DEPTH_LIMIT = 64
"""Brackets within brackets: what a tracker has is within ten. ijson's memory grows with their
square."""
BLOCK = 64 << 10

_STRUCTURE = b'"[]{}'
_ALL_ELSE = bytes(set(range(256)) - set(_STRUCTURE))
_STRING = re.compile(rb'"[^"]*("|\Z)')


class _Nesting:
    """How many brackets are open, by a file's bytes alone: before a parser comes to them."""

    def __init__(self) -> None:
        self._open = 0
        self._in_string = False
        self._escape = b""

    def take(self, block: bytes) -> None:
        """Go on by a block. Raises ``ValueError`` where too many brackets are open."""
        data = self._escape + block
        backslashes = len(data) - len(data.rstrip(b"\\"))
        self._escape = b"\\" if backslashes % 2 else b""  # what it escapes is in the next block
        data = data.removesuffix(self._escape).replace(b"\\\\", b"").replace(b'\\"', b"")
        data = (b'"' if self._in_string else b"") + data.translate(None, _ALL_ELSE)
        self._in_string = data.count(b'"') % 2 == 1
        data = _STRING.sub(b"", data)
        for _ in range(DEPTH_LIMIT):
            outer = data.replace(b"[]", b"").replace(b"{}", b"")
            if len(outer) == len(data):
                break
            data = outer
        opened = data.count(b"[") + data.count(b"{")
        if self._open + opened > DEPTH_LIMIT:
            raise ValueError(f"It is nested deeper than {DEPTH_LIMIT} levels.")
        self._open = max(0, self._open + 2 * opened - len(data))


class _Metered:
    """A file of which no part may be larger, or nested deeper, than the limits."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._read = 0
        self._nesting = _Nesting()

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._read += len(data)
        if self._read > PART_LIMIT:
            raise ValueError(f"A part of it has more than {PART_LIMIT >> 20} MiB.")
        self._nesting.take(data)
        return data

    def next_part(self) -> None:
        self._read = 0


def members(file: IO[bytes]) -> Iterator[tuple[str, Any]]:  # Any: JSON
    """The members of the object that a file has. Raises ``ValueError``."""
    metered = _Metered(file)
    with _told():
        for member in ijson.kvitems(metered, "", buf_size=BLOCK, use_float=True):
            metered.next_part()
            yield member


def items(file: IO[bytes]) -> Iterator[Any]:  # Any: JSON
    """The items of the array that a file has. Raises ``ValueError``."""
    metered = _Metered(file)
    with _told():
        for item in ijson.items(metered, "item", buf_size=BLOCK, use_float=True):
            metered.next_part()
            yield item


def whole(file: IO[bytes]) -> Any:  # Any: JSON
    """All that a small file has. Raises ``ValueError``."""
    metered = _Metered(file)
    with _told():
        (value,) = ijson.items(metered, "", buf_size=BLOCK, use_float=True)
        return value


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ijson.JSONError as error:
        # yajl's own words, without the text around the place; of bad text they are bytes.
        said = error.args[0]
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        reason = text.partition("\n")[0].strip().rstrip(".")
        if "premature EOF" in reason or "incomplete" in reason.lower():
            raise ValueError("It ends in the middle: it is truncated.") from error
        raise ValueError(f"It is not JSON: {reason}.") from error
