"""Root's rights over files of one's own, without root: in a user namespace with subordinate ids.

Sources: user_namespaces(7), newuidmap(1), subuid(5), unshare(1); Debian's kernel for
``unprivileged_userns_clone``, Ubuntu's for ``apparmor_restrict_unprivileged_userns``.
"""

import contextlib
import os
import pwd
import subprocess  # noqa: TID251 - errors and progress of it are this program's own
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from builder.errors import HostError
from builder.host.process import require_tool, run_unchecked

ENTER = ("--user", "--map-root-user", "--map-auto")
IDS = 65_536
"""Subordinate ids that a system's files may belong to."""

_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("user/max_user_namespaces", "0", "65536"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
)
"""Settings of sysctl(8): which value forbids user namespaces, and which allows them."""

SETTINGS = Path("/proc/sys")

INITIAL = Path("/proc/self/environ")
"""The variables that a process was started with (proc(5))."""

IDS_OF = Path("/etc")
"""Where it is written who has which subordinate ids."""

_START_LIMIT = 30.0

STOP_LIMIT = 60.0
"""Seconds that a program which is stopped may take to clean up."""


def become_root() -> None:
    """Go on as root of a user namespace, where this is an ordinary user's process.

    The program is started anew in there, by the command and with the variables that it was started
    with; so this returns to root only. Raises ``HostError`` with every reason why there is no such
    namespace.
    """
    if os.geteuid() != 0:
        entering = _entering()
        os.execve(entering[0], [*entering, *sys.orig_argv[1:]], _first_environment())  # noqa: S606


def run_as_root(arguments: Sequence[str | Path], variables: Mapping[str, str]) -> int:
    """Run this program with other arguments as root of a user namespace, to its end.

    Returns its exit code. What it prints is not shown; its progress and its errors are.
    ``variables`` come on top of those that this one was started with. Raises as ``become_root``.
    """
    with subprocess.Popen(  # noqa: S603 - our own program
        [*_entering(), "-c", "from builder.cli.program import main; main()", *arguments],
        env={**_first_environment(), **variables}, stdout=subprocess.DEVNULL,
    ) as child:  # fmt: skip
        try:
            return child.wait()
        except BaseException as stopped:
            # Ctrl-C has reached it as well.
            if not isinstance(stopped, KeyboardInterrupt):
                child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STOP_LIMIT)
            child.kill()
            raise


def _entering() -> list[str]:
    unshare = require_tool("unshare", "util-linux")
    if reasons := obstacles():
        remedies = dict.fromkeys(remedy for _, remedy in reasons if remedy)
        raise HostError(
            "An ordinary user's build works in a user namespace, and none can be made.",
            details=[reason for reason, _ in reasons],
            hint=" ".join([*remedies, "Root can build in any case: sudo, or a root shell."]),
        )
    return [unshare, *ENTER, "--", sys.executable]


def _first_environment() -> dict[str, str]:
    """What this program was started with: keys that options have taken out of it are there."""
    fields = INITIAL.read_bytes().split(b"\0")
    return dict(os.fsdecode(field).split("=", 1) for field in fields if b"=" in field)


def obstacles() -> list[tuple[str, str]]:
    """Why this user can make no such namespace, each with what helps; none where one can be."""
    unshare = require_tool("unshare", "util-linux")
    done = run_unchecked([unshare, *ENTER, "--", "true"], timeout=_START_LIMIT)
    if done.status == 0:
        return []
    said = done.stderr.strip().splitlines()
    unknown = [(said[-1] if said else f"unshare ended with {done.status}.", "")]
    return [*_switched_off(), *_without_ids()] or unknown


def _switched_off() -> Iterator[tuple[str, str]]:
    for name, forbidding, allowing in _SWITCHES:
        setting = SETTINGS / name
        if setting.exists() and setting.read_text().strip() == forbidding:
            key = name.replace("/", ".")
            yield (
                f"This machine forbids it: {key} is {forbidding}.",
                f"Allow it: sudo sysctl {key}={allowing}.",
            )


def _without_ids() -> Iterator[tuple[str, str]]:
    try:
        require_tool("newuidmap", "uidmap")
    except HostError as error:
        yield error.message, error.hint
    user = pwd.getpwuid(os.getuid()).pw_name
    for name, option in (("subuid", "--add-subuids"), ("subgid", "--add-subgids")):
        path = IDS_OF / name
        if not any(_is_range(line, user) for line in _lines(path)):
            yield (
                f"{path} has no {IDS} ids for {user}.",
                f"Give some: sudo usermod {option} 100000-{100_000 + IDS - 1} {user}.",
            )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _is_range(line: str, user: str) -> bool:
    owner, _, rest = line.partition(":")
    count = rest.partition(":")[2]
    return owner in {user, str(os.getuid())} and count.isdigit() and int(count) >= IDS
