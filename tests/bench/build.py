"""Times a build against a plain disk-image-create of the same packages, and prints the ratio.

The plain one uses diskimage-builder's defaults: debootstrap, gzip or whatever the image has for its
initrd, one file system without partitions (which needs a loop device, but no device-mapper), and
qemu-img's own compression. It runs second and finds every package in its cache; ours finds those
that earlier builds have left.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from builder.build.apt_sources import host_mirrors
from builder.build.build import build
from builder.features.registry import installed
from builder.host.paths import cache_directory
from builder.host.process import require_tool
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.store.manifest import Manifest, read
from builder.terminal.progress import Progress

PROFILE = "pinned-scsi"
DEBOOTSTRAP_SCRIPTS = Path("/usr/share/debootstrap/scripts")


def plain(plan: Plan, packages: list[str], work: Path, cache: Path) -> float:
    """Seconds that a plain disk-image-create takes."""
    require_tool("debootstrap", "debootstrap")
    script = DEBOOTSTRAP_SCRIPTS / plan.distribution.release
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(work),
        "TMP_DIR": str(work),
        "DIB_RELEASE": plan.distribution.release,
        "DIB_IMAGE_CACHE": str(cache),
        "DIB_DISABLE_APT_CLEANUP": "1",
        # diskimage-builder takes mmdebstrap wherever it is installed, unless a script is named.
        "DIB_DEBIAN_DEBOOTSTRAP_SCRIPT": str(script),
        **host_mirrors(plan.distribution.os_distro, plan.distribution.release),
    }
    start = time.monotonic()
    with (work / "plain.log").open("wb") as log:
        subprocess.run(
            [
                *("disk-image-create", "-a", "amd64", "-n", "-o", work / "plain"),
                *("-p", ",".join(packages), plan.distribution.element),
            ],
            env=environment,
            cwd=work,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return time.monotonic() - start


def ours(plan: Plan, work: Path) -> tuple[float, Manifest]:
    """Seconds that our build takes, and its manifest."""
    start = time.monotonic()
    with Progress() as progress:
        directory = build(plan, work / "dist", progress)
    return time.monotonic() - start, read(directory)


def main() -> None:
    """Time one build of each kind; the plain one finds our packages in its cache."""
    registry = installed()
    plan = make_plan(load(PROFILE, registry), registry)
    work = Path(tempfile.mkdtemp(prefix="guest-image-bench-"))
    try:
        our_seconds, manifest = ours(plan, work)
        cache = work / "cache"
        distro = plan.distribution.os_distro
        store = f"{distro}-{plan.distribution.release}"
        shutil.copytree(cache_directory() / "packages" / store, cache / "apt" / distro)
        packages = [package.name for package in manifest.packages]
        plain_seconds = plain(plan, packages, work, cache)
        plain_size = (work / "plain.qcow2").stat().st_size
    except subprocess.CalledProcessError as error:
        log = (work / "plain.log").read_text(errors="replace").splitlines()
        sys.exit("\n".join([str(error), *log[-15:]]))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for phase, seconds in manifest.timings.items():
        sys.stdout.write(f"  {phase:<24}{seconds:7.1f} s\n")
    sys.stdout.write(
        f"guest-image build: {our_seconds:.0f} s, {manifest.image.size / 1e6:.0f} MB\n"
        f"disk-image-create: {plain_seconds:.0f} s, {plain_size / 1e6:.0f} MB\n"
        f"ratio of times: {our_seconds / plain_seconds:.2f}\n"
    )


if __name__ == "__main__":
    main()
