"""An attacker who may write to an image's directory, and watches who closes what in it."""

import ctypes
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_EVENT = struct.Struct("iIII")
# Linux' include/uapi/linux/inotify.h
_CLOSE = 0x08 | 0x10
_OPEN = 0x20


class Watch:
    """Inotify events of one file, as they come."""

    def __init__(self, path: Path, mask: int) -> None:
        self.descriptor = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert _LIBC.inotify_add_watch(self.descriptor, os.fsencode(path), mask) >= 0

    def events(self, patience: float) -> int:
        """How many have come since they were last asked for."""
        if not select.select([self.descriptor], [], [], patience)[0]:
            return 0
        data, count = os.read(self.descriptor, 1 << 16), 0
        while data:
            count += 1
            data = data[_EVENT.size + _EVENT.unpack_from(data)[3] :]
        return count


class Attack:
    """Puts ``evil`` in the place of ``image`` when that has been closed so many times."""

    def __init__(self, image: Path, evil: Path, closes: int) -> None:
        self.closed = 0
        self.done = False
        self._image, self._evil, self._closes = image, evil, closes
        self._watch = Watch(image, _CLOSE)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.is_set():
            self.closed += self._watch.events(0.05)
            if self.closed >= self._closes and not self.done:
                self._evil.replace(self._image)
                self.done = True

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        os.close(self._watch.descriptor)


@contextmanager
def swapped(image: Path, evil: Path, *, closes: int) -> Iterator[Attack]:
    attack = Attack(image, evil, closes)
    try:
        yield attack
    finally:
        attack.end()


class Secret:
    """A file of this host that nobody may open."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(b"secret " * 64)
        self.path = path
        self._watch = Watch(path, _OPEN)

    @property
    def opened(self) -> int:
        return self._watch.events(0)
