import os
import signal
import time
from pathlib import Path

import pytest

from builder.errors import BuilderError, HostError
from builder.host.process import run, run_unchecked, start, stream

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def followed(script: str, limit: float = 20) -> tuple[int, list[str]]:
    lines: list[str] = []
    status = stream(["sh", "-c", script], env=ENVIRONMENT, timeout=limit, on_line=lines.append)
    return status, lines


def test_a_followed_program_gives_its_lines_in_order_and_its_exit_code() -> None:
    status, lines = followed("echo one; echo two >&2; printf three; exit 7")
    assert (status, lines) == (7, ["one", "two", "three"])


def test_a_followed_program_sees_only_the_given_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "x")
    assert followed('echo "${OF_THE_CALLER:-none}"') == (0, ["none"])


@pytest.mark.parametrize("umask", [0o077, 0])
def test_a_followed_program_makes_files_with_the_usual_modes(umask: int) -> None:
    before = os.umask(umask)
    try:
        assert followed("umask") == (0, ["0022"])
        assert os.umask(umask) == umask
    finally:
        os.umask(before)


def test_a_followed_program_that_outlives_its_limit_is_killed() -> None:
    lines: list[str] = []
    argv = ["sh", "-c", "echo begun; exec sleep 20"]
    with pytest.raises(TimeoutError, match="'sh' was still running after 0 s"):
        stream(argv, env=ENVIRONMENT, timeout=0.2, on_line=lines.append)
    assert lines == ["begun"]


def test_a_program_that_somebody_else_has_killed_did_not_run_too_long() -> None:
    assert followed("kill -KILL $$")[0] == -9


def test_the_limit_holds_for_what_the_program_started_too() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        followed("sleep 1.5; true", limit=0.2)
    assert time.monotonic() - start < 1


def test_a_program_that_is_missing_is_told_with_what_it_was_wanted_for(tmp_path: Path) -> None:
    asked = ["no-such-program"]
    with pytest.raises(HostError, match=r"^Could not pack it: 'no-such-program' is not installed"):
        run(asked, timeout=5, purpose="pack it")
    with pytest.raises(HostError, match=r"^'no-such-program' is not installed"):
        run_unchecked(asked, timeout=5)
    log = tmp_path / "log"
    with pytest.raises(HostError, match="make host"), start(asked, purpose="start it", log=log):
        pass
    assert not log.exists()


def test_a_program_that_hangs_is_told_with_its_command() -> None:
    with pytest.raises(BuilderError, match="'sleep' was still running after 0 s") as caught:
        run(["sleep", "20"], timeout=0.1, purpose="rest")
    assert caught.value.details == ("command: sleep 20",)


def test_a_throttled_program_has_a_tenth_of_the_time_and_all_of_it_afterwards(
    tmp_path: Path,
) -> None:
    def busy(seconds: float) -> float:
        """CPU seconds that the program takes in so many seconds."""
        before = cpu()
        time.sleep(seconds)
        return cpu() - before

    def cpu() -> float:
        fields = Path(f"/proc/{program.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    script = "while :; do :; done"
    with start(["sh", "-c", script], purpose="spin", log=tmp_path / "log") as program:
        with program.throttled():
            little = busy(2)
        assert 0 < little < 0.6
        assert busy(1) > little


def test_a_throttled_program_can_be_ended(tmp_path: Path) -> None:
    sleeping = start(["sleep", "60"], purpose="sleep", log=tmp_path / "log")
    with sleeping as program, program.throttled():
        program.end(patience=3)
        assert program.status == -signal.SIGTERM
