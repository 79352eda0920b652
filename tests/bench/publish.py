"""Times publishing against ``glance image-create``, on one file and one local Glance.

Both commands are timed as a whole, by turns; the best of each counts. What else of a client's work
has a bound is timed as well, and the memory of the largest upload is measured.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The local cloud and the proven build that it takes are those of the tests.
sys.path.insert(0, str(Path(__file__).parents[1] / "openstack"))

from cloudtemplate import CACHE, PASSWORD
from localcloud import LocalCloud
from smallbuild import small_build

MIB = 1024**2
SIZE = 512 * MIB
TURNS = 3
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Run:
    """What a command took."""

    seconds: float
    peak: int
    """Of its memory, in bytes."""


def timed(environment: Mapping[str, str], *words: str | Path) -> Run:
    """Run a command of the virtual environment to its end."""
    start, peak = time.monotonic(), 0
    with tempfile.TemporaryFile() as output:
        program = subprocess.Popen(
            [PROGRAMS / words[0], *words[1:]],
            env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        while program.poll() is None:
            peak = max(peak, peak_so_far(program.pid))
            time.sleep(0.02)
        if program.returncode:
            output.seek(0)
            sys.exit(f"{words[0]} {words[1]} failed:\n{output.read().decode(errors='replace')}")
    return Run(time.monotonic() - start, peak)


def peak_so_far(pid: int) -> int:
    """The most memory that a process has had, in bytes; what wait4 tells counts its parent's."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0  # none when it has just ended


def compare(cloud: LocalCloud, work: Path) -> None:
    """Time everything and print it."""
    clouds = {"OS_CLIENT_CONFIG_FILE": str(cloud.clouds_yaml), "XDG_STATE_HOME": str(work)}
    account = {
        "OS_AUTH_URL": f"{cloud.keystone.url}/v3",
        "OS_USERNAME": "publisher",
        "OS_PASSWORD": PASSWORD,
        "OS_PROJECT_NAME": "images",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_REGION_NAME": "One",
    }
    large = small_build(work, size=SIZE)
    image = large / "image.qcow2"
    create = ["glance", "image-create", "--name", "plain", "--file", image]
    create += ["--disk-format", "qcow2", "--container-format", "bare"]
    ours, plain = [], []
    for _ in range(TURNS):
        plain.append(timed(account, *create))
        cloud.remove_images("local")
        ours.append(timed(clouds, "guest-image", "publish", large, "--cloud", "local"))
        unchanged = timed(clouds, "guest-image", "publish", large, "--cloud", "local")
        cloud.remove_images("local")
    for build in (large, small_build(work)):
        timed(clouds, "guest-image", "publish", build, "--cloud", "local")
    audit = timed(clouds, "guest-image", "audit", "--cloud", "local", "--output", work)
    rollback = timed(clouds, "guest-image", "rollback", "pinned-scsi", "--cloud", "local")

    best, best_plain = (min(run.seconds for run in runs) for runs in (ours, plain))
    print(f"image:               {image.stat().st_size / MIB:.0f} MiB, best of {TURNS}")
    print(f"glance image-create: {best_plain:.1f} s")
    print(f"guest-image publish: {best:.1f} s, {max(run.peak for run in ours) / 1e6:.0f} MB")
    print(f"ratio of throughput: {best_plain / best:.2f}")
    print(f"publish, unchanged:  {unchanged.seconds:.1f} s")
    print(f"audit:               {audit.seconds:.1f} s")
    print(f"rollback:            {rollback.seconds:.1f} s")


def main() -> None:
    """Compare on a cloud of its own, of which nothing is left."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="cloud-") as name:
        work = Path(name)
        (work / "cloud").mkdir()
        cloud = LocalCloud(work / "cloud")
        try:
            cloud.start()
            compare(cloud, work / "dist")
        finally:
            cloud.stop()


if __name__ == "__main__":
    main()
