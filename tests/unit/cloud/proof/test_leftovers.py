import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.cloud.api.model import Server
from builder.cloud.proof.leftovers import ELSEWHERE_LIMIT, at_work, is_left
from builder.cloud.server.servers import PROOF

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def server(proof: str, age: timedelta = timedelta(0)) -> Server:
    return Server(
        id="id",
        name="guest-image-prove-x",
        status="ACTIVE",
        created=NOW - age,
        metadata={PROOF: proof},
    )


def test_a_server_of_a_proof_at_work_is_left_alone_however_old(tmp_path: Path) -> None:
    with at_work(tmp_path, "http://cloud") as proof:
        proof.note(server="id")
        assert not is_left(server(proof.id, 2 * ELSEWHERE_LIMIT), tmp_path, now=NOW)
    assert is_left(server(proof.id), tmp_path, now=NOW)


def test_a_server_of_a_killed_proof_is_a_leftover_at_once(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, signal
from builder.cloud.api.model import Server
from builder.cloud.proof.leftovers import at_work
with at_work(pathlib.Path({str(tmp_path)!r}), "http://cloud") as proof:
    proof.note(server="id")
    print(proof.id, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    proof = done.stdout.strip()
    assert done.returncode < 0
    assert (tmp_path / proof / "left.json").exists()
    assert is_left(server(proof), tmp_path, now=NOW)


def test_of_another_machines_proof_only_the_age_tells(tmp_path: Path) -> None:
    assert not is_left(server("elsewhere", ELSEWHERE_LIMIT), tmp_path, now=NOW)
    assert is_left(server("elsewhere", ELSEWHERE_LIMIT * 1.1), tmp_path, now=NOW)


def test_no_metadata_leads_out_of_the_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert not is_left(server("../"), home, now=NOW)


def test_a_proof_that_has_left_nothing_leaves_no_directory(tmp_path: Path) -> None:
    with at_work(tmp_path, "http://cloud") as proof:
        proof.note(server="id")
        proof.forget(server="id")
    assert [*tmp_path.iterdir()] == []
