"""A kernel's file that was cut off is told by its own headers; a whole one is not."""

import gzip
import struct

import pytest
import signed
from hypothesis import given
from hypothesis import strategies as st

from builder.linux.kernel_image import defect

SETUP, BODY = 5, 4096


def bz_image() -> bytes:
    """A kernel of x86 without a header of PE: five sectors of setup and its body."""
    head = bytearray(SETUP * 512)
    head[:2] = b"MZ"
    struct.pack_into("<BxxI", head, 0x1F1, SETUP - 1, BODY // 16)
    head[0x202:0x206] = b"HdrS"
    return bytes(head) + b"\x90" * BODY


def elf(order: str) -> bytes:
    head = bytearray(64)
    head[:6] = b"\x7fELF\x02" + (b"\x02" if order == ">" else b"\x01")
    struct.pack_into(f"{order}Q", head, 0x28, 512)
    struct.pack_into(f"{order}2H", head, 0x3A, 64, 3)
    return bytes(head).ljust(512 + 3 * 64, b"\x90")


KERNELS = {
    "bzImage": bz_image(),
    "PE": signed.program({".data": b"\x90" * 4096}),
    "ELF": elf("<"),
    "ELF of big-endian machines": elf(">"),
    "gzip": gzip.compress(bytes(range(256)) * 64),
}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_a_kernel_is_whole_or_cut_off(kernel: bytes) -> None:
    assert defect(kernel) == ""
    assert defect(kernel + b"signature") == ""
    assert "is cut off" in defect(kernel[: len(kernel) // 2])


def test_what_is_left_of_a_full_disk_is_told() -> None:
    assert defect(b"") == "is empty"
    assert defect(bytes(4096)) == "has nothing but zero bytes"
    assert defect(KERNELS["gzip"][:10] + b"\xff" * 64).startswith("cannot be unpacked (")


@pytest.mark.parametrize("data", [b"kernel", b"MZ", b"\x7fELF\x01\x01\x01", b"MZ".ljust(64, b"\0")])
def test_what_is_of_another_form_is_not_judged(data: bytes) -> None:
    assert defect(data) in ("", f"is cut off: it has {len(data)} of at least 3 bytes")


@given(st.sampled_from([b"MZ", b"\x7fELF\x02", b"\x1f\x8b\x08"]), st.binary(max_size=2048))
def test_any_bytes_are_judged(magic: bytes, data: bytes) -> None:
    assert isinstance(defect(magic + data), str)
