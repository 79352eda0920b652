"""Builds that fail, are stopped or are killed leave nothing behind. Needs root."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import MAIN, PROFILE, Copy, on_file_system, wait_until

from builder.build.requirements import BUILD_TOOLS
from builder.store.build_directory import FAILED, LATEST, LOG, PARTIAL

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

ON_DISK = (
    "from builder.build import requirements; "
    "requirements.works_in_memory = lambda: False; "
    "requirements.require_for_build = lambda *a, **k: None; " + MAIN
)
"""The program on a machine with little memory, which does not measure its disk before a build."""

EARLIER = "20200101T000000Z-000000"


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """A copy of the program with an earlier build, which ``latest`` names."""
    copy = Copy(tmp_path)
    (copy.home / EARLIER).mkdir(parents=True)
    (copy.home / LATEST).symlink_to(EARLIER)
    yield copy
    assert copy.processes() == []
    assert copy.mounts() == set()
    assert os.readlink(copy.home / LATEST) == EARLIER  # noqa: PTH115 - as it is written


def kept_log(copy: Copy) -> Path:
    """The log of the failed build, which is all that stays of it."""
    cache = [path for path in copy.remains() if path.startswith("cache")]
    assert cache == []
    (failed,) = {path.name for path in copy.home.iterdir()} - {EARLIER, LATEST}
    assert failed.endswith(FAILED)
    assert [path.name for path in (copy.home / failed).iterdir()] == [LOG]
    return copy.home / failed / LOG


def begin_bootstrap(copy: Copy) -> subprocess.Popen[str]:
    """A build that is in the midst of its bootstrap: packages are being unpacked."""
    process = copy.begin(copy.build_command())

    def unpacks() -> bool:
        return any("--unpack" in command or "dpkg-deb" in command for command in copy.processes())

    assert wait_until(lambda: unpacks() or process.poll() is not None, 60)
    assert process.poll() is None, process.communicate()
    assert copy.mounts()
    return process


def test_a_failing_hook_is_named_with_its_element_exit_code_last_lines_and_log(copy: Copy) -> None:
    copy.fail_early()
    done = copy.run(copy.build_command())
    assert done.returncode == 1
    assert (
        "The hook root.d/00-break of the element 'guest-initrd' ended with exit code 7.\n"
        "  nothing works\n"
        f"  The full log is {kept_log(copy)}.\n"
    ) in done.stderr
    assert done.stdout == ""
    assert "nothing works" in kept_log(copy).read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_build_that_is_stopped_ends_soon_and_leaves_its_log_only(
    copy: Copy, number: signal.Signals
) -> None:
    with begin_bootstrap(copy) as process:
        start = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - start < 15
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] in {"Interrupted.", "Stopped by SIGTERM."}
    assert "Running" in kept_log(copy).read_text()


def test_a_build_that_is_killed_ends_in_the_kernel_and_the_next_one_clears_up(copy: Copy) -> None:
    with begin_bootstrap(copy) as process:
        process.kill()
        process.wait(10)
        assert wait_until(lambda: not copy.processes() and not copy.mounts(), 15)
    assert any(path.endswith(PARTIAL) for path in copy.remains())
    assert any(path.startswith("cache/builds/") for path in copy.remains())
    copy.fail_early()
    assert copy.run(copy.build_command()).returncode == 1
    assert "nothing works" in kept_log(copy).read_text()


def test_a_disk_that_is_too_small_is_refused_before_anything_is_done(
    copy: Copy, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    command = copy.command("build", PROFILE, "--output", small)
    done = copy.run(on_file_system("-t tmpfs -o size=64M", small, command))
    assert done.returncode == 3
    assert done.stderr.startswith("This machine cannot build an image yet.\n")
    assert f"It lacks space: {small} has 64 MiB free, a build needs" in done.stderr
    assert "--output" in done.stderr
    assert [*small.iterdir()] == []


def test_a_disk_that_becomes_full_is_named_with_the_remedy(copy: Copy, tmp_path: Path) -> None:
    small = tmp_path / "small"
    command = copy.command("build", PROFILE, "--output", small, main=ON_DISK)
    done = copy.run(on_file_system("-t tmpfs -o size=100M", small, command))
    assert done.returncode == 3, done.stderr
    assert re.search(rf"{re.escape(str(small))} has \d+ MiB free, a build needs 6 GiB", done.stderr)
    assert "or choose another directory with --output" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_package_cache_that_becomes_full_is_named_and_keeps_only_what_is_whole(
    copy: Copy,
) -> None:
    script = f"""
        "$@"; status=$?
        find {copy.cache}/packages -type f | while read -r package; do
            dpkg-deb --contents "$package" > /dev/null 2>&1 || echo "half: $package"
        done
        exit $status
    """
    command = ["sh", "-c", script, "sh", *copy.build_command(main=ON_DISK)]
    done = copy.run(on_file_system("-t tmpfs -o size=30M", copy.cache, command))
    assert done.returncode == 3, done.stderr
    assert "You don't have enough free space in" in done.stderr
    assert f"{copy.cache} has " in done.stderr
    assert "or choose another directory with GUEST_IMAGE_CACHE" in done.stderr
    assert done.stdout == ""
    kept_log(copy)


def test_a_mirror_that_cannot_be_reached_is_named_with_the_remedy(copy: Copy) -> None:
    mirror = "http://127.0.0.1:9/debian"
    profile = copy.root / f"{PROFILE}.yaml"
    profile.write_text(
        "extends: base\nmirrors: {in_image: {archive: 'https://mirror.example/debian'}}"
    )
    done = copy.run(copy.build_command(profile), DIB_DISTRIBUTION_MIRROR=mirror)
    assert done.returncode == 3, done.stderr
    assert mirror in done.stderr
    assert "The package mirror cannot be reached" in done.stderr
    assert "'mirrors'" in done.stderr
    kept_log(copy)


def test_a_package_that_does_not_exist_is_named_and_cached_ones_are_found(copy: Copy) -> None:
    copy.hollow()
    # Besides, what is in the cache is before apt when it installs packages, as far as it is known.
    for store in (copy.cache / "packages").glob("debian-bookworm-*"):
        (store / "planted_1_all.deb").touch()
    copy.hook("guest-initrd", "install.d/00-look", "ls /var/cache/apt/archives")
    profile = copy.root / f"{PROFILE}.yaml"
    profile.write_text("extends: base\ndescription: test\npackages: [no-such-package]\n")
    done = copy.run(copy.build_command(profile))
    assert done.returncode == 1, done.stderr
    assert "diskimage-builder ended with exit code 100.\n" in done.stderr
    assert "  E: Unable to locate package no-such-package\n" in done.stderr
    assert "correct 'packages'" in done.stderr
    log = kept_log(copy).read_text()
    assert re.search(r" systemd_\S+_amd64\.deb\n", log)
    assert "planted_1_all.deb" not in log


def test_all_programs_that_are_missing_are_named_at_once(copy: Copy, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    missing = {"mmdebstrap", "qemu-img"}
    for name in BUILD_TOOLS.keys() - missing:
        (programs / name).symlink_to("/bin/true")
    done = copy.run(copy.build_command(), PATH=str(programs))
    assert done.returncode == 3
    assert "It lacks programs of the packages mmdebstrap qemu-utils.\n" in done.stderr
    assert "apt-get install mmdebstrap qemu-utils" in done.stderr
    assert {*copy.home.iterdir()} == {copy.home / EARLIER, copy.home / LATEST}


def as_nobody(command: list[str | Path]) -> list[str | Path]:
    """Without any right but to read where the checkout lies, which may be in root's home."""
    reading = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search"]
    user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return ["setpriv", *user, *reading, "--", *command]


def test_without_root_and_without_subordinate_ids_a_build_is_refused_and_a_plan_is_not(
    copy: Copy,
) -> None:
    for directory in (copy.root, *copy.root.parents):
        if not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o011)
    refused = copy.run(as_nobody(copy.build_command()))
    assert refused.returncode == 3, refused.stderr
    assert "/etc/subuid has no 65536 ids for nobody." in refused.stderr
    assert "Root can build in any case: sudo, or a root shell." in refused.stderr
    planned = copy.run(as_nobody(copy.command("plan", PROFILE)))
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout


@pytest.mark.parametrize("name", ["two words", "$HOME", "a'b"])
def test_a_path_that_diskimage_builder_cannot_take_is_refused(copy: Copy, name: str) -> None:
    done = copy.run(copy.command("build", PROFILE, "--output", copy.root / name))
    assert done.returncode == 2
    assert f"No build can work in {copy.root / name}." in done.stderr
    assert not (copy.root / name).exists()
