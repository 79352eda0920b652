"""Initrds as distributions write them, and every way in which they can be broken."""

import bz2
import gzip
import lzma
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import lz4.block
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from initrds import MODULES, RELEASE, TREE, cpio

from builder.linux import initrd
from builder.linux.initrd import InitrdError, file_names, read

EXPECTED = {"virtio_scsi", "virtio_net", "virtio_blk", "virtio_pci"}
MICROCODE = {"kernel/x86/microcode/GenuineIntel.bin": b"\1" * 1021}


def lz4_legacy(data: bytes) -> bytes:
    frame = b"\x02\x21\x4c\x18"
    for start in range(0, len(data), 8 << 20):
        block = lz4.block.compress(data[start : start + (8 << 20)], store_size=False)
        frame += len(block).to_bytes(4, "little") + block
    return frame


def zstd_frames(data: bytes) -> bytes:
    """Two frames that part in the middle of a cpio entry."""
    return zstd.compress(data[:333]) + zstd.compress(data[333:])


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "bzip2": bz2.compress,
    "zstd": zstd.compress,
    "zstd in two frames": zstd_frames,
    "lz4": lz4_legacy,
}
compressor = pytest.mark.parametrize("compress", COMPRESSORS.values(), ids=COMPRESSORS.keys())
real_compressor = pytest.mark.parametrize(
    "compress",
    [value for name, value in COMPRESSORS.items() if name != "plain"],
    ids=[name for name in COMPRESSORS if name != "plain"],
)


@compressor
def test_modules_are_found_in_every_compression(compress: Callable[[bytes], bytes]) -> None:
    assert read(compress(cpio(TREE)), RELEASE).modules == EXPECTED


@compressor
def test_early_microcode_and_padding_come_before(compress: Callable[[bytes], bytes]) -> None:
    data = cpio(MICROCODE) + b"\0" * 4096 + compress(cpio(TREE)) + b"\0" * 1000
    assert set(file_names(data)) == {*MICROCODE, *TREE}


@compressor
def test_archives_follow_each_other_without_padding(compress: Callable[[bytes], bytes]) -> None:
    early = {f"{MODULES}/drivers/watchdog/i6300esb.ko.xz": b"compressed already"}
    data = cpio(MICROCODE, 4) + cpio(early, 4) + compress(cpio(TREE, 4)) + compress(cpio({}, 4))
    assert read(data, RELEASE).modules == {*EXPECTED, "i6300esb"}


def test_a_member_of_one_compression_may_follow_one_of_another() -> None:
    data = lz4_legacy(cpio(MICROCODE)) + zstd.compress(cpio(TREE)) + gzip.compress(cpio({"a": b""}))
    assert set(file_names(data)) == {*MICROCODE, *TREE, "a"}


def test_modules_of_another_release_do_not_count() -> None:
    assert read(cpio(TREE), "5.10.0-1-amd64").modules == {"i6300esb"}
    assert read(cpio(TREE), "4.19.0").modules == frozenset()


@pytest.mark.parametrize("prefix", ["", "./", "/"])
def test_names_are_relative_however_they_were_written(prefix: str) -> None:
    assert list(file_names(cpio({f"{prefix}init": b""}))) == ["init"]


@compressor
def test_an_initrd_larger_than_one_block_is_read(compress: Callable[[bytes], bytes]) -> None:
    tree = {"firmware/large.bin": bytes(range(256)) * (36 << 10), **TREE}
    assert read(compress(cpio(tree)), RELEASE).modules == EXPECTED


@pytest.mark.parametrize("data", [b"", b"\0" * 5000], ids=["empty", "zeros"])
def test_nothing_is_no_initrd(data: bytes) -> None:
    with pytest.raises(InitrdError, match="offset 0: expected a cpio archive"):
        list(file_names(data))


def test_an_unknown_compression_is_named_with_its_offset() -> None:
    early = cpio(MICROCODE)
    with pytest.raises(InitrdError, match=rf"^offset {len(early)}: expected .* found b'\\x89LZO"):
        list(file_names(early + b"\x89LZO\0\r\n\x1a\n"))


@compressor
def test_a_truncated_initrd_is_named_so(compress: Callable[[bytes], bytes]) -> None:
    data = compress(cpio(TREE, 4))
    with pytest.raises(InitrdError, match=r"offset \d+.*: expected .* is truncated"):
        list(file_names(data[: len(data) * 2 // 3]))


@real_compressor
def test_corrupt_data_is_named_with_its_offset(compress: Callable[[bytes], bytes]) -> None:
    early = cpio(MICROCODE)
    data = bytearray(early + compress(cpio(TREE)))
    data[len(early) + 12 :] = b"\xff" * 200
    with pytest.raises(InitrdError, match=r"^offset \d+.*: expected"):
        list(file_names(bytes(data)))


@real_compressor
def test_what_is_unpacked_must_be_an_archive(compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(InitrdError, match=r"compressed at offset 0: expected a cpio archive"):
        list(file_names(compress(b"no archive at all")))


@pytest.mark.parametrize(
    ("position", "bad", "expected"),
    [
        (0, b"070707", "expected a cpio archive, plain"),
        (6, b"not hexa", "expected thirteen hexadecimal numbers"),
        (6, b"  0000  ", "expected thirteen hexadecimal numbers"),
        (94, b"00000000", "expected a name of 1 to 4096 bytes, found 0"),
        (94, b"FFFFFFFF", "expected a name of 1 to 4096 bytes, found 4294967295"),
        (54, b"FFFFFFFF", "expected 4294967295 bytes of content; the archive is truncated"),
    ],
)
def test_a_broken_header_says_what_was_expected(position: int, bad: bytes, expected: str) -> None:
    data = bytearray(cpio(TREE))
    data[position : position + len(bad)] = bad
    with pytest.raises(InitrdError, match=expected):
        list(file_names(bytes(data)))


@real_compressor
def test_a_bomb_is_refused(
    compress: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = compress(cpio({"zeros": bytes(3 << 20)}))
    assert list(file_names(data)) == ["zeros"]
    monkeypatch.setattr(initrd, "UNPACKED_LIMIT", 2 << 20)
    with pytest.raises(InitrdError, match="expected at most 2 MiB in the whole initrd"):
        list(file_names(data))


def test_the_limit_is_for_all_members_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initrd, "UNPACKED_LIMIT", 2 << 20)
    member = gzip.compress(cpio({"zeros": bytes(3 << 19)})) + bytes(4)
    assert list(file_names(member)) == ["zeros"]
    with pytest.raises(InitrdError, match="expected at most 2 MiB"):
        list(file_names(member + member))


NAMES = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1).filter(
    lambda name: name != "TRAILER!!!" and not name.startswith(("/", "./"))
)
TREES = st.dictionaries(NAMES, st.binary(max_size=300), max_size=8)


@compressor
def test_any_tree_comes_back(compress: Callable[[bytes], bytes]) -> None:
    @given(early=TREES, main=TREES, zeros=st.integers(0, 9))
    def round_trip(early: dict[str, bytes], main: dict[str, bytes], zeros: int) -> None:
        data = cpio(early) + b"\0" * (zeros * 4) + compress(cpio(main)) + b"\0" * zeros
        assert list(file_names(data)) == [*early, *main]

    round_trip()


@given(st.binary())
def test_arbitrary_bytes_raise_nothing_else(data: bytes) -> None:
    only_initrd_error(data)


@compressor
def test_any_damage_raises_nothing_else(compress: Callable[[bytes], bytes]) -> None:
    good = compress(cpio(TREE, 4))

    @given(st.integers(0, len(good)), st.binary(max_size=8), st.integers(0, 8))
    def damage(position: int, bad: bytes, removed: int) -> None:
        only_initrd_error(good[:position] + bad + good[position + removed :])

    damage()


def only_initrd_error(data: bytes) -> None:
    try:
        assert all(isinstance(name, str) for name in file_names(data))
    except InitrdError as error:
        assert str(error).startswith("offset ")  # noqa: PT017 - that it raises is not required


COMPRESSIONS = ("cat", "gzip -9", "xz --check=crc32", "zstd -q -19", "lz4 -l")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, id=command[0], marks=pytest.mark.program("cpio", command[0]))
        for command in map(str.split, COMPRESSIONS)
    ],
)
def test_initrds_made_by_the_real_programs_are_read(command: list[str], tmp_path: Path) -> None:
    for name, content in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    names = "\n".join(TREE).encode()
    pack = ["cpio", "--create", "--format=newc", "--quiet"]
    archive = subprocess.run(
        pack, input=names, cwd=tmp_path, capture_output=True, check=True
    ).stdout
    packed = subprocess.run(command, input=archive, capture_output=True, check=True).stdout
    assert read(cpio(MICROCODE) + packed, RELEASE).modules == EXPECTED


def test_an_initrd_of_this_host_is_read() -> None:
    found = [path for path in Path("/boot").glob("initrd.img-*") if path.stat().st_size]
    if not found:
        pytest.skip(f"{platform.node()} has no /boot/initrd.img-*")
    release = found[0].name.removeprefix("initrd.img-")
    assert "virtio_pci" in read(found[0].read_bytes(), release).modules
    assert "init" in set(file_names(found[0].read_bytes()))
