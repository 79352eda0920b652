import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import HostError
from builder.host.locking import is_locked, locked, remove_leftovers

HOLDING = """
import sys
from pathlib import Path
from builder.host.locking import is_locked, locked, remove_leftovers
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_directory_that_nobody_holds_is_removed(tmp_path: Path) -> None:
    (tmp_path / "left/over").mkdir(parents=True)
    remove_leftovers(tmp_path.iterdir())
    assert [*tmp_path.iterdir()] == []


def test_a_directory_is_held_until_its_process_ends_even_if_it_is_killed(tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, used], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        remove_leftovers([used])
        assert used.is_dir()
        process.kill()
    remove_leftovers([used])
    assert not used.exists()


def test_a_file_system_without_locks_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NFS, which gives an exclusive lock only on what is open for writing."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(HostError, match="cannot be locked") as caught, locked(tmp_path):
        pass
    assert "choose a local one" in caught.value.hint


def test_a_program_that_is_started_does_not_inherit_the_lock(tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.mkdir()
    with locked(used):
        program = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    with program:
        remove_leftovers([used])
        assert not used.exists()
        assert program.stdin is not None
        program.stdin.close()


def test_a_directory_that_is_gone_already_is_no_error(tmp_path: Path) -> None:
    remove_leftovers([tmp_path / "gone"])


def test_a_lock_is_waited_for_and_given_up_at_the_limit(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(HostError, match=r"after 0 s waiting for another process to release"),
        locked(tmp_path, limit=0.1),
    ):
        pytest.fail("two hold it")
    with locked(tmp_path, limit=0.1):
        pass


def test_a_lock_is_seen_while_it_is_held(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    with locked(tmp_path):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "missing")
