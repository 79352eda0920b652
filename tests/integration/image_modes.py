"""Modes and owners of the files in an image's root file system, read with debugfs(8)."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.build.disk_image import ROOT_START

_ENTRY = re.compile(
    r" *\d+ +(?P<mode>\d+) \(\d+\) +(?P<user>\d+) +(?P<group>\d+) +\d+ \S+ \S+ (?P<name>.+)"
)


def modes(image: Path, raw: Path) -> dict[str, tuple[int, int, int]]:
    """Each path with its mode (its type in it), owner and group; ``raw`` is written meanwhile."""
    subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
    try:
        found: dict[str, tuple[int, int, int]] = {}
        directories = ["/"]
        while directories:
            new = {
                path: facts
                for path, facts in _listed(raw, directories)
                if path.rpartition("/")[2] != ".." and path not in found
            }
            found.update(new)
            directories = [
                path for path, facts in new.items()
                if facts[0] & 0o170000 == 0o040000 and not path.endswith("/.")
            ]  # fmt: skip
    finally:
        raw.unlink()
    return found


def _listed(raw: Path, directories: Iterable[str]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    commands = "".join(f'ls -l "{directory}"\n' for directory in directories)
    done = subprocess.run(
        ["debugfs", "-f", "-", f"{raw}?offset={ROOT_START}"],
        input=commands, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    home = ""
    for line in done.stdout.splitlines():
        if line.startswith("debugfs: ls -l "):
            home = line.removeprefix("debugfs: ls -l ").strip('"').rstrip("/")
        elif entry := _ENTRY.fullmatch(line):
            facts = (int(entry["mode"], 8), int(entry["user"]), int(entry["group"]))
            yield f"{home}/{entry['name']}", facts
