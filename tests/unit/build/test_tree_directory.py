"""Real file systems, each mounted in a namespace of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.build import tree_directory
from builder.build.tree_directory import require_tree_directory
from builder.errors import HostError

ASKS = """
import sys
from pathlib import Path
from builder.build.tree_directory import require_tree_directory
from builder.errors import HostError
try:
    require_tree_directory(Path(sys.argv[1]))
except HostError as error:
    print(error)
print(*Path(sys.argv[1]).iterdir())
"""


def told(mount: str, place: Path) -> str:
    """What is said of a directory on which something is mounted first."""
    place.mkdir()
    script = f'mount {mount} none "$0" && exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, place, sys.executable, "-c", ASKS, place],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
@pytest.mark.parametrize(
    ("mount", "lack"),
    [
        ("-t ramfs", "no capabilities of files (extended attributes) (Operation not supported)"),
        ("-t tmpfs -o noexec", "no programs (it is mounted noexec)"),
    ],
)
def test_what_a_file_system_has_not_is_told(mount: str, lack: str, tmp_path: Path) -> None:
    place = tmp_path / "work"
    assert told(mount, place) == (
        f"No system can be unpacked in {place}.\n"
        f"  Its file system has {lack}.\n"
        "  Choose another directory with --output, or free memory: with 4 GiB available a build"
        " keeps these files there.\n\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_file_system_that_has_everything_is_taken(tmp_path: Path) -> None:
    """Device nodes are in no image: a running kernel makes them."""
    assert told("-t tmpfs -o nodev", tmp_path / "work") == "\n"


@pytest.mark.parametrize("name", ["chown", "setxattr"])
def test_each_thing_that_cannot_be_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    for call in ("chown", "setxattr"):  # both of which only root may
        monkeypatch.setattr(tree_directory.os, call, refuse if call == name else lambda *_: None)
    with pytest.raises(HostError) as caught:
        require_tree_directory(tmp_path)
    assert [line for line in caught.value.details if "(Operation not supported)" in line]
    assert len(caught.value.details) == 1
    assert [*tmp_path.iterdir()] == []
