"""What is said of a guest that is lost, or was never given what is asked for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from builder.errors import InterruptedByUser
from builder.feature import CheckFailed, Machine
from builder.vm.guest import Control, GuestChannels, RunningGuest


class Lost:
    """An SSH connection that has broken."""

    def run_as_root(self, *_: Any) -> Any:
        raise ConnectionError("ssh ended with exit code 255")


def guest(
    directory: Path,
    connection: Any,
    *,
    excess: str = "",
    cancelled: bool = False,
    emulated: bool = True,
    throttled: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> RunningGuest:
    lines = GuestChannels(
        console=directory / "console.log",
        keyboard=directory,
        qmp=None,  # type: ignore[arg-type]  # nobody asks it
        emulated=emulated,
        agent=None,
        connect=lambda *_: nullcontext(connection),
        volumes=directory,
        excess=lambda: excess,
        throttled=throttled,
    )
    control = Control(cancelled=threading.Event())
    if cancelled:
        control.cancelled.set()
    running = RunningGuest(Machine(), "debian", lines, boot_limit=1, control=control)
    running._ssh = connection  # noqa: SLF001 - as in the block of the guest
    return running


def test_nobody_is_logged_in_to_a_guest_without_ssh(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="nobody is logged in"):
        guest(tmp_path, None).run("true")


def test_a_guest_without_the_agents_channel_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="no guest agent channel"):
        guest(tmp_path, None).agent("guest-ping")


def test_a_connection_that_breaks_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="broke: ssh ended with exit code 255"):
        guest(tmp_path, Lost()).run("true")


def test_a_connection_that_breaks_for_what_the_guest_wrote_is_told_so(tmp_path: Path) -> None:
    excess = "The guest was ended when it had changed more than 4 GiB of its disk."
    with pytest.raises(CheckFailed, match="more than 4 GiB"):
        guest(tmp_path, Lost(), excess=excess).run("true")


def test_a_connection_that_breaks_on_purpose_is_no_failure(tmp_path: Path) -> None:
    with pytest.raises(InterruptedByUser):
        guest(tmp_path, Lost(), cancelled=True).run("true")


@pytest.mark.parametrize("emulated", [True, False])
def test_an_emulated_guest_that_is_idle_has_little_of_the_host(
    tmp_path: Path,
    emulated: bool,  # noqa: FBT001 - a case
) -> None:
    entered: list[str] = []

    @contextmanager
    def throttled() -> Iterator[None]:
        entered.append("throttled")
        yield
        entered.append("left")

    running = guest(tmp_path, None, emulated=emulated, throttled=throttled)
    with running.idle():
        assert entered == ["throttled"] * emulated
    assert entered == ["throttled", "left"] * emulated
