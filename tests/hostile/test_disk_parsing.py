"""Disks whose files are made to take this host's time and memory."""

import gzip
import io
import os
import re
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import lz4.block  # type: ignore[import-untyped]  # ships no types
import pytest
from fakes import FakeFilesystem
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BuilderError, ImageError, InterruptedByUser
from builder.feature import CheckFailed, Filesystem, Outcome
from builder.host import confined
from builder.image import filesystem
from builder.image.filesystem import Disk
from builder.linux import cloudinit, console, fstab, guestagent, network, osrelease, systemd
from builder.linux import initrd as initrds
from builder.proof import inspection
from builder.proof.checks import Check
from builder.proof.inspection import Look, examine, inspect
from builder.store.sections import Evidence
from builder.terminal.progress import Progress

MIB = 1 << 20
Call = Callable[[Any], str]  # Any: the disk


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        yield FakeFilesystem({})

    monkeypatch.setattr(inspection, "open_image", opened)
    monkeypatch.setattr(inspection, "TIME_LIMIT", 1)
    monkeypatch.setattr(inspection, "MEMORY_LIMIT", 256 * MIB)
    monkeypatch.setattr(inspection, "LIMIT", 120.0)  # a busy host computes little in it
    monkeypatch.setattr(inspection, "MARGIN", 0.0)
    monkeypatch.setattr(confined, "PATIENCE", 1.0)


def checks(*calls: Call) -> list[Check]:
    return [
        Check(f"a/{number}", "inspection", str(number), call) for number, call in enumerate(calls)
    ]


def evidence_of(*calls: Call) -> tuple[Evidence, ...]:
    progress = Progress(io.StringIO())
    return inspect(Path("image"), "raw", checks(*calls), "", progress)


def fine(_: Filesystem) -> str:
    return "fine"


def computes(_: Filesystem) -> str:
    while True:
        pass


def computes_in_one_pattern(_: Filesystem) -> str:
    return str(re.match(r"(a+)+$", "a" * 64 + "b"))


def sleeps(_: Filesystem) -> str:
    time.sleep(600)
    return ""


def remembers(_: Filesystem) -> str:
    return str(len(bytearray(1 << 30)))


def ends(_: Filesystem) -> str:
    os._exit(7)


def is_killed(_: Filesystem) -> str:
    os.abort()


def recurses(_: Filesystem) -> str:
    return recurses(_)


def says_much(_: Filesystem) -> str:
    return "x" * (32 * MIB)


def says_control(_: Filesystem) -> str:
    return "\x1b]0;title\x07 \x9b31m \ud800"


@pytest.mark.parametrize(
    ("call", "because"),
    [
        (computes, "it computed for too long"),
        (computes_in_one_pattern, "it computed for too long"),
        (sleeps, "it took too long"),
        (ends, "it ended with exit code 7"),
        (is_killed, "it was ended by SIGABRT"),
    ],
)
def test_a_check_that_takes_the_child_with_it_is_an_error(
    call: Call, because: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if call is sleeps:
        monkeypatch.setattr(inspection, "LIMIT", 5.0)
    first, second, third = evidence_of(fine, call, fine)
    assert first.outcome is Outcome.PASSED
    assert second.outcome is third.outcome is Outcome.ERROR
    assert second.seen == f"what the disk has could not be read: {because}"
    assert third.seen.startswith("not made, because one before it ended all: ")


@pytest.mark.parametrize(("call", "because"), [(remembers, "memory"), (recurses, "Recursion")])
def test_a_check_that_takes_too_much_is_an_error_of_its_own(call: Call, because: str) -> None:
    first, second = evidence_of(call, fine)
    assert (first.outcome, second.outcome) == (Outcome.ERROR, Outcome.PASSED)
    assert because in first.seen


def test_what_is_seen_is_kept_short_and_without_control_characters() -> None:
    much, control = evidence_of(says_much, says_control)
    assert len(much.seen) < 20_000
    assert control.seen.isprintable()


def test_the_parent_s_memory_stays_small() -> None:
    before = _resident()
    evidence_of(*(remembers for _ in range(3)), says_much)
    assert _resident() - before < 64 * MIB


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def lying(*messages: str) -> Callable[..., None]:
    def work(_: Any, receive: Callable[[str], None], **__: Any) -> None:
        for message in messages:
            receive(message)

    return work


@pytest.mark.parametrize(
    "messages",
    [
        ("",),
        ("[]",),
        ("null", "0", "{}"),
        ("null", "0", '{"check": "a/0"}'),
        ("null", "0", "nonsense", "1"),
        ("null", *("x" for _ in range(9))),
    ],
)
def test_a_child_that_lies_is_believed_nothing(
    messages: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection, "run_confined", lying(*messages))
    try:
        found = evidence_of(fine)
    except ImageError as error:
        assert "answered something else" in str(error)  # noqa: PT017 - either is right
    else:
        assert {result.outcome for result in found} == {Outcome.ERROR}


def test_a_disk_that_cannot_be_looked_at_is_no_image() -> None:
    look = Look(computes, str, lambda _: checks(fine))
    with pytest.raises(ImageError, match="could not be inspected: it computed for too long"):
        examine(Path("image"), "raw", look, "", Progress(io.StringIO()))


def test_an_error_of_the_child_is_the_parent_s() -> None:
    def refuse(_: Filesystem) -> str:
        raise ImageError("no.", hint="Help.", details=["why"])

    look = Look(refuse, str, lambda _: checks(fine))
    with pytest.raises(ImageError) as error:
        examine(Path("image"), "raw", look, "", Progress(io.StringIO()))
    assert str(error.value) == "no.\n  why\n  Help."


def test_what_is_cancelled_ends_at_once() -> None:
    cancelled = threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    start = time.monotonic()
    with pytest.raises(InterruptedByUser):
        inspect(Path("image"), "raw", checks(sleeps), "", Progress(io.StringIO()), cancelled)
    assert time.monotonic() - start < 4


def test_a_child_has_neither_the_files_nor_the_terminal_of_its_parent(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w"):

        def look(_: Filesystem) -> str:
            links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.exists()]
            return " ".join(map(str, links))

        (seen,) = evidence_of(look)
    assert "/dev/null" in seen.seen
    assert "secret" not in seen.seen
    assert "/dev/pts" not in seen.seen


# What initrds are made of.


def entry(name: bytes, content: bytes = b"") -> bytes:
    numbers = [0, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % number for number in numbers)
    data = header + name + b"\0"
    data += bytes(-len(data) % 4) + content
    return data + bytes(-len(content) % 4)


TRAILER = entry(b"TRAILER!!!")
EMPTY = gzip.compress(b"")
RELEASE = "6.1"
LZ4 = b"\x02\x21\x4c\x18"
ONE_BLOCK = lz4.block.compress(b"\0", store_size=False)


def _module(number: int) -> bytes:
    return entry(b"lib/modules/6.1/%04000d/x%d.ko" % (0, number))


INITRDS: dict[str, Callable[[], bytes]] = {
    "a million empty members": lambda: EMPTY * (4 * MIB // len(EMPTY)),
    "a million empty archives": lambda: TRAILER * (4 * MIB // len(TRAILER)),
    "compressed empty archives": lambda: gzip.compress(TRAILER * (512 * MIB // len(TRAILER)), 1),
    "small blocks": lambda: LZ4 + (struct.pack("<I", len(ONE_BLOCK)) + ONE_BLOCK) * 400_000,
    "members and archives in turn": lambda: (TRAILER + EMPTY) * 40_000,
    "many names": lambda: gzip.compress(b"".join(map(_module, range(130_000))), 1),
    "zeros": lambda: gzip.compress(bytes(1 << 30), 1),
}


@pytest.mark.parametrize("name", INITRDS)
def test_an_initrd_is_read_or_refused_within_seconds(name: str) -> None:
    data = INITRDS[name]()
    start = time.process_time()
    try:
        found = initrds.read(data, RELEASE).modules
    except initrds.InitrdError:
        found = frozenset()
    assert time.process_time() - start < 10
    assert sum(map(len, found)) + sys.getsizeof(found) < 32 * MIB


# What configuration is made of.

LEVELS = "a0: &a0 {k: v}\n" + "".join(
    f"a{level}: &a{level}\n  <<: [*a{level - 1}, *a{level - 1}]\n" for level in range(1, 41)
)
LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)


@pytest.mark.parametrize("content", [LEVELS, LAUGHS, "a: &a [*a]\n"])
def test_aliases_are_refused_with_their_line(content: str) -> None:
    disk = FakeFilesystem({"/etc/cloud/cloud.cfg": content})
    with pytest.raises(ImageError, match=r"^/etc/cloud/cloud.cfg:\d+ has a YAML alias"):
        cloudinit.default_user(disk)


@pytest.mark.parametrize(
    "content",
    [
        "system_info:\n  default_user: &user\n    name: me\n",
        "_: [&name me, *name, *name]\nsystem_info:\n  default_user:\n    name: *name\n",
    ],
    ids=["an anchor that nothing names", "an alias of a text, as cloud-init has some"],
)
def test_what_aliases_cannot_double_is_read(content: str) -> None:
    assert cloudinit.default_user(FakeFilesystem({"/etc/cloud/cloud.cfg": content})) == "me"


READERS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "cloud.cfg": ("/etc/cloud/cloud.cfg", cloudinit.default_user),
    "renderers": ("/etc/cloud/cloud.cfg", network.require_stack),
    "os-release": ("/etc/os-release", osrelease.read),
    "fstab": ("/etc/fstab", fstab.mounts),
    "devices": ("/etc/fstab", fstab.kernel_device_names),
    "agent": (
        "/etc/qemu/qemu-ga.conf",
        lambda disk: guestagent.blocked_commands(disk, frozenset({"guest-ping"})),
    ),
    "unit": ("/etc/systemd/system/a.service", lambda disk: systemd.unit(disk, "a.service")),
    "rules": ("/etc/udev/rules.d/a.rules", lambda disk: systemd.unit(disk, "b.service")),
    "link": (
        "/usr/lib/systemd/network/a.link",
        lambda disk: network.link_file(disk, "virtio_net"),
    ),
}
WORDS = (
    "a", " ", "\t", "\n", "=", "[", "{", "- ", ": ", "'", '"', "\\", "\\\n", "#", "&a ", "black",
    "block ", "allow-", "black = guest-", "guest-a,", "renderers: ", "renderers: [", "WantedBy",
    "WantedBy =", 'ENV{SYSTEMD_WANTS}="', "ENV{SYSTEMD_WANTS} ", "/dev/sda", "/dev/sd", "\\040",
    "UUID=", "[Match]\n", "A=", "A='", "\r",
)  # fmt: skip


SIZE = 256 << 10
"""Bytes: what takes its square in time would take minutes."""


@pytest.mark.parametrize("name", READERS)
def test_no_configuration_file_takes_long(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    path, read = READERS[name]
    record_property("inputs", len(WORDS))
    for word in WORDS:
        content = word * (SIZE // len(word))
        files = {path: content, "/usr/lib/systemd/system/b.service": "[Service]\n"}
        start = time.process_time()
        with suppress(BuilderError, CheckFailed):
            read(FakeFilesystem(files))
        assert time.process_time() - start < 5, word


class _Session:
    """libguestfs with one file of ones."""

    image = Path("image")

    def __init__(self, size: int) -> None:
        self.size = size
        self.handle = self

    def ask(self, call: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        return call(*arguments)

    def pread(self, _: str, count: int, offset: int) -> bytes:
        return b"1" * min(count, self.size - offset)

    def statns(self, _: str) -> dict[str, int]:
        return {"st_mode": 0o100644, "st_size": self.size}

    def read_file(self, _: str) -> bytes:
        assert self.size <= filesystem.READ_LIMIT
        return b"1" * self.size


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/etc/os-release", MIB + 1),
        ("/etc/os-release", 32 * MIB),
        ("/etc/cloud/cloud.cfg", 1 << 40),
        ("/lib/modules/6.1/modules.dep", 32 * MIB),
    ],
)
def test_a_file_that_is_too_large_to_be_configuration_is_refused(path: str, size: int) -> None:
    disk = Disk(_Session(size))  # type: ignore[arg-type]  # only what is asked here
    with pytest.raises(ImageError, match="too large to be read"):
        disk.read_text(path)


@pytest.mark.parametrize(
    ("path", "size"), [("/etc/os-release", MIB), ("/lib/modules/6.1/modules.dep", 2 * MIB)]
)
def test_a_file_of_a_sound_size_is_read(path: str, size: int) -> None:
    disk = Disk(_Session(size))  # type: ignore[arg-type]  # only what is asked here
    assert len(disk.read_text(path)) == size


@given(st.binary(max_size=512))
def test_no_bytes_are_worse_than_no_initrd(data: bytes) -> None:
    with suppress(initrds.InitrdError):
        initrds.read(EMPTY + TRAILER + data, RELEASE)


@given(st.text(max_size=512))
def test_no_text_on_a_console_is_a_defect(text: str) -> None:
    console.boot_failure(text)
    console.without_stalls(text)
