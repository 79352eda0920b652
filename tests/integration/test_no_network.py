"""The command where there is no network at all, not even loopback. Needs root.

``tests/boot/test_two_proofs.py`` proves a build so.
"""

import os
from pathlib import Path

import pytest
from copies import PROFILE, Copy
from samples import complete, manifest, plan

from builder.store.manifest import write

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network namespace everywhere"),
]

ALONE = ("unshare", "--net", "--")


def test_what_asks_nobody_works(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    build = tmp_path / "build"
    build.mkdir()
    write(build, manifest(plan(), evidence=complete(plan())))
    for words in (
        ("plan", "pinned-scsi"),
        ("plan", "pinned-scsi", "--json"),
        ("profiles",),
        ("features",),
        ("report", build),
        ("report", build, "--json"),
        ("report", build, "--html"),
        ("prove", build, "--list"),
    ):
        done = copy.run([*ALONE, *copy.command(*words)])
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout


def test_a_build_says_that_it_reaches_no_mirror(tmp_path: Path) -> None:
    """Also where every package is cached: what is current only a mirror tells."""
    copy = Copy(tmp_path)
    done = copy.run([*ALONE, *copy.build_command(PROFILE)])
    assert done.returncode == 3, done.stderr
    assert "The package mirror cannot be reached: check the network" in done.stderr
    assert "Traceback" not in done.stderr
    assert (copy.processes(), copy.mounts()) == ([], set())
