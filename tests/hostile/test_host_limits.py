"""What this host does to the program: kills, full disks, gone directories, odd files."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from samples import manifest

from builder.build.source_files import fetch_sources
from builder.errors import BuilderError, ImageError, InputError
from builder.feature.source_file import SourceFile
from builder.features.registry import shipped
from builder.host import process
from builder.host.files import replace_text
from builder.host.scratch import scratch
from builder.image.held import SIZE_LIMIT, held
from builder.profile.load import load
from builder.publish.cloud import lease
from builder.store.manifest import write

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("guest-image")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def begin(temporary: Path) -> subprocess.Popen[str]:
    """A program that works in a scratch directory, with a key in it."""
    program = """
        import time
        from builder.host.scratch import scratch
        with scratch("boot") as directory:
            (directory / "id_ed25519").write_text("a private key")
            print(directory, flush=True)
            time.sleep(600)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_a_killed_program_has_left_is_removed_by_the_next_one(temporary: Path) -> None:
    with begin(temporary) as killed, begin(temporary) as running:
        assert killed.stdout is not None
        assert running.stdout is not None
        left = Path(killed.stdout.readline().strip())
        used = Path(running.stdout.readline().strip())
        killed.kill()
        killed.wait()
        assert (left / "id_ed25519").exists()
        with scratch("disk") as own:
            assert not left.exists()
            assert (used / "id_ed25519").exists()
            assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert not own.exists()
        running.kill()
    with scratch("disk"):
        assert not used.exists()
    assert [*temporary.iterdir()] == []


def test_what_only_looks_like_a_leftover_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    (elsewhere / "kept").mkdir(parents=True)
    (temporary / "guest-image-boot-a_link00").symlink_to(elsewhere)
    (temporary / "guest-image-error.log").write_text("a report")
    os.mkfifo(temporary / "guest-image-boot-a_pipe00")
    with scratch("boot"):
        pass
    assert (elsewhere / "kept").is_dir()
    assert len([*temporary.iterdir()]) == 4


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("guest-image-builder", 0o755),
        ("guest-image-builder", 0o700),
        ("guest-image-bench-abcd1234", 0o700),
        ("guest-image-boot-of-mine", 0o700),
        ("guest-image-boot-abcd1234-old", 0o700),
        ("guest-image-boot-abcd1234", 0o755),
    ],
)
def test_a_directory_of_the_user_s_own_stays_whatever_it_is_called(
    temporary: Path, name: str, mode: int
) -> None:
    """A checkout below /tmp, or somebody's builds there."""
    (temporary / name).mkdir(mode=mode)
    (temporary / name / "README.md").touch()
    with scratch("boot"):
        pass
    assert (temporary / name / "README.md").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_another_user_s_directory_stays(temporary: Path) -> None:
    other = temporary / "guest-image-boot-another0"
    other.mkdir(mode=0o700)
    os.chown(other, 12345, 12345)
    with scratch("boot"):
        pass
    assert other.is_dir()


def run(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], stderr=subprocess.PIPE, text=True, timeout=60, check=False, **options
    )


@pytest.mark.parametrize("words", [("features",), ("plan", "base"), ("plan", "base", "--json")])
def test_output_that_cannot_be_written_is_the_host_s_matter(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(*words, stdout=full)
    assert done.returncode == 3
    assert "The output could not be written." in done.stderr
    assert "No space left on device" in done.stderr


def test_a_reader_that_goes_away_leaves_the_exit_code_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, manifest())
    for words, code in ((("plan", "base"), 0), (("report", str(tmp_path)), 1)):
        reading, writing = os.pipe()
        os.close(reading)
        done = run(*words, stdout=writing)
        os.close(writing)
        assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize("verb", ["build", "plan", "image", "features"])
def test_a_current_directory_that_is_gone_is_told(verb: str, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r});"
        f" os.execv({str(PROGRAM)!r}, [{str(PROGRAM)!r}, {verb!r}, 'base'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "The current directory cannot be entered any more." in done.stderr


def odd_files(directory: Path) -> dict[str, Path]:
    pipe, folder, sparse = directory / "pipe", directory / "folder", directory / "sparse"
    os.mkfifo(pipe)
    folder.mkdir()
    with sparse.open("wb") as file:
        file.truncate(8 << 40)
    return {
        "pipe": pipe,
        "folder": folder,
        "zero": Path("/dev/zero"),
        "null": Path("/dev/null"),
        "sparse": sparse,
        "none": directory / "none",
    }


@pytest.mark.parametrize("name", ["pipe", "folder", "zero", "null", "sparse", "none"])
def test_an_odd_file_is_no_driver_and_no_image(name: str, tmp_path: Path) -> None:
    path = odd_files(tmp_path)[name]
    file = SourceFile(str(path), hashlib.sha256().hexdigest())
    files = tmp_path / "files"
    files.mkdir()
    start = time.monotonic()
    with pytest.raises(InputError):
        fetch_sources([file], files, tmp_path / "cache", lambda _: None)
    with pytest.raises((InputError, ImageError)), held(path):
        pass
    assert time.monotonic() - start < 5


def test_a_file_of_a_sound_size_is_held(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT)
    with held(path) as source:
        path.unlink()
        assert source.stat().st_size == SIZE_LIMIT


SECRET = "root:$y$j9T$very-secret:20000:0:99999:7:::"  # noqa: S105 - nobody's


@pytest.mark.parametrize("content", [SECRET, f"- {SECRET}", f'"{SECRET}"', SECRET * 20])
@pytest.mark.parametrize("name", ["shadow", "shadow.yaml"])
def test_no_profile_shows_what_is_in_another_file(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    profile = tmp_path / "mine.yaml"
    profile.write_text(f"extends: ./{name}\n")
    with pytest.raises(BuilderError) as error:
        load(str(profile), shipped())
    assert "very-secret" not in str(error.value)


def test_temporary_names_are_nobody_else_s(tmp_path: Path) -> None:
    """Containers that share a disk share process ids, too."""
    other = tmp_path / f".file.{os.getpid()}"
    other.write_text("another container's")
    replace_text(tmp_path / "file", "ours")
    assert other.read_text() == "another container's"


def test_an_empty_identity_is_made_anew(tmp_path: Path) -> None:
    """As a full disk leaves it; all machines with such a one would take each other for one."""
    (tmp_path / "identity").touch()
    first = lease._identity(tmp_path)  # noqa: SLF001 - what a marker in a cloud is made of
    assert len(first) == 32
    assert lease._identity(tmp_path) == first  # noqa: SLF001 - as above


def test_a_limit_kills_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a program that has ended may be another's by the time its limit is over."""
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, _: killed.append(pid))
    status = process.stream(["true"], env={}, timeout=0.2, on_line=lambda _: None)
    time.sleep(0.5)
    assert (status, killed) == (0, [])


def test_a_limit_ends_what_still_runs() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        process.stream(["sleep", "60"], env={"PATH": "/usr/bin:/bin"}, timeout=0.5, on_line=print)
    assert time.monotonic() - start < 10


def test_a_program_that_is_killed_is_told_by_its_signal() -> None:
    words = ["sh", "-c", "kill -KILL $$"]
    assert process.stream(words, env={}, timeout=5, on_line=print) == -signal.SIGKILL
