"""What a bootstrap has made is unpacked again, where it would make the same."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.build.layer import INDEX, KEPT, TREE, is_own, key_of, main
from builder.build.verified_packages import (
    archive_name,
    digests,
    read_index,
    told_releases,
    write_index,
)

RELEASES = told_releases([b"a signed release"])
PACKAGE = archive_name("zstd", "1", "amd64")
INSTALLED = archive_name("base", "1", "all")

# Stands for mmdebstrap: it makes a system, notes that it ran, and asks the archive.
BOOTSTRAP = """#!/bin/sh
set -eu
test "$1" != --version || { echo mmdebstrap 1.3.5; exit 0; }
echo "$*" >> "{ran}"
cd "$TARGET_ROOT"
mkdir -p etc dev var/cache/apt/archives
mkdir -p var/lib/dpkg
printf 'Package: base\\nVersion: 1\\nArchitecture: all\\n' > var/lib/dpkg/status
echo guest > etc/hostname
chmod 640 etc/hostname
ln etc/hostname etc/other-name
ln -s hostname etc/link
touch dev/null var/cache/apt/archives/zstd_1_amd64.deb
touch -d @1700000000 etc/hostname
set -- $DIB_GUEST_PACKAGES
printf '%s\\n' "{releases}" "{package} 9 {digest}" "{installed} 9 {digest}" > "$4"
exit {status}
"""


@dataclass
class Machine:
    """A cache, and builds that use it one after another."""

    home: Path
    builds: int = 0
    status: int = 0
    seen: str = RELEASES
    options: list[str] = field(default_factory=lambda: ["--include=zstd"])

    @property
    def layers(self) -> list[Path]:
        return sorted((self.home / "layers").glob("*"))

    @property
    def ran(self) -> int:
        """How often mmdebstrap has run."""
        told = self.home / "ran"
        return len(told.read_text().splitlines()) if told.exists() else 0

    def build(self, indexes: str = RELEASES) -> tuple[int, Path, Path]:
        """One bootstrap: its exit code, the system, and the packages for what comes next."""
        self.builds += 1
        place = self.home / f"build-{self.builds}"
        target, cache, store = place / "built", place / "cache", self.home / "store"
        for directory in (target, cache / "settings", cache / "archives", store):
            directory.mkdir(parents=True, exist_ok=True)
        for name in (PACKAGE, INSTALLED):
            (store / name).write_text("a package")
        program = self.home / "mmdebstrap"
        program.write_text(
            BOOTSTRAP.replace("{ran}", str(self.home / "ran"))
            .replace("{releases}", self.seen).replace("{package}", PACKAGE)
            .replace("{installed}", INSTALLED)
            .replace("{digest}", hashlib.sha256(b"a package").hexdigest())
            .replace("{status}", str(self.status))
        )  # fmt: skip
        program.chmod(0o755)
        places = (store, cache / "archives", cache / "taken", cache / "index", place / "pool")
        variables = {
            "TARGET_ROOT": str(target), "DIB_IMAGE_CACHE": str(cache),
            "DIB_GUEST_APT": str(cache / "settings"), "DIB_GUEST_INDEXES": indexes,
            "DIB_GUEST_LAYERS": str(self.home / "layers"),
            "DIB_GUEST_PACKAGES": " ".join(map(str, places)),
        }  # fmt: skip
        os.environ.update(variables)
        words = [*self.options, f"--hook=cp {cache}/settings", "bookworm", str(target)]
        return main(str(program), words, os.environ), target, cache


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    for name in (
        "TARGET_ROOT", "DIB_IMAGE_CACHE", "DIB_GUEST_APT", "DIB_GUEST_INDEXES", "DIB_GUEST_LAYERS",
        "DIB_GUEST_PACKAGES",
    ):  # fmt: skip
        monkeypatch.setenv(name, "")
    return Machine(tmp_path)


def test_the_second_build_finds_the_system_of_the_first(machine: Machine) -> None:
    assert machine.build()[0] == 0
    status, target, cache = machine.build()
    assert (status, machine.ran) == (0, 1)
    hostname = target / "etc/hostname"
    assert hostname.read_text() == "guest\n"
    assert (hostname.stat().st_mode & 0o777, hostname.stat().st_mtime) == (0o640, 1_700_000_000)
    assert hostname.samefile(target / "etc/other-name")
    assert (target / "etc/link").readlink() == Path("hostname")
    # What is the machine's, and what every build has of its own.
    assert [*(target / "dev").iterdir()] == []
    assert [*(target / "var/cache/apt/archives").iterdir()] == []
    assert (cache / "archives" / PACKAGE).read_text() == "a package"
    assert (cache / "taken").read_text().split() == [PACKAGE]


@pytest.mark.parametrize(
    "change",
    [
        lambda machine: machine.options.append("--include=more"),
        lambda machine: setattr(machine, "seen", told_releases([b"the next"])),
    ],
    ids=["another option", "another index"],
)
def test_a_change_bootstraps_anew(machine: Machine, change: Callable[[Machine], None]) -> None:
    machine.build()
    change(machine)
    machine.build(machine.seen)
    assert (machine.ran, len(machine.layers)) == (2, 2)


def test_an_index_that_changes_meanwhile_keeps_nothing(machine: Machine) -> None:
    machine.seen = told_releases([b"newer than what was asked"])
    assert machine.build()[0] == 0
    assert machine.layers == []


def test_where_the_archive_was_not_asked_nothing_is_kept(machine: Machine) -> None:
    machine.build(indexes="")
    machine.build(indexes="")
    assert (machine.ran, machine.layers) == (2, [])


def test_a_bootstrap_that_fails_is_not_kept(machine: Machine) -> None:
    machine.status = 7
    assert machine.build()[0] == 7
    assert machine.layers == []


def truncate(found: Path) -> None:
    os.truncate(found / TREE, 100)


def garble(found: Path) -> None:
    (found / INDEX).write_text("no index\nat all\n")


@pytest.mark.parametrize("damage", [truncate, garble])
def test_a_damaged_one_is_made_anew(machine: Machine, damage: Callable[[Path], None]) -> None:
    machine.build()
    damage(machine.layers[0])
    status, target, _ = machine.build()
    assert (status, machine.ran) == (0, 2)
    assert (target / "etc/hostname").read_text() == "guest\n"
    assert machine.build()[0] == 0
    assert machine.ran == 2


@pytest.mark.parametrize(
    "open_up",
    [
        lambda found: found.chmod(0o777),
        lambda found: found.parent.chmod(0o775),
        lambda found: found.parents[1].chmod(0o777),
        lambda found: (found / TREE).chmod(0o666),
        lambda found: (found / INDEX).rename(found / "elsewhere"),
    ],
    ids=["the layer", "its directory", "the cache", "the tree", "no index"],
)
def test_what_others_could_have_written_is_not_used(
    machine: Machine, open_up: Callable[[Path], object]
) -> None:
    machine.build()
    assert is_own(machine.layers[0])
    open_up(machine.layers[0])
    assert not is_own(machine.layers[0])


def test_nor_what_belongs_to_somebody_else_nor_a_link(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.build()
    (found,) = machine.layers
    link = found.with_name("link")
    link.symlink_to(found.name)
    assert not is_own(link)
    monkeypatch.setattr(os, "geteuid", lambda: found.stat().st_uid + 1)
    assert not is_own(found)


def test_a_place_that_cannot_be_written_costs_nothing_but_time(machine: Machine) -> None:
    (machine.home / "layers").write_text("no directory")
    assert machine.build()[0] == 0
    assert machine.ran == 1


def test_few_are_kept_and_those_that_were_used_last(machine: Machine) -> None:
    for number in range(KEPT + 2):
        machine.options = [f"--include=package{number}"]
        machine.build()
        for found in machine.layers:  # what was there grows older
            os.utime(found, (found.stat().st_mtime - 60, found.stat().st_mtime - 60))
    assert len(machine.layers) == KEPT
    os.utime(machine.layers[0], (0, 0))
    machine.options = ["--include=last"]
    oldest = machine.layers[0]
    machine.build()
    assert oldest not in machine.layers


def test_paths_of_one_build_do_not_count_and_all_else_does(tmp_path: Path) -> None:
    def key(place: str, *, option: str = "-v", setting: str = "", initrd: str = "No") -> str:
        cache = tmp_path / place / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        (cache / "settings").mkdir(parents=True)
        if setting:
            (cache / "settings/preferences").write_text(setting)
        environment = {
            "TARGET_ROOT": f"{tmp_path}/{place}", "DIB_IMAGE_CACHE": str(cache),
            "DIB_GUEST_APT": str(cache / "settings"), "DIB_GUEST_INDEXES": RELEASES,
            "INITRD": initrd,
        }  # fmt: skip
        return key_of([option, f"{cache}/x", f"{tmp_path}/{place}"], environment, "1")

    assert key("one") == key("two")
    others = [key("one", option="-q"), key("one", setting="Pin"), key("one", initrd="Yes")]
    assert len({key("one"), *others}) == 4


ENTRY = ["Package: zstd", "Version: 1:1", "Architecture: amd64", "Size: 9", "SHA256: ab"]


@given(st.text(alphabet=st.sampled_from("PackageVrsionSHA256Arct: \n\t_%x1"), max_size=400))
def test_what_an_index_says_is_what_is_read_again(text: str) -> None:
    vouched = digests([*text.splitlines(), "", *ENTRY])
    with tempfile.NamedTemporaryFile() as file:
        write_index(Path(file.name), RELEASES, vouched)
        assert read_index(Path(file.name)) == (RELEASES, vouched)
