"""Two builds of one profile at once, each from scratch. Needs root."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from copies import LIMIT, PROFILE, Copy

from builder.features.registry import installed
from builder.host.files import digests
from builder.plan.merge import make_plan
from builder.plan.model import to_json
from builder.profile.load import load
from builder.store import manifest
from builder.store.build_directory import LATEST, LOG

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("builds"))


@pytest.fixture(scope="module")
def two_builds(copy: Copy) -> list[Path]:
    """The directories that two builds have printed, which began at the same moment."""
    running = [copy.begin(copy.build_command()) for _ in range(2)]
    try:
        outputs = [process.communicate(timeout=LIMIT) for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0], outputs
    return [Path(printed.removesuffix("\n")) for printed, _ in outputs]


@pytest.fixture(params=[0, 1], ids=["one", "other"])
def build(two_builds: list[Path], request: pytest.FixtureRequest) -> Path:
    return two_builds[request.param]


def test_two_builds_at_once_become_two_directories_and_nothing_else(
    copy: Copy, two_builds: list[Path]
) -> None:
    assert two_builds[0] != two_builds[1]
    assert {*copy.home.iterdir()} == {*two_builds, copy.home / LATEST}
    assert not [path for path in copy.remains() if path.startswith("cache")]
    assert copy.processes() == []
    assert copy.mounts() == set()


def test_latest_names_one_of_the_builds(copy: Copy, two_builds: list[Path]) -> None:
    assert (copy.home / LATEST).resolve() in two_builds


def test_a_build_directory_is_complete(build: Path) -> None:
    assert {path.name for path in build.iterdir()} == {
        "image.qcow2", manifest.FILE_NAME, "SHA256SUMS", LOG,
    }  # fmt: skip
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}(-2)?", build.name)


def test_the_checksums_verify(build: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"],
        cwd=build,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "image.qcow2: OK\n"


def test_the_manifest_describes_the_image_and_how_it_was_made(build: Path) -> None:
    known = manifest.read(build)
    image = build / known.image.name
    assert known.build == build.name
    assert known.image.size == image.stat().st_size
    assert (known.image.sha256, known.image.sha512) == digests(image)
    registry = installed()
    assert known.plan == to_json(make_plan(load(PROFILE, registry), registry))
    assert {"linux-image-amd64", "openssh-server", "cloud-init"} <= {
        package.name for package in known.packages
    }
    assert {"bootstrap", "disk", "convert", "checksums"} <= known.timings.keys()
    assert known.hooks["root.d/08-debootstrap"] > 0
    assert not known.evidence


def test_the_image_is_a_sound_qcow2_compressed_with_zstd(build: Path) -> None:
    image = build / "image.qcow2"
    told = subprocess.run(
        ["qemu-img", "info", "--output=json", image], capture_output=True, check=True
    )
    info = json.loads(told.stdout)
    assert info["format"] == "qcow2"
    assert info["format-specific"]["data"]["compression-type"] == "zstd"
    assert info["virtual-size"] == manifest.read(build).image.virtual_size
    assert info["virtual-size"] % 1024**3 == 0
    assert "backing-filename" not in info
    subprocess.run(["qemu-img", "check", image], capture_output=True, check=True)


def test_the_log_has_the_builds_own_steps_and_their_programs_words(build: Path) -> None:
    log = (build / LOG).read_text()
    assert "Running hooks from" in log
    assert "write the root file system: mke2fs" in log


def test_downloaded_packages_are_kept_whole(copy: Copy, two_builds: list[Path]) -> None:
    assert two_builds
    kept = {path.name.split("_")[0]: path for path in (copy.cache / "packages").glob("*/*.deb")}
    # One of the bootstrap, and one of diskimage-builder's own installation.
    for name in ("mawk", "linux-image-amd64"):
        subprocess.run(["dpkg-deb", "--info", kept[name]], capture_output=True, check=True)
