"""What a boot needs of this machine, and what it says where that is missing."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.feature import CheckFailed, Completed, Machine
from builder.linux.live import output, require_active
from builder.vm import firmware, ssh, swtpm, tap
from builder.vm.guest import Control, GuestChannels, GuestNotUp, RunningGuest


@pytest.mark.parametrize(
    ("machine", "missing"),
    [
        (Machine(firmware="uefi"), "no UEFI firmware for QEMU"),
        (
            Machine(firmware="uefi", machine_type="q35", secure_boot=True),
            "no UEFI firmware with Secure Boot and keys",
        ),
    ],
)
def test_missing_uefi_firmware_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: Machine, missing: str
) -> None:
    monkeypatch.setattr(firmware, "FIRMWARE_DESCRIPTORS", tmp_path)
    with pytest.raises(HostError, match=missing) as failure:
        firmware.uefi_firmware(machine, tmp_path)
    assert "apt-get install ovmf" in failure.value.hint


def test_a_missing_tpm_emulator_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HostError) as failure, swtpm.emulated(tmp_path, 0):
        pass
    assert "apt-get install swtpm" in failure.value.hint


@pytest.mark.program("swtpm")
def test_a_tpm_answers_within_its_block_and_is_gone_afterwards(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs, swtpm.emulated(tmp_path, theirs.fileno()):
            ours.sendall(bytes([0, 0, 0, 1]))  # CMD_GET_CAPABILITY
            assert len(ours.recv(64)) == 8
        assert ours.recv(64) == b""


def test_a_host_without_user_namespaces_is_told_how_to_allow_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise BuilderError("Could not make a tap device.", details=["unshare failed"])

    monkeypatch.setattr(tap, "run", refuse)
    with pytest.raises(HostError, match="unprivileged_userns_clone") as failure, tap.queues(2):
        pass
    assert failure.value.details == ("unshare failed",)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


@pytest.mark.parametrize(("greeting", "expected"), [(b"SSH-2.0-x\r\n", True), (b"", False)])
def test_ssh_is_there_when_it_greets(
    listening: socket.socket, greeting: bytes, expected: Any
) -> None:
    def greet() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(greeting)

    server = threading.Thread(target=greet)
    server.start()
    found = ssh.answers(listening.getsockname()[1], 5)
    server.join()
    assert found is expected


def test_a_port_that_accepts_and_says_nothing_is_no_ssh(listening: socket.socket) -> None:
    assert ssh.answers(listening.getsockname()[1], 0.05) is False


class Hanging:
    """An SSH connection over which no command ever ends."""

    def run_as_root(self, argv: tuple[str, ...], timeout: float) -> Completed:
        raise TimeoutError(f"'{argv[0]}' was still running in the guest after {timeout:.0f} s")


def guest(
    console: Path, connection: Any, monitor: Any = None, control: Control | None = None
) -> RunningGuest:
    lines = GuestChannels(
        console=console,
        keyboard=console,
        qmp=monitor,
        emulated=True,
        agent=None,
        connect=lambda *_: nullcontext(connection),
        volumes=console.parent,
    )
    running = RunningGuest(Machine(), "debian", lines, boot_limit=1, control=control or Control())
    running._ssh = connection  # noqa: SLF001 - as in the block of the guest
    return running


def test_a_command_that_never_ends_shows_the_console(tmp_path: Path) -> None:
    console = tmp_path / "console.log"
    console.write_text("[ 9.0] Kernel panic - not syncing: on purpose\r\n")
    with pytest.raises(TimeoutError) as failure:
        guest(console, Hanging()).run("sync", timeout=3)
    assert "'sync' was still running in the guest after 3 s" in str(failure.value)
    assert "the guest's kernel panicked" in str(failure.value)
    assert "on purpose" in str(failure.value)


def test_another_terminal_lies_beside_the_console(tmp_path: Path) -> None:
    for name, shown in (("console", "here\n"), ("serial1", "there login: ")):
        (tmp_path / f"{name}.log").write_text(shown)
        os.mkfifo(tmp_path / f"{name}.in")
    lines = GuestChannels(
        console=tmp_path / "console.log",
        keyboard=tmp_path / "console.in",
        qmp=None,  # type: ignore[arg-type]  # nobody asks it
        emulated=True,
        agent=None,
        connect=lambda *_: nullcontext(None),  # type: ignore[arg-type,return-value]
        volumes=tmp_path,
    )
    running = RunningGuest(Machine(), "debian", lines, boot_limit=1, control=Control())
    assert running.wait_for_console("login: ", timeout=0, terminal="serial1") == 13
    with pytest.raises(TimeoutError, match="the console did not show 'login: '"):
        running.wait_for_console("login: ", timeout=0)
    with open(os.open(tmp_path / "serial1.in", os.O_RDONLY | os.O_NONBLOCK)) as typed:  # noqa: PTH123 - a FIFO without a writer yet
        running.type("debian\n", "serial1")
        assert typed.read() == "debian\n"


class Answering:
    """A guest in which every command ends the same way."""

    def __init__(self, *answers: Completed) -> None:
        self.answers = list(answers)

    def run_as_root(self, *_: Any) -> Completed:
        return self.answers.pop(0)


def test_a_command_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    failing = guest(tmp_path / "none", Answering(Completed(1, "", "no such disk\n")))
    with pytest.raises(CheckFailed, match=r"'lsblk' ended with exit code 1: no such disk"):
        output(failing, "lsblk")


def test_an_inactive_unit_is_named_with_its_last_words(tmp_path: Path) -> None:
    state = "LoadState=loaded\nActiveState=inactive\nSubState=dead\n"
    failing = guest(
        tmp_path / "none", Answering(Completed(0, state, ""), Completed(0, "bye\n", ""))
    )
    with pytest.raises(CheckFailed, match=r"a\.service is inactive \(dead\): bye"):
        require_active(failing, "a.service")


def test_whoever_else_could_use_an_idle_guest_s_core_is_told(tmp_path: Path) -> None:
    seen = []

    @contextmanager
    def idle() -> Iterator[None]:
        seen.append("idle")
        yield
        seen.append("busy")

    with guest(tmp_path, None, control=Control(idle=idle)).idle():
        assert seen == ["idle"]
    assert seen == ["idle", "busy"]


class Resetting:
    """A monitor that reports every event at once."""

    def event(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (GuestNotUp("The guest does not come up: its kernel panicked."), CheckFailed),
        (BuilderError("QEMU ended with exit code 1."), BuilderError),
        (InterruptedByUser("The boot was cancelled."), InterruptedByUser),
    ],
)
def test_only_a_guest_that_does_not_come_back_has_failed(
    tmp_path: Path, cause: BuilderError, expected: type[Exception]
) -> None:
    def refuse(*_: Any) -> Any:
        raise cause

    (tmp_path / "console.log").touch()
    lines = GuestChannels(
        console=tmp_path / "console.log",
        keyboard=tmp_path,
        qmp=Resetting(),  # type: ignore[arg-type]  # only its events are asked for
        emulated=True,
        agent=None,
        connect=refuse,
        volumes=tmp_path,
    )
    restarting = RunningGuest(Machine(), "debian", lines, boot_limit=1, control=Control())
    with pytest.raises(expected, match=r"kernel panicked|exit code 1|cancelled") as failure:
        restarting.wait_for_restart(timeout=5)
    assert type(failure.value) is expected
