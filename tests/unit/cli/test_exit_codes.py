"""How the command ends: errors, interruptions, defects."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from builder.cli.verbs import cli
from builder.errors import HostError

Run = Callable[..., tuple[int, str, str]]


def failing(error: BaseException) -> click.Command:
    @click.command()
    def verb() -> None:
        raise error

    return verb


@pytest.fixture
def verb_raises(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Give the command a verb 'fail' that raises."""

    def install(error: BaseException) -> None:
        monkeypatch.setitem(cli.commands, "fail", failing(error))

    return install


def test_a_wrong_profile_is_told_on_stderr_with_exit_code_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("distribution: debian-99")
    code, out, err = run("plan", str(tmp_path / "mine.yaml"))
    assert (code, out) == (2, "")
    assert err.startswith(f"{tmp_path}/mine.yaml:1:15: distribution: ")


def test_an_error_of_the_builder_ends_in_its_exit_code(
    run: Run, verb_raises: Callable[[BaseException], None]
) -> None:
    verb_raises(HostError("No space.", hint="Make some."))
    assert run("fail") == (3, "", "No space.\n  Make some.\n")


def test_an_interrupt_ends_in_130(run: Run, verb_raises: Callable[[BaseException], None]) -> None:
    verb_raises(KeyboardInterrupt())
    code, _, err = run("fail")
    assert (code, err.strip()) == (130, "Interrupted.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_break_off_the_cleaning_up(number: signal.Signals) -> None:
    script = """
import os, signal, sys, time
from builder.cli.verbs import cli
from builder.cli.program import main
signal.signal(signal.SIGHUP, signal.SIG_DFL)
@cli.command()
def work():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
        print("cleaned up", flush=True)
main(["work"])
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "cleaned up\n")
    assert err == f"Stopped by {number.name}.\n"


def test_a_defect_is_named_so_and_its_traceback_kept_in_a_file(
    run: Run,
    verb_raises: Callable[[BaseException], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("GUEST_IMAGE_DEBUG", raising=False)
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "internal error of guest-image: ZeroDivisionError: oops" in err
    assert "Traceback" not in err
    (log,) = tmp_path.glob("*.log")
    assert str(log) in err
    assert "Traceback" in log.read_text()


def test_a_defect_is_shown_in_full_where_no_file_can_be_written(
    run: Run, verb_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    monkeypatch.delenv("GUEST_IMAGE_DEBUG", raising=False)
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "ZeroDivisionError: oops" in err
    assert "This is an internal error of guest-image" in err


def test_a_defects_traceback_is_shown_on_demand(
    run: Run, verb_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUEST_IMAGE_DEBUG", "1")
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "Traceback" in err
