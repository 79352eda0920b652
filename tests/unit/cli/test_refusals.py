"""What the command says before it has begun, and where it is told to stop."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from builder.cli import publish
from builder.cli.options import write_file
from builder.cli.program import main
from builder.cli.verbs import cli
from builder.errors import HostError
from builder.terminal import output

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the command in this process; the result is its exit code and what it said."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert isinstance(caught.value.code, int)
        return caught.value.code, capsys.readouterr().err

    yield call
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_choice_that_is_missing_is_told_with_all_that_there_is(run: Run) -> None:
    code, said = run("ci", "render", "base")
    assert code == 2
    assert said.splitlines()[1:] == [
        "Error: Missing option '--for'. Choose from:", "  gitlab,", "  github,", "  zuul",
    ]  # fmt: skip


def test_a_moment_that_is_none_is_told_with_how_one_is_written(run: Run) -> None:
    code, said = run("plan", "base", "--at", "last week")
    assert code == 2
    assert "'last week' is not a moment: write 2026-11-01 or" in " ".join(said.split())


def test_a_distribution_without_snapshots_is_told(run: Run) -> None:
    code, said = run("plan", "rocky-9", "--at", "2026-11-01")
    assert code == 2
    assert "images of rocky-9 are not built from snapshots" in " ".join(said.split())


def test_a_directory_that_is_gone_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    code, said = run("profiles")
    assert (code, said.splitlines()[0]) == (
        3, "The current directory cannot be entered any more.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [(errno.ENOSPC, 3, "The disk is full."), (errno.EIO, 70, "internal error")],
)
def test_a_full_disk_that_nobody_foresaw_is_no_internal_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: int, code: int, told: str
) -> None:
    @click.command()
    def verb() -> None:
        raise OSError(number, os.strerror(number), "manifest.json")

    monkeypatch.setitem(cli.commands, "write", verb)
    status, said = run("write")
    assert status == code
    assert told in said
    assert "manifest.json" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    @click.command()
    def verb() -> None:
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setitem(cli.commands, "wait", verb)
    assert run("wait") == (130, f"Stopped by {number.name}.\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--url", "https://x.example/i"), "--method web-download and --url belong together."),
        (("--method", "web-download"), "--method web-download and --url belong together."),
    ],
)
def test_options_that_belong_together_are_named(
    run: Run, options: tuple[str, ...], said: str
) -> None:
    code, err = run("publish", "base", "--cloud", "x", *options)
    assert (code, said in err) == (2, True), err


def test_a_file_that_cannot_be_written_is_told_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="Is a directory"):
        write_file(tmp_path, "text")


def test_an_output_that_is_full_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output, "_write_nowhere", lambda: None)
    monkeypatch.setattr(click, "echo", full)
    with pytest.raises(HostError, match=r"output could not be written\.\n  No space left"):
        output.say("text")


def test_half_a_signature_is_refused() -> None:
    with pytest.raises(click.UsageError, match="belong together"):
        publish._signer(Path("key.pem"), None, None)  # noqa: SLF001 - it comes after the build
