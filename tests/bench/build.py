"""Times builds against a plain disk-image-create and against each other, and prints the ratios.

Wall clock and CPU seconds of all processes, one after another on one machine; packages come from
the cache in every case. The plain build uses diskimage-builder's defaults: debootstrap, gzip or
whatever the image has for its initrd, one file system without partitions (which needs a loop
device, but no device-mapper), and qemu-img's own compression.
"""

import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from builder.archive.releases import releases_now
from builder.build.apt_sources import host_mirrors
from builder.build.build import build
from builder.build.requirements import available_memory
from builder.build.reuse import of_same_content, reusable
from builder.build.take_over import take_over
from builder.features.registry import installed
from builder.host.paths import cache_directory
from builder.host.process import require_tool
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of
from builder.profile.load import load, shipped_profiles
from builder.store.manifest import read
from builder.terminal.progress import Progress

PROFILE = "pinned-scsi"
PACKAGE = "tcpdump"
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")
MIB = 1 << 20
GENERICCLOUD = 334 * MIB
"""Debian 12's own image of 2026-06-01, as docs/distributions.md has it."""


@dataclass
class Cost:
    """What something has taken."""

    wall: float = 0.0
    """Seconds."""
    cpu: float = 0.0
    """Seconds of all processes that have ended."""
    memory: int = 0
    """Bytes of the machine's memory at the most, beyond what was taken before."""


@contextmanager
def measured() -> Iterator[Cost]:
    """The cost of a block, known at its end."""
    cost, before, done = Cost(), available_memory(), threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            cost.memory = max(cost.memory, before - available_memory())

    watcher = threading.Thread(target=watch, daemon=True)
    start, used = time.monotonic(), _cpu()
    watcher.start()
    yield cost
    done.set()
    cost.wall, cost.cpu = time.monotonic() - start, _cpu() - used


def _cpu() -> float:
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in each)


def plain(plan: Plan, packages: list[str], work: Path) -> Cost:
    """What a plain disk-image-create takes that has all packages."""
    require_tool("debootstrap", "debootstrap")
    distro, release = plan.distribution.os_distro, plan.distribution.release
    archives = work / "cache/apt" / distro
    archives.mkdir(parents=True)
    for kept in (cache_directory() / "packages").glob(f"{distro}-{release}-*/*.deb"):
        shutil.copy2(kept, archives)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(work),
        "TMP_DIR": str(work),
        "DIB_RELEASE": release,
        "DIB_IMAGE_CACHE": str(work / "cache"),
        "DIB_DISABLE_APT_CLEANUP": "1",
        # diskimage-builder takes mmdebstrap wherever it is installed, unless a script is named.
        "DIB_DEBIAN_DEBOOTSTRAP_SCRIPT": str(DEBOOTSTRAP_SCRIPTS / release),
        **host_mirrors(distro, release),
    }
    with measured() as cost, (work / "plain.log").open("wb") as log:
        subprocess.run(
            [
                *("disk-image-create", "-a", "amd64", "-n", "-o", work / "plain"),
                *("-p", ",".join(packages), plan.distribution.element),
            ],
            env=environment, cwd=work, stdout=log, stderr=subprocess.STDOUT, check=True,
        )  # fmt: skip
    return cost


def ours(plan: Plan, dist: Path) -> tuple[Cost, Path]:
    """What our build takes, and its directory."""
    with Progress() as progress, measured() as cost:
        indexes = releases_now(plan, os.environ)
        directory = build(plan, dist, progress, indexes=indexes)
    return cost, directory


def cold(plan: Plan, dist: Path) -> tuple[Cost, Path]:
    """The same where no bootstrapped system is kept."""
    shutil.rmtree(cache_directory() / "layers", ignore_errors=True)
    return ours(plan, dist)


def timed(work: Callable[[], object]) -> Cost:
    """What a call takes that must succeed."""
    with measured() as cost:
        assert work(), "it has not done what is timed here"
    return cost


def another_claim(plan: Plan, dist: Path) -> Cost:
    """What a change takes that is none of the image."""
    other = replace(plan, profile="bench", claims=plan.claims[:-1])

    def make() -> Path:
        origin = of_same_content(other, dist)
        assert origin is not None
        with Progress() as progress:
            return take_over(other, origin, dist, progress)

    return timed(make)


def debian_profiles() -> list[Plan]:
    """Those of the shipped profiles that are Debian's, for this machine, and proven here."""
    plans = [plan_of(name) for name in shipped_profiles()]
    return [
        plan
        for plan in plans
        if plan.distribution.os_distro == "debian"
        and plan.distribution.architecture == platform.machine()
        and not plan.distribution.untested_reason
    ]


def in_a_row(plans: list[Plan], dist: Path) -> Cost:
    """What all of them take, the first of them without a bootstrapped system."""
    shutil.rmtree(cache_directory() / "layers", ignore_errors=True)
    costs = [ours(plan, dist)[0] for plan in plans]
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs))


def tell(case: str, cost: Cost, against: Cost | None = None) -> None:
    """A line of the table."""
    ratio = f"{cost.wall / against.wall:8.2f}{cost.cpu / against.cpu:8.2f}" if against else ""
    sys.stdout.write(f"{case:<44}{cost.wall:8.1f} s{cost.cpu:8.1f} s{ratio}\n")


def tell_sizes(plans: list[Plan], dist: Path) -> None:
    """A line of another table for each profile: its file, and what is in it."""
    sys.stdout.write(f"\n{'image':<44}{'file':>14}{'tree':>14}\n")
    for plan in plans:
        manifest = read(dist / plan.profile / "latest")
        tree = sum(manifest.directories.values())
        sys.stdout.write(
            f"{plan.profile:<44}{manifest.image.size / MIB:>10.0f} MiB{tree / MIB:>10.0f} MiB\n"
        )
    sys.stdout.write(f"{'Debian 12 genericcloud':<44}{GENERICCLOUD / MIB:>10.0f} MiB\n")


def run(work: Path) -> None:
    """Every case, one after another."""
    registry = installed()
    plan = make_plan(load(PROFILE, registry), registry)
    dist = work / "dist"
    cost, directory = cold(plan, dist)
    manifest = read(directory)
    sys.stdout.write("phases of a cold build\n")
    for phase, seconds in manifest.timings.items():
        sys.stdout.write(f"  {phase:<42}{seconds:8.1f} s\n")
    tree = sum(manifest.directories.values())
    sys.stdout.write(
        f"memory: {cost.memory // MIB} MiB at the most, {cost.memory / tree:.2f} of the tree's\n\n"
        f"{'case':<44}{'wall':>10}{'CPU':>10}{'wall':>8}{'CPU':>8}\n"
    )
    reference = plain(plan, [package.name for package in manifest.packages], work)
    tell("plain disk-image-create", reference)
    tell("cold, against the plain one", cost, reference)
    tell("nothing changed, against cold", timed(lambda: reusable(plan, dist)), cost)
    tell("another claim, against cold", another_claim(plan, dist), cost)
    again, _ = ours(plan, dist)
    tell("the same, built again, against cold", again, cost)
    larger = make_plan(replace(load(PROFILE, registry), packages=(PACKAGE,)), registry)
    more, _ = ours(larger, dist)
    tell("one package more, against cold", more, cost)
    plans = debian_profiles()
    tell(f"{len(plans)} Debian profiles in a row, against one", in_a_row(plans, dist), cost)
    tell_sizes(plans, dist)


def main() -> None:
    """Run the cases in a directory that is removed."""
    work = Path(tempfile.mkdtemp(prefix="bench-of-builds-"))
    try:
        run(work)
    except subprocess.CalledProcessError as error:
        log = (work / "plain.log").read_text(errors="replace").splitlines()
        sys.exit("\n".join([str(error), *log[-15:]]))
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
