"""What diskimage-builder's output tells: the phase, the hook, its time and its last words."""

import re
from pathlib import Path

import diskimage_builder
from dib_output import BUILD, CLEANING_UP, FAILING_HOOK
from hypothesis import given
from hypothesis import strategies as st

from builder.build.dib_log import PHASES, TAIL_LINES, HookTrace

DIB = Path(diskimage_builder.__file__).parent


def trace(text: str) -> HookTrace:
    read = HookTrace()
    for line in text.splitlines():
        read.read(line)
    return read


def up_to(line: str) -> str:
    """The recorded build, up to and with a line."""
    before, found, _ = BUILD.partition(line)
    assert found
    return before + found


def test_nothing_runs_before_the_first_hook() -> None:
    read = trace(up_to("++ export DISTRO_NAME=debian\n"))
    assert (read.hook, read.phase) == ("", "start")


def test_the_hook_that_runs_is_known_with_its_directory() -> None:
    read = trace(up_to("I: automatically chosen mode: root\n"))
    assert (read.directory, read.hook) == ("root.d", "08-debootstrap")


def test_no_hook_runs_after_one_has_completed() -> None:
    assert trace(up_to("dib-run-parts 01-package-installs completed\n")).hook == ""


def test_a_hook_whose_last_line_has_no_end_has_completed_too() -> None:
    read = trace(up_to("dib-run-parts 99-write-dpkg-manifest completed\n"))
    assert read.hook == ""


def test_seconds_are_kept_per_directory_and_hook() -> None:
    assert trace(BUILD).seconds == {
        "root.d/08-debootstrap": 24.821,
        "root.d/09-apt-keyring": 0.003,
        "install.d/01-package-installs": 24.042,
        "finalise.d/40-guest-initrd": 30.918,
        "finalise.d/99-write-dpkg-manifest": 0.017,
    }


def test_phases_are_those_of_a_reader_and_in_order() -> None:
    seen: list[str] = []
    read = HookTrace()
    for line in BUILD.splitlines():
        read.read(line)
        if read.phase not in seen:
            seen.append(read.phase)
    assert seen == ["start", "bootstrap", "install packages", "configure", "initrd and boot loader"]


def test_every_directory_that_diskimage_builder_runs_has_a_phase() -> None:
    text = "".join(
        (DIB / "lib" / name).read_text()
        for name in ("disk-image-create", "img-functions", "common-functions")
    )
    called = re.findall(r"\brun_d(?:_in_target)? ([a-z]+(?:-[a-z]+)*)", text)
    assert "install" in called
    assert {f"{name}.d" for name in called} <= set(PHASES)


def test_the_tail_is_the_failing_hook_s_own_output() -> None:
    read = trace(FAILING_HOOK + CLEANING_UP)
    assert read.hook == "50-guest-initrd"
    assert list(read.tail) == ["guest-initrd: found neither initramfs-tools, dracut nor mkinitrd"]


def test_the_tail_has_the_last_lines_only() -> None:
    read = trace("dib-run-parts Running /x/install.d/10-long\n" + "".join(
        f"line {number}\n" for number in range(100)
    ))  # fmt: skip
    assert list(read.tail) == [f"line {number}" for number in range(100 - TAIL_LINES, 100)]


@given(st.lists(st.text(max_size=60)))
def test_any_output_can_be_read(lines: list[str]) -> None:
    read = HookTrace()
    for line in lines:
        read.read(line)
    assert len(read.tail) <= TAIL_LINES
