"""The superblocks of an ext4, and what of them tells how it was made.

Source: the kernel's ``fs/ext4/ext4.h`` (``s_kbytes_written``, ``s_checksum``) and its documentation
of ``sparse_super``, by which copies lie in group 1 and in those of powers of 3, 5 and 7.
"""

import os
import struct
from typing import BinaryIO

from builder.errors import BuilderError

GROUP = 32_768 * 4096
"""Bytes of a block group: as many blocks of 4096 bytes as one block has bits."""
SIZE = 1024
"""Bytes of a superblock, and where the first one begins."""
_WRITTEN, _CHECKSUM = 0x178, SIZE - 4


def forget_what_was_written(disk: BinaryIO, *, start: int, size: int) -> None:
    """Set the count of written bytes to zero in every superblock of the file system that is there.

    mke2fs writes more where the tree's own file system knows of no holes in files. ``start`` and
    ``size`` are in bytes. Raises ``BuilderError`` where there is no superblock.
    """
    groups = -(-size // GROUP)
    powers = {base**n for base in (3, 5, 7) for n in range(1, groups.bit_length())}
    for group in sorted(group for group in {0, 1, *powers} if group < groups):
        disk.seek(start + (group * GROUP or SIZE))
        superblock = bytearray(disk.read(SIZE))
        if superblock[_CHECKSUM:] != _checksum(superblock):
            raise BuilderError(
                f"The root file system has no superblock in its block group {group}.",
                hint="This host's mke2fs lays out file systems in a way that is not known: report"
                " its version, please.",
            )
        struct.pack_into("<Q", superblock, _WRITTEN, 0)
        superblock[_CHECKSUM:] = _checksum(superblock)
        disk.seek(-SIZE, os.SEEK_CUR)
        disk.write(superblock)


def _checksum(superblock: bytes | bytearray) -> bytes:
    """CRC-32C, as ext4 has it: all bits set before, and nothing done after."""
    crc = 0xFFFFFFFF
    for byte in superblock[:_CHECKSUM]:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc)
