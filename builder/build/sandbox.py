"""A private mount and process namespace: what happens in it ends with it.

diskimage-builder mounts file systems and starts daemons' package scripts. In here none of that is
seen by the host, and when the builder dies, however it dies, the kernel removes every mount and
every process.
"""

import subprocess  # noqa: TID251 - the namespace's first process is held open, not run to its end
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from builder.errors import HostError
from builder.host.process import require_tool

START_LIMIT = 10.0
STOP_LIMIT = 10.0
TMPFS_SIZE = "80%"
"""Of the machine's memory: an upper limit, not a reservation. The shipped profiles take 1.2 GiB."""


class Sandbox(AbstractContextManager["Sandbox"]):
    """Namespaces that live as long as the ``with`` block, with a tmpfs over ``scratch`` if asked.

    The first process of the namespaces is ``cat``, reading a pipe from this process: it ends when
    the pipe closes, and the kernel then kills everything else in there.
    """

    def __init__(self, scratch: Path, *, in_memory: bool) -> None:
        # Seen from outside, a symbolic link in it would lead out of the sandbox.
        self.scratch = scratch.resolve()
        self.in_memory = in_memory

    def __enter__(self) -> Self:
        unshare = require_tool("unshare", "util-linux")
        require_tool("nsenter", "util-linux")
        mount = f'mount -t tmpfs -o mode=0755,size={TMPFS_SIZE} tmpfs "$1"'
        prepare = f'{mount if self.in_memory else ":"} && cd "$1"'
        self._holder = subprocess.Popen(  # noqa: S603 - fixed words and our own path
            [
                unshare, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                "--", "sh", "-c", f"{prepare} && echo ready && exec cat", "sh", self.scratch,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            self._holder.kill()
            _, why = self._holder.communicate()
            said = why.decode(errors="replace")
            raise HostError(
                "Could not make a private mount and process namespace for the build.",
                details=said.splitlines(),
                hint=_remedy(said),
            )
        try:
            self._init = self._wait_for_init()
        except HostError:
            self._holder.kill()
            self._holder.communicate()
            raise
        return self

    def _wait_for_init(self) -> int:
        """The process id, as the host sees it, of the namespace's first process."""
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            pids = children.read_text().split()
            if pids:
                return int(pids[0])
            time.sleep(0.01)
        raise HostError(
            f"No process appeared in the build's namespace within {START_LIMIT:.0f} s.",
            hint="Run the same command again when this machine is less busy.",
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        self._holder.stdin.close()
        try:
            self._holder.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        self._holder.stdout.close()
        self._holder.stderr.close()

    def command(self, argv: Sequence[str | Path]) -> list[str | Path]:
        """The argv that runs ``argv`` inside, in ``scratch``.

        Entering a mount namespace alone would move the program to the machine's own root.
        """
        target = str(self._init)
        return ["nsenter", "--target", target, "--mount", "--pid", "--root", "--wd", "--", *argv]

    def path(self, inside: Path) -> Path:
        """A path of the sandbox as this process can open it."""
        return Path(f"/proc/{self._init}/root") / inside.relative_to("/")


def _remedy(said: str) -> str:
    """What helps against an error of unshare(1)."""
    if "propagation" in said:
        return (
            "The root directory is not a mount point here, as in a plain chroot. Make it one before"
            " you enter it: mount --bind DIR DIR"
        )
    return (
        "Root may not make namespaces here, as in a container without CAP_SYS_ADMIN: run the"
        " container with it (--privileged, or --cap-add=SYS_ADMIN), or build outside."
    )
