import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from uefi_files import write_uefi_files

from builder.build import requirements
from builder.build.record import _VERSION_COMMANDS
from builder.build.requirements import (
    BUILD_TOOLS,
    MEMORY,
    available_memory,
    require_for_build,
    require_plain,
)
from builder.distribution import DISTRIBUTIONS
from builder.errors import HostError, InputError
from builder.feature import Machine
from builder.host import system_modules
from builder.host.room import GIB
from builder.image import binding
from builder.plan.boots import Boot
from builder.proof import requirements as proof_requirements
from builder.proof.requirements import require_for_proof
from builder.vm import firmware

DISTRIBUTION = replace(
    DISTRIBUTIONS["debian-12"], tools={"mmdebstrap": "mmdebstrap"}, keyring=__file__
)


CACHE = Path("/var/none-of-images")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@contextmanager
def machine(
    *, root: bool = True, lacks: tuple[str, ...] = (), free: float = 100
) -> Iterator[list[Path]]:
    """A machine with root's rights or without, programs that it lacks, and free space in GiB."""
    asked: list[Path] = []

    def disk_usage(path: Path) -> Usage:
        asked.append(path)
        return Usage(200 * GIB, 0, int(free * GIB))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 0 if root else 1000)
        patch.setattr(shutil, "which", lambda name: None if name in lacks else f"/usr/bin/{name}")
        patch.setattr(shutil, "disk_usage", disk_usage)
        yield asked


def refusal(directory: Path, *, in_memory: bool = True) -> HostError:
    with pytest.raises(HostError) as caught:
        require_for_build(directory, CACHE, DISTRIBUTION, in_memory=in_memory)
    return caught.value


def test_a_machine_that_has_everything_is_accepted(tmp_path: Path) -> None:
    with machine():
        require_for_build(tmp_path, CACHE, DISTRIBUTION, in_memory=True)


def test_an_image_for_another_architecture_needs_what_runs_its_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = replace(DISTRIBUTION, architecture="aarch64")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    reason = ("programs of aarch64 do not run here", "register it")
    monkeypatch.setattr(requirements, "obstacle", lambda _: reason)
    with machine(lacks=("arch-test", "qemu-aarch64-static")), pytest.raises(HostError) as caught:
        require_for_build(tmp_path, CACHE, foreign, in_memory=True)
    assert caught.value.details == (
        "It lacks programs of the packages arch-test qemu-user-static.",
        "It lacks an emulator: programs of aarch64 do not run here.",
    )
    assert "'make host-aarch64'); register it." in caught.value.hint
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(requirements, "obstacle", lambda _: None)
    with machine(lacks=("arch-test", "qemu-aarch64-static")):
        require_for_build(tmp_path, CACHE, foreign, in_memory=True)


def test_a_build_without_root_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with machine(root=False):
        error = refusal(tmp_path)
    assert error.details == ("It lacks root's rights: a build makes files that belong to root.",)
    assert error.hint == "Remedy: run it as root (sudo)."


def test_missing_programs_are_named_by_the_packages_to_install(tmp_path: Path) -> None:
    with machine(lacks=("mcopy", "unshare", "nsenter")):
        error = refusal(tmp_path)
    assert error.details == ("It lacks programs of the packages mtools util-linux.",)
    assert "apt-get install mtools util-linux" in error.hint


@pytest.mark.parametrize(
    ("free", "in_memory", "accepted"),
    [(2, True, True), (1.9, True, False), (6, False, True), (5.9, False, False)],
)
def test_a_build_in_memory_needs_less_space_on_disk(
    tmp_path: Path, free: float, *, in_memory: bool, accepted: bool
) -> None:
    with machine(free=free):
        if accepted:
            require_for_build(tmp_path, CACHE, DISTRIBUTION, in_memory=in_memory)
        else:
            error = refusal(tmp_path, in_memory=in_memory)
            assert f"has {free:.1f} GiB free" in error.details[0]
            assert "--output" in error.hint


def test_everything_that_is_lacking_is_said_at_once(tmp_path: Path) -> None:
    with machine(root=False, lacks=("zstd",), free=0):
        error = refusal(tmp_path)
    assert len(error.details) == 4
    words = ("sudo", "zstd", "--output", "GUEST_IMAGE_CACHE")
    assert all(word in error.hint for word in words)


def test_the_programs_of_the_distribution_are_needed_too(tmp_path: Path) -> None:
    with machine(lacks=("mmdebstrap",)):
        error = refusal(tmp_path)
    assert error.details == ("It lacks programs of the packages mmdebstrap.",)


def test_a_keyring_that_is_missing_is_named_with_its_package(tmp_path: Path) -> None:
    without = replace(DISTRIBUTION, keyring=str(tmp_path / "keys.gpg"))
    with machine(), pytest.raises(HostError) as caught:
        require_for_build(tmp_path, CACHE, without, in_memory=True)
    assert str(tmp_path / "keys.gpg") in caught.value.details[0]
    assert "apt-get install debian-archive-keyring" in caught.value.hint


def test_the_space_is_that_of_the_nearest_directory_that_exists(tmp_path: Path) -> None:
    with machine() as asked:
        require_for_build(tmp_path / "not/yet/there", CACHE, DISTRIBUTION, in_memory=True)
    assert asked == [tmp_path, CACHE.parent]


@pytest.mark.parametrize(
    "name", ["two words", "a\tb", "$HOME", "a'b", 'a"b', "a;b", "a*", "(a)", "a@@1M"]
)
def test_a_path_that_shell_scripts_would_take_apart_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="No build can work") as caught:
        require_plain(Path("/srv") / name, "--output")
    assert "--output" in caught.value.hint


@pytest.mark.parametrize("name", ["dist", "user@example.org/a-b_c.d+e", "Gäste", "~x,y:z=1"])
def test_any_other_path_is_taken(name: str) -> None:
    require_plain(Path("/srv") / name, "--output")


@pytest.mark.parametrize(("available", "fits"), [(MEMORY, True), (MEMORY - 1024, False)])
def test_a_build_is_kept_in_memory_only_where_it_fits(
    monkeypatch: pytest.MonkeyPatch, available: int, *, fits: bool
) -> None:
    monkeypatch.setattr(requirements, "available_memory", lambda: available)
    assert requirements.works_in_memory() is fits


def test_available_memory_is_what_the_kernel_says(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 6000000 kB\n")
    assert available_memory(meminfo) == 6_000_000 * 1024


def test_a_kernel_that_does_not_say_has_no_memory_to_build_in(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 8000000 kB\n")
    assert available_memory(tmp_path / "meminfo") == 0


def test_this_kernel_says_how_much_memory_is_available() -> None:
    assert available_memory() > 0


def test_a_program_that_is_asked_for_its_version_is_asked_for_before_a_build() -> None:
    programs = {
        re.split(r"\s", argv[2])[0] if argv[0] == "sh" else argv[0]
        for argv in _VERSION_COMMANDS.values()
    }
    of_packages = {*BUILD_TOOLS, *BUILD_TOOLS.values()}
    assert programs <= of_packages


# ---- a proof


UEFI, QUEUES = Boot("uefi", Machine(firmware="uefi"), ()), Boot("q", Machine(multiqueue=True), ())
TPM = Boot("tpm", Machine(tpm="tpm-crb"), ())


@pytest.fixture
def prover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that can prove an image; its directories."""
    monkeypatch.setattr(binding, "missing_requirements", lambda: iter(()))
    monkeypatch.setattr(proof_requirements, "TUN", tmp_path / "tun")
    monkeypatch.setattr(firmware, "FIRMWARE_DESCRIPTORS", tmp_path)
    (tmp_path / "tun").touch()
    write_uefi_files(tmp_path, tmp_path)
    return tmp_path


def test_a_machine_that_has_everything_may_prove(prover: Path) -> None:
    with machine():
        require_for_proof([UEFI, QUEUES, TPM])
    with machine(lacks=("swtpm",)):
        require_for_proof([UEFI, QUEUES])


def test_everything_that_a_proof_lacks_is_said_at_once(
    prover: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in prover.iterdir():
        path.unlink()
    unreadable = HostError("libguestfs needs a kernel that it can read.", hint="chmod it.")
    monkeypatch.setattr(binding, "missing_requirements", lambda: iter([unreadable]))
    lacks = ("genisoimage", "swtpm")
    with machine(lacks=lacks, free=1), pytest.raises(HostError) as caught:
        require_for_proof([UEFI, QUEUES, TPM])
    said = str(caught.value)
    for part in (
        "packages genisoimage swtpm",
        "no UEFI firmware for QEMU",
        "apt-get install ovmf",
        "a kernel that it can read",
        "chmod it.",
        "modprobe tun",
        "1 GiB free, a proof needs 2 GiB",
        "TMPDIR",
    ):
        assert part in said


def test_a_proof_of_another_architecture_needs_its_machine_and_its_firmware(prover: Path) -> None:
    virt = Machine(architecture="aarch64", firmware="uefi", machine_type="virt")
    with machine(lacks=("qemu-system-aarch64",)), pytest.raises(HostError) as caught:
        require_for_proof([Boot("uefi", virt, ())])
    said = str(caught.value)
    assert "packages qemu-system-arm." in said
    assert "apt-get install qemu-efi-aarch64 (or 'make host-aarch64')" in said


def test_a_proof_with_secure_boot_needs_firmware_that_enforces_it(prover: Path) -> None:
    (prover / "CODE.secure.fd").unlink()
    secure = Boot("secure", Machine(firmware="uefi", secure_boot=True), ())
    with machine():
        require_for_proof([UEFI])
    with machine(), pytest.raises(HostError, match="Secure Boot and keys"):
        require_for_proof([UEFI, secure])


def test_a_proof_needs_only_what_its_boots_have(prover: Path) -> None:
    for path in prover.iterdir():
        path.unlink()
    with machine():
        require_for_proof([Boot("bios", Machine(), ())])


def test_every_lack_of_libguestfs_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "guestfs", None)
    monkeypatch.setattr(system_modules, "DIRECTORIES", ())
    monkeypatch.setattr(binding, "_KERNELS", ())
    assert ["binding" in error.message for error in binding.missing_requirements()] == [True, False]
