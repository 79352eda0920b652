"""``--log-format json``: every verb speaks JSON lines on standard error, and nothing else there."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from builder.cli.program import main
from builder.cli.verbs import GROUPS, VERBS, cli
from builder.errors import BuilderError
from builder.terminal import log

SECRET = "verysecret"  # noqa: S105 - it is none
CLOSED = (
    "clouds: {prod: {verify: false, auth: {auth_url: 'http://127.0.0.1:9/v3', username: me,"
    f" password: {SECRET}, project_name: p}}}}}}"
)

Lines = list[dict[str, Any]]
Run = Callable[..., tuple[int, str, Lines]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Run]:
    """Run the command in this process; its standard error must be JSON, and is parsed."""
    (tmp_path / "clouds.yaml").write_text(CLOSED)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def call(*words: str) -> tuple[int, str, Lines]:
        with pytest.raises(SystemExit) as end:
            main([*words, "--log-format", "json"])
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        lines = [json.loads(line) for line in said.err.splitlines()]
        assert [line["event"] for line in lines].count("end") == 1
        assert lines[-1]["exit_code"] == end.value.code
        return int(str(end.value.code)), said.out, lines[:-1]

    yield call
    log.choose("text")
    for number, handler in handlers.items():
        signal.signal(number, handler)


def verbs() -> Iterator[tuple[str, click.Command]]:
    for name in VERBS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for below in GROUPS[name]:
                found = command.get_command(click.Context(command), below)
                assert found is not None
                yield f"{name} {below}", found


def test_every_verb_has_the_option() -> None:
    without = [
        name for name, command in verbs()
        if not any(log.OPTION in option.opts for option in command.params)
    ]  # fmt: skip
    assert without == []


def test_the_answer_is_another_matter(run: Run) -> None:
    code, out, lines = run("profiles", "--json")
    assert (code, lines) == (0, [])
    assert json.loads(out)


def test_an_error_has_its_parts(run: Run) -> None:
    code, _, (error,) = run("plan", "bsae")
    assert code == 2
    assert (error["level"], error["event"], error["exit_code"]) == ("error", "error", 2)
    assert error["message"] == "No profile is called 'bsae'."
    assert error["hint"] == "Did you mean 'base'?"


@pytest.mark.parametrize("words", [["plan"], ["paln"], ["plan", "base", "--bogus"], ["cloud", "x"]])
def test_a_mistake_in_the_command_line_is_told_so_too(run: Run, words: list[str]) -> None:
    code, _, (error,) = run(*words)
    assert code == error["exit_code"] == 2
    assert error["hint"].startswith("Usage: guest-image")


def test_a_format_that_is_none_is_refused_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["profiles", "--log-format", "xml"])
    assert end.value.code == 2
    assert "'xml' is not one of 'text', 'json'" in capsys.readouterr().err


def test_a_warning_has_its_level(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BuilderError("No build in this test.", hint="Try another.")

    monkeypatch.setattr("builder.pipeline.build", refuse)
    code, _, (warning, error) = run("build", "rocky-9")
    assert code == 1
    assert (warning["level"], warning["event"]) == ("warning", "warning")
    assert warning["message"].startswith("rocky-9 is unproven: ")
    assert error["hint"] == "Try another."


def test_progress_has_phases_and_their_seconds(run: Run, tmp_path: Path) -> None:
    code, out, lines = run("metrics", "--builds", str(tmp_path))
    assert code == 0
    assert out.startswith("# HELP")
    assert [(line["event"], line["message"]) for line in lines] == [
        ("phase", "measuring"), ("phase-end", "measuring"),
    ]  # fmt: skip
    assert lines[1]["seconds"] >= 0


@pytest.mark.parametrize(
    "words",
    [["audit"], ["list"], ["metrics"], ["doctor"], ["rollback", "base"]],
    ids=" ".join,
)
def test_a_cloud_that_is_closed_is_an_error_without_its_password(
    run: Run, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, lines = run(*words, "--cloud", "prod")
    errors = [line for line in lines if line["level"] == "error"]
    if words == ["doctor"]:
        assert (code, errors) == (3, [])
        assert "Cloud 'prod' could not" in out
    else:
        assert code == errors[0]["exit_code"] == 5
        assert "Cloud 'prod' could not" in errors[0]["message"]


def test_a_certificate_that_is_not_checked_is_a_warning(run: Run) -> None:
    _, _, lines = run("audit", "--cloud", "prod")
    (warning,) = (line for line in lines if line["level"] == "warning")
    assert "'verify: false'" in warning["message"]


def test_a_mirrors_and_a_proxys_password_are_in_no_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIB_DISTRIBUTION_MIRROR", f"http://me:{SECRET}@10.0.0.1/debian")
    code, _, (error,) = run("plan", "base")
    assert code == 2
    assert "<login>@10.0.0.1" in error["details"][0]
    monkeypatch.delenv("DIB_DISTRIBUTION_MIRROR")
    monkeypatch.setenv("http_proxy", f"http://me:{SECRET}@127.0.0.1:9 ;")
    code, _, (error,) = run("plan", "base")
    assert code == 2
    assert "<login>@127.0.0.1" in error["details"][0]


def failing(error: BaseException) -> click.Command:
    @click.command()
    @click.option("--log-format")
    def verb(log_format: str) -> None:
        raise error

    return verb


def test_an_internal_error_and_an_interrupt_are_lines(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("GUEST_IMAGE_DEBUG", raising=False)
    monkeypatch.setitem(cli.commands, "fail", failing(ZeroDivisionError("oops")))
    code, _, (error,) = run("fail")
    assert (code, error["event"], error["exit_code"]) == (70, "internal-error", 70)
    assert "ZeroDivisionError: oops" in error["message"]
    monkeypatch.setitem(cli.commands, "fail", failing(KeyboardInterrupt()))
    code, _, (error,) = run("fail")
    assert (code, error["message"]) == (130, "Interrupted.")


def test_the_environment_names_the_format_for_a_whole_job() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from builder.cli.program import main; main()", "plan", "bsae"],
        capture_output=True, text=True, check=False,
        env={**os.environ, log.VARIABLE: "json"},
    )  # fmt: skip
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["error", "end"]
    assert done.returncode == 2
