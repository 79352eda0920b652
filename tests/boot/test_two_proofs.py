"""Two proofs of one build at once, each where there is no network at all. Needs root.

In ``make test`` the concurrent changes of ``tests/unit/report/test_update.py`` stand for it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from processes import processes_with

from builder.feature import Outcome
from builder.store import manifest
from builder.store.verdict import expected, verdict_of

pytestmark = [
    pytest.mark.boot,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network namespace everywhere"),
]

LIMIT = 3600.0
ALONE = ("unshare", "--net", "--")


@contextmanager
def proving(build: Path, scratch: Path) -> Iterator[subprocess.Popen[str]]:
    scratch.mkdir()
    program = Path(sys.executable).with_name("guest-image")
    with subprocess.Popen(
        [*ALONE, program, "prove", build],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.mark.whole
def test_both_end_proven_and_the_evidence_is_whole(
    built: Callable[[str], Path], tmp_path: Path
) -> None:
    build = tmp_path / "build"
    shutil.copytree(built("pinned-scsi"), build)
    unproven = manifest.read(build).model_copy(update={"evidence": (), "boots": ()})
    manifest.write(build, unproven)
    places = [tmp_path / name for name in ("one", "other")]
    with ExitStack() as stack:
        proofs = [stack.enter_context(proving(build, place)) for place in places]
        said = [proof.communicate(timeout=LIMIT)[0] for proof in proofs]
    assert [proof.returncode for proof in proofs] == [0, 0], "\n".join(said)
    proven = manifest.read(build)
    found = [(result.check, result.boot) for result in proven.evidence]
    wanted = [(check.check, check.boot) for check in expected(proven.planned())]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert verdict_of(proven).proven
    assert {result.outcome for result in proven.evidence} == {Outcome.PASSED}
    assert {result.image_sha256 for result in proven.evidence} == {proven.image.sha256}
    assert "proven" in (build / "report.html").read_text()
    assert [path for path in build.iterdir() if path.name.startswith(".")] == []
    assert [processes_with(place) for place in places] == [[], []]
    for place in places:  # libguestfs keeps its appliance for the next one
        assert [path.name for path in place.iterdir()] == [f".guestfs-{os.geteuid()}"]
    (build / proven.image.name).unlink()
