"""What is read of a disk that another process serves, by what that process says."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.errors import ImageError
from builder.image.content import content
from builder.image.nbd import Export, NbdError

Ends = tuple[socket.socket, socket.socket]

GREETING = b"NBDMAGICIHAVEOPT"
FLAGS = struct.pack(">H", 3)


def exported(size: int, padding: int = 0) -> bytes:
    return struct.pack(">QH", size, 1) + bytes(padding)


def reply(offset: int, data: bytes, *, error: int = 0, magic: int = 0x67446698) -> bytes:
    return struct.pack(">IIQ", magic, error, offset) + data


@pytest.fixture
def ends() -> Iterator[Ends]:
    here, there = socket.socketpair()
    with here, there:
        for end in (here, there):
            end.settimeout(10)
        yield here, there


def read(ends: Ends, *said: bytes) -> bytes:
    """What is read of a server that says so much, and closes the connection."""
    here, there = ends
    there.sendall(b"".join(said))
    there.shutdown(socket.SHUT_WR)
    return b"".join(Export(here).pieces())


def test_a_disk_is_read_to_its_end(ends: Ends) -> None:
    first, last = bytes([1]) * 1000, bytes([2]) * 512
    here, there = ends
    there.sendall(GREETING + FLAGS + exported(1512))
    export = Export(here)
    assert export.size == 1512
    there.sendall(reply(0, first + last))
    assert b"".join(export.pieces()) == first + last
    asked = there.recv(4096)
    assert asked[:20] == struct.pack(">I", 3) + b"IHAVEOPT" + struct.pack(">II", 1, 0)
    assert struct.unpack(">IHHQQI", asked[20:48]) == (0x25609513, 0, 0, 0, 0, 1512)
    assert struct.unpack(">IHHQQI", asked[48:]) == (0x25609513, 0, 2, 0, 0, 0)


def test_a_server_that_pads_its_answer_is_understood(ends: Ends) -> None:
    said = (GREETING, struct.pack(">H", 1), exported(4, padding=124), reply(0, b"disk"))
    assert read(ends, *said) == b"disk"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ([b"SSH-2.0-OpenSSH_9.2p1"], "did not greet"),
        ([GREETING, bytes(2)], "old form"),
        ([GREETING], "closed the connection"),
        ([GREETING, FLAGS, exported(4)], "closed the connection"),
        ([GREETING, FLAGS, exported(4), reply(0, b"dis")], "closed the connection"),
        ([GREETING, FLAGS, exported(4), reply(0, b"", error=5)], "4 bytes at 0 .error 5"),
        ([GREETING, FLAGS, exported(4), reply(9, b"disk")], "not asked"),
        ([GREETING, FLAGS, exported(4), reply(0, b"disk", magic=1)], "not asked"),
    ],
)
def test_a_server_that_does_not_give_the_disk_is_told(
    ends: Ends, said: list[bytes], complaint: str
) -> None:
    with pytest.raises(NbdError, match=complaint):
        read(ends, *said)


def test_a_disk_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"The disk in .*gone\.raw cannot be read"):
        b"".join(content(tmp_path / "gone.raw", "raw"))
