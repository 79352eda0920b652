"""Every other program is run from here, with a limit on its time and a clear error."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.errors import BuilderError, HostError

TAIL_LINES = 15


def require_tool(name: str, package: str) -> str:
    """The path of a program, or a ``HostError`` that names the Debian package which has it."""
    path = shutil.which(name)
    if path is None:
        raise HostError(
            f"The program '{name}' is not installed.",
            hint=f"Install it: apt-get install {package} (or run 'make host').",
        )
    return path


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    purpose: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
) -> str:
    """Run a program to its end and return its standard output.

    ``purpose`` completes the sentence "could not …". Raises ``HostError`` when the program is
    missing and ``BuilderError`` with its last lines when it fails or outlives ``timeout`` seconds.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(  # noqa: S603 - argv is a list, never a shell line
            words, input=stdin, capture_output=True, timeout=timeout, env=env, cwd=cwd, check=False
        )
    except FileNotFoundError as error:
        raise HostError(f"Could not {purpose}: '{words[0]}' is not installed.") from error
    except subprocess.TimeoutExpired as error:
        raise BuilderError(
            f"Could not {purpose}: '{words[0]}' was still running after {timeout:.0f} s.",
            details=[f"command: {shlex.join(words)}"],
        ) from error
    if done.returncode != 0:
        output = (done.stderr + done.stdout).decode(errors="replace").splitlines()
        raise BuilderError(
            f"Could not {purpose}: '{words[0]}' ended with exit code {done.returncode}.",
            details=[f"command: {shlex.join(words)}", *output[-TAIL_LINES:]],
        )
    return done.stdout.decode(errors="replace")
