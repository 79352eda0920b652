"""What a hostile guest shows on its console: read in time, whatever it is."""

import time
from datetime import date

import pytest

from builder.linux import console

MIB = 1 << 20
ADVERSARIAL = {
    "refused entries": "BdsDxe: failed to Access Denied",
    "refused entries of one kind": "BdsDxe: failed to ",
    "GRUB's errors": "error: ",
    "GRUB's errors with signatures": "error: bad shim signatur",
    "traps": "traps: ",
    "traps of programs": "traps: a[1] ",
    "XFS": "XFS (",
    "XFS, closed": "XFS (): ",
    "stalls": "rcu: INFO: ",
    "stalls, told": "rcu: INFO: a detected stall\n",
    "hung tasks": "blocked for more than ",
    "digits": "blocked for more than 1111",
    "warnings": "WARNING: CPU: 1",
    "escapes": "\x1b",
    "CSI": "\x1b[",
    "CSI with numbers": "\x1b[0;0;0;0;0;0",
    "titles": "\x1b]",
    "one title": "\x1b]title",
    "carriage returns": "\r",
    "line ends": "\n",
    "prompts": "grub>\r",
    "nothing": "\0",
    "spaces": " ",
    "letters": "a",
    "no characters": "\ufffd",
    "separators": "\u2028",
    "traces": "Call Trace:\n",
}


def _fill(word: str) -> str:
    return (word * (MIB // len(word) + 1))[:MIB]


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_mebibyte_is_read_in_less_than_a_second(name: str, end: str) -> None:
    text = _fill(ADVERSARIAL[name]) + end
    for read in (
        console.plain,
        console.tail,
        console.boot_failure,
        console.without_stalls,
        lambda shown: console.failures(shown, today=date(2026, 1, 1)),
    ):
        start = time.process_time()
        read(text)
        assert time.process_time() - start < 1, read


def test_what_comes_in_pieces_is_read_once() -> None:
    """A guest that shows one byte after the other must not have all before it read each time."""
    signs, shown = console.BootSigns(), ""
    start = time.process_time()
    for _ in range(4096):
        shown += "x" * 256
        signs.read(shown)
    assert time.process_time() - start < 2
    assert signs.reason is None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_sign_is_seen_in_whatever_pieces_it_comes(size: int) -> None:
    shown = "GRUB loading.\r\nerror: unknown filesystem.\r\ngrub rescue> "
    signs = console.BootSigns()
    for end in range(size, len(shown) + size, size):
        signs.read(shown[:end])
    assert signs.reason == console.boot_failure(shown)
    assert signs.reason is not None


def test_a_sign_before_the_start_is_not_seen() -> None:
    before = "Kernel panic - not syncing: old\n"
    signs = console.BootSigns(len(before))
    signs.read(before + "fine\n")
    assert signs.reason is None
    signs.read(before + "fine\nKernel panic - not syncing: new\n")
    assert signs.reason is not None


def test_a_sign_far_behind_the_beginning_of_a_line_is_not_looked_for() -> None:
    assert console.boot_failure("x" * MIB + "Kernel panic - not syncing") is None
    assert console.boot_failure("x" * MIB + "\nKernel panic - not syncing") is not None
