"""A copy of the program whose elements a test may break, and what its builds leave behind."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from builder.host.paths import cache_directory

ROOT = Path(__file__).parents[2]
PROFILE = "base"
MAIN = "from builder.cli.program import main; main()"
LIMIT = 300.0


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition, asked again and again, has come true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def on_file_system(mount: str, directory: Path, command: Sequence[str | Path]) -> list[str | Path]:
    """The command where something, as mount(8) takes it, is mounted on a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    script = f'mount {mount} "$0" && exec "$@"'
    if "-t " in mount:
        script = f'mount {mount} none "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, directory, *command]


class Copy:
    """The package, the elements and the profiles below ``root``, with builds and a cache there.

    The cache begins with the packages that the real one has, as hard links.
    """

    def __init__(self, root: Path, profile: str = PROFILE) -> None:
        self.root = root
        self.dist = root / "dist"
        self.home = self.dist / profile
        self.cache = root / "cache"
        self.source = root / "source"
        for name in ("builder", "elements", "profiles"):
            shutil.copytree(
                ROOT / name, self.source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        packages = cache_directory() / "packages"
        if packages.exists() and packages.stat().st_dev == root.stat().st_dev:
            shutil.copytree(packages, self.cache / "packages", copy_function=os.link)

    def forget(self, *packages: str) -> None:
        """Take packages out of the cache, so that a mirror must be asked for them."""
        for path in (self.cache / "packages").glob("*/*.deb"):
            if path.name.split("_")[0] in packages:
                path.unlink()

    def hook(self, element: str, name: str, script: str) -> None:
        """Give an element a hook."""
        path = self.source / "elements" / element / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def fail_early(self) -> None:
        """Let every build end before the bootstrap."""
        self.hook("guest-initrd", "root.d/00-break", "echo nothing works >&2; exit 7")

    def hollow(self) -> None:
        """Take out of the elements most of what they do after the bootstrap."""
        for element in (self.source / "elements").glob("guest-*"):
            if element.name in {"guest-initrd", "guest-tree"}:  # without them it takes longer
                continue
            for path in element.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name == "package-installs.yaml":
                    path.unlink()
                elif path.name == "element-deps":
                    path.write_text("package-installs\n")

    def environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(self.source),
            "GUEST_IMAGE_CACHE": str(self.cache),
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            **changes,
        }

    def command(self, *words: str | Path, main: str = MAIN) -> list[str | Path]:
        return [sys.executable, "-c", main, *words]

    def build_command(self, profile: str | Path = PROFILE, *, main: str = MAIN) -> list[str | Path]:
        return self.command("build", profile, "--output", self.dist, main=main)

    def begin(
        self, command: Sequence[str | Path], *, umask: int = -1, **changes: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            umask=umask,
            env=self.environment(changes),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, command: Sequence[str | Path], **changes: str
    ) -> subprocess.CompletedProcess[str]:
        with self.begin(command, **changes) as process:
            try:
                stdout, stderr = process.communicate(timeout=LIMIT)
            finally:
                process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def processes(self) -> list[str]:
        """The command lines of the processes that have to do with this copy."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            if process.name != str(os.getpid()):
                words = _read(process / "cmdline").replace("\0", " ")
                if str(self.root) in f"{words}\n{_read(process / 'environ')}\n{_cwd(process)}":
                    found.append(words)
        return found

    def mounts(self) -> set[str]:
        """The mounts below this copy that any process sees."""
        seen = [
            line
            for path in Path("/proc").glob("[0-9]*/mountinfo")
            for line in _read(path).splitlines()
        ]
        return {line for line in seen if str(self.root) in line}

    def remains(self) -> list[str]:
        """What of builds is still there: files below the builds' directory, caches of builds."""
        found = [*self.home.iterdir()] if self.home.exists() else []
        builds = self.cache / "builds"
        found += [*builds.iterdir()] if builds.exists() else []
        return sorted(str(path.relative_to(self.root)) for path in found)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # it has ended since
        return ""


def _cwd(process: Path) -> str:
    try:
        return str((process / "cwd").readlink())
    except OSError:
        return ""
