"""A place that a build writes to becomes full in each phase. Needs root.

Those of ``test_robustness.py`` become full in the bootstrap, and stand for these in "make test".
"""

import os
import re
from pathlib import Path

import pytest
from copies import MAIN, PROFILE, Copy, on_file_system

from builder.store.build_directory import FAILED, LOG

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

IN_MEMORY = (
    "from builder.build import requirements, sandbox; "
    "requirements.require_for_build = lambda *a, **k: None; "
    "requirements.works_in_memory = lambda: True; sandbox.TMPFS_SIZE = {size!r}; " + MAIN
)
"""The program on a machine with little memory for the tree, which does not ask for room before."""

PLENTY = "80%"
THE_TMPFS = "the build's tmpfs, of 80 % of the memory,"
REMEDIES = {
    "--output": "make room, or choose another directory with --output",
    "cache": "make room, or choose another directory with GUEST_IMAGE_CACHE",
    "memory": "free memory, or build on a machine with more",
}


def command(copy: Copy, output: Path, memory: str = PLENTY) -> list[str | Path]:
    main = IN_MEMORY.format(size=memory)
    return copy.command("build", PROFILE, "--output", output, main=main)


def phases(said: str) -> list[str]:
    return re.findall(r"\] (.+) …$", said, re.MULTILINE)


def test_memory_that_becomes_full_is_named_with_its_room(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    done = copy.run(command(copy, copy.dist, "150M"))
    assert (done.returncode, phases(done.stderr)[-1]) == (3, "bootstrap"), done.stderr
    assert re.search(
        rf"{re.escape(THE_TMPFS)} has [\d.]+ [GM]iB free, a build needs 2 GiB", done.stderr
    )
    assert f"Remedy: {REMEDIES['memory']}. The full log is" in done.stderr
    require_nothing_left(copy, copy.home)


@pytest.mark.parametrize(
    ("phase", "options"),
    [
        ("disk", "-t tmpfs -o size=100M"),
        ("convert", "-t tmpfs -o size=900M"),
        ("manifest", "-t tmpfs -o nr_inodes={inodes}"),
    ],
    ids=["raw-disk", "image", "inodes"],
)
def test_an_output_that_becomes_full_is_named_with_its_room(
    phase: str, options: str, tmp_path: Path
) -> None:
    copy = Copy(tmp_path)
    small = tmp_path / "small"
    left = tmp_path / "left"
    mount = options.format(inodes=16)  # the manifest would be one more
    script = f'"$@"; status=$?; ls -R {small} > {left}; exit $status'
    done = copy.run(on_file_system(mount, small, ["sh", "-c", script, "sh", *command(copy, small)]))
    assert (done.returncode, phases(done.stderr)[-1]) == (3, phase), done.stderr
    expected = "has no inode free" if "inodes" in options else r"has \d+ MiB free, a build needs 2"
    assert re.search(rf"{re.escape(str(small))} {expected}", done.stderr)
    assert f"Remedy: {REMEDIES['--output']}. The full log is" in done.stderr
    kept = re.search(r"The full log is (\S+)\.$", done.stderr, re.MULTILINE)
    assert kept is not None
    failed = Path(kept[1]).parent
    assert failed.name.endswith(FAILED)
    assert left.read_text().split() == [f"{small}:", PROFILE, f"{small / PROFILE}:", failed.name,
                                        f"{failed}:", LOG]  # fmt: skip


def test_a_package_cache_that_becomes_full_while_packages_are_installed_is_named(
    tmp_path: Path,
) -> None:
    copy = Copy(tmp_path)
    # Bound there by guest-tree, so that what fills it is seen by apt.
    fill = "cat /dev/zero > /var/cache/apt/archives/fill; :"
    copy.hook("guest-initrd", "install.d/00-fill", fill)
    own = on_file_system("-t tmpfs -o size=1500M", copy.cache, command(copy, copy.dist))
    done = copy.run(own)
    assert (done.returncode, phases(done.stderr)[-1]) == (3, "install packages"), done.stderr
    cache = re.escape(str(copy.cache))
    assert re.search(rf"{cache} has \d+ MiB free, a build needs 1", done.stderr)
    assert f"Remedy: {REMEDIES['cache']}. The full log is" in done.stderr
    require_nothing_left(copy, copy.home)


def require_nothing_left(copy: Copy, home: Path) -> None:
    """Nothing but the log of a build, in a directory that says that it has failed."""
    (failed,) = home.iterdir()
    assert failed.name.endswith(FAILED)
    assert [path.name for path in failed.iterdir()] == [LOG]
    assert not [path for path in copy.remains() if path.startswith("cache")]
    assert (copy.processes(), copy.mounts()) == ([], set())
