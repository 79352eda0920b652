"""A disk that another process serves, read from its beginning to its end.

Of the NBD protocol (its own ``doc/proto.md``) only this: the fixed newstyle negotiation with
``NBD_OPT_EXPORT_NAME``, ``NBD_CMD_READ`` and simple replies.
"""

import socket
import struct
from collections.abc import Iterator

PIECE = 2 << 20
"""Bytes of one request: QEMU unpacks the compressed clusters of one side by side."""

_GREETING = b"NBDMAGICIHAVEOPT"
_OPTION = b"IHAVEOPT"
_FIXED_NEWSTYLE, _NO_ZEROES = 1, 2
_EXPORT_NAME = 1
_REQUEST, _REPLY = 0x25609513, 0x67446698
_READ, _DISCONNECT = 0, 2


class NbdError(Exception):
    """The other side gave no data, or spoke another protocol."""


class Export:
    """The default export at the other end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Negotiate. Raises ``NbdError`` and ``OSError``."""
        self._connection = connection
        if self._receive(len(_GREETING)) != _GREETING:
            raise NbdError("it did not greet as an NBD server does")
        (flags,) = struct.unpack(">H", self._receive(2))
        if not flags & _FIXED_NEWSTYLE:
            raise NbdError("it speaks an old form of NBD")
        no_zeroes = flags & _NO_ZEROES
        connection.sendall(struct.pack(">I", _FIXED_NEWSTYLE | no_zeroes))
        connection.sendall(_OPTION + struct.pack(">II", _EXPORT_NAME, 0))
        self.size, _ = struct.unpack(">QH", self._receive(10))
        """Bytes of the disk."""
        if not no_zeroes:
            self._receive(124)

    def pieces(self) -> Iterator[bytes]:
        """All of it, in order. Raises ``NbdError`` and ``OSError``."""
        for offset in range(0, self.size, PIECE):
            yield self._read(offset, min(PIECE, self.size - offset))
        self._connection.sendall(struct.pack(">IHHQQI", _REQUEST, 0, _DISCONNECT, 0, 0, 0))

    def _read(self, offset: int, length: int) -> bytes:
        request = struct.pack(">IHHQQI", _REQUEST, 0, _READ, offset, offset, length)
        self._connection.sendall(request)
        magic, error, cookie = struct.unpack(">IIQ", self._receive(16))
        if (magic, cookie) != (_REPLY, offset):
            raise NbdError("it answered what it was not asked")
        if error:
            raise NbdError(f"it could not read {length} bytes at {offset} (error {error})")
        return self._receive(length)

    def _receive(self, length: int) -> bytes:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            received = self._connection.recv_into(rest)
            if not received:
                raise NbdError("it closed the connection")
            rest = rest[received:]
        return bytes(data)
