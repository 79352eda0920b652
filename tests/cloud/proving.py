"""What the tests of proofs on a real Nova share: the command, a published build, and a look."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import LIMIT
from smallbuild import small_build

from builder.feature import Grade
from builder.store import manifest
from builder.store.verdict import verdict_of

if TYPE_CHECKING:
    from openstack.connection import Connection

PINNED = "pinned-1"
HUGE = "huge"


def run(*words: str | Path, timeout: float = 300) -> "subprocess.CompletedProcess[str]":
    """Run the command; what it said is shown where the test fails."""
    argv = ["guest-image", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
    print(done.stdout, done.stderr)
    return done


def published(
    tmp_path: Path, image: Path | None = None, features: Mapping[str, Any] | None = None
) -> Path:
    """A build with complete evidence that is published; without an image of noise.

    Its features may have other parameters than the profile gives them.
    """
    if image is not None:
        image = Path(shutil.copy(image, tmp_path / "image.qcow2"))
    build = small_build(tmp_path / "dist", image=image, features=features)
    assert run("publish", build, "--cloud", "local").returncode == 0
    return build


def outcomes(directory: Path) -> dict[str, str]:
    """What a build's observations came to, by their names."""
    return {result.check: result.outcome for result in manifest.read(directory).observations}


def grades(directory: Path) -> dict[str, Grade]:
    """How well each property of a build is proven."""
    claims = verdict_of(manifest.read(directory)).claims
    return {verdict.claim.property: verdict.grade for verdict in claims}


def servers(cloud: "Connection") -> list[Any]:
    """Every server, also those that are deleted and not gone."""
    return [
        *cloud.compute.servers(all_projects=True),
        *cloud.compute.servers(all_projects=True, deleted_only=True, status="SOFT_DELETED"),
    ]


def begun(
    cloud: "Connection", build: Path, log: Path, name: str = "local"
) -> "subprocess.Popen[str]":
    """A proof that is at work: its server is active, and there is no other one."""
    words = ["guest-image", "cloud", "prove", build, "--cloud", name, "--flavor", "guest-1"]
    with log.open("w") as output:
        proof = subprocess.Popen(words, stdout=output, stderr=output, text=True)
    deadline = time.monotonic() + LIMIT
    while [server.status for server in servers(cloud)] != ["ACTIVE"]:
        assert proof.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return proof
