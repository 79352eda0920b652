"""What a guest's serial console has shown, read as it grows."""

import codecs
from pathlib import Path

LIMIT = 4 << 20
"""Bytes. A guest that boots and is probed shows about a hundred thousand."""


class ConsoleLog:
    """The log that QEMU writes. No more of it than ``LIMIT`` is read, and nothing twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""

    def text(self) -> str:
        """Everything shown so far; what has been there keeps its place."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read(LIMIT - self._read)
            self._read += len(new)
            self._text += self._decoder.decode(new)
        return self._text
