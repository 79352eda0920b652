"""Guests of one sector, which are up at once and do a single thing for ever.

Real-mode code, which a PC's BIOS loads to 0x7C00 and starts.
"""

from pathlib import Path

SIZE = 64 << 20
_PACKET = 0x7C40
# Of INT 13h's function 43h: its size, one sector, from 0000:7C00, to sector 0.
_PACKET_BYTES = bytes((0x10, 0, 1, 0, 0x00, 0x7C, 0, 0)) + bytes(8)


def _jump_back(code: bytes, opcode: int, to: int) -> bytes:
    return bytes((opcode, (to - len(code) - 2) & 0xFF))


def floods_console(text: bytes) -> bytes:
    """Writes a text to the first serial port, over and over."""
    code = b"\x31\xc0\x8e\xd8\xba\xf8\x03"  # xor ax,ax; mov ds,ax; mov dx,0x3f8
    start = len(code)
    for byte in text:
        code += bytes((0xB0, byte, 0xEE))  # mov al,byte; out dx,al
    code += _jump_back(code, 0xEB, start)  # jmp start
    return code


def floods_disk() -> bytes:
    """Writes one sector in each 64 KiB of its disk."""
    code = b"\x31\xc0\x8e\xd8" + b"\xbe" + _PACKET.to_bytes(2, "little")  # mov si,packet
    start = len(code)
    code += b"\xb8\x00\x43\xb2\x80\xcd\x13"  # mov ax,0x4300; mov dl,0x80; int 0x13
    sector = _PACKET + 8
    code += b"\x81\x06" + sector.to_bytes(2, "little") + b"\x80\x00"  # add word [sector],128
    code += _jump_back(code, 0x73, start)  # jnc start
    code += b"\xff\x06" + (sector + 2).to_bytes(2, "little")  # inc word [sector+2]
    code += _jump_back(code, 0xEB, start)
    return code


def disk(path: Path, code: bytes, size: int = SIZE) -> Path:
    """Make a raw disk that a BIOS starts with this code."""
    assert len(code) <= 0x40
    with path.open("wb") as file:
        file.write(code.ljust(0x40, b"\0"))
        file.write(_PACKET_BYTES.ljust(510 - 0x40, b"\0") + b"\x55\xaa")
        file.truncate(size)
    return path
