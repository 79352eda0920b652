"""What is told of programs, keys and firmware; and that builds and proofs agree with it."""

import os
import platform
import shutil
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from samples import plan
from uefi_files import write_uefi_files

from builder.build.requirements import require_for_build
from builder.doctor import software
from builder.doctor.examine import of_others
from builder.doctor.finding import Finding, State
from builder.errors import HostError
from builder.host import system_modules
from builder.image import binding
from builder.plan.model import Plan
from builder.proof import requirements as proof_requirements
from builder.proof.requirements import require_for_proof
from builder.vm import firmware

PROGRAMS = ("mcopy", "zstd", "qemu-img", "ssh", "genisoimage", "mmdebstrap", "qemu-system-x86_64")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with all programs, firmware and keys of its own, in this directory."""
    for name in ("keys.gpg", "tun"):
        (tmp_path / name).touch()
    home = tmp_path / "firmware"
    write_uefi_files(tmp_path, home)
    monkeypatch.setattr(firmware, "FIRMWARE_DESCRIPTORS", home)
    monkeypatch.setattr(proof_requirements, "TUN", tmp_path / "tun")
    monkeypatch.setattr(software, "TUN", tmp_path / "tun")
    monkeypatch.setattr(binding, "missing_requirements", lambda: iter(()))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with_programs(monkeypatch)
    bios(tmp_path, monkeypatch, *software.BIOS_FILES)
    return tmp_path


def with_programs(monkeypatch: pytest.MonkeyPatch, *lacks: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name in lacks else f"/bin/{name}")


def bios(home: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let QEMU tell a directory with these files, and one that is not there."""
    (home / "qemu").mkdir(exist_ok=True)
    for name in names:
        (home / "qemu" / name).touch()
    told = f"{home}/none\n{home}/qemu\n"
    monkeypatch.setattr(software, "run", lambda *_, **__: told)


planned_once = cache(plan)


def with_keys(host: Path, profile: str = "pinned-scsi") -> Plan:
    planned = planned_once(profile)
    distribution = replace(planned.distribution, keyring=str(host / "keys.gpg"))
    return replace(planned, distribution=distribution)


def lacks(planned: Plan) -> list[Finding]:
    found = [*software.installed(planned), *software.hardware(planned)]
    return [finding for finding in found if finding.state is State.LACKING]


def test_a_host_with_everything_lacks_nothing(host: Path) -> None:
    for profile in ("base", "pinned-scsi", "secure-boot"):
        assert lacks(with_keys(host, profile)) == []


def test_what_runs_programs_of_another_architecture_is_examined_for_its_images_alone(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    reason = ("programs of aarch64 do not run here", "register it")
    monkeypatch.setattr(software, "obstacle", lambda _: reason)
    (told,) = (
        found for found in lacks(with_keys(host, "debian-12-arm64")) if "emu" in found.subject
    )
    assert (told.seen, told.remedy) == ("Programs of aarch64 do not run here.", "Run: register it.")
    assert lacks(with_keys(host, "pinned-scsi")) == []
    monkeypatch.setattr(software, "obstacle", lambda _: None)
    with_programs(monkeypatch, "qemu-aarch64-static", "qemu-system-aarch64")
    programs = next(found for found in lacks(with_keys(host, "debian-12-arm64")))
    assert programs.facts["packages"] == ["qemu-system-arm", "qemu-user-static"]


def test_programs_are_named_with_the_packages_to_install(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(monkeypatch, "mcopy", "mmdebstrap")
    (found,) = lacks(with_keys(host))
    assert found.seen == "Not installed: mcopy, mmdebstrap."
    assert found.remedy == "Install it: apt-get install mmdebstrap mtools (or 'make host')."


def test_make_host_is_named_only_where_it_installs_the_package(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(monkeypatch, "podman")
    found = lacks(with_keys(host, "rocky-9"))
    assert [finding.remedy for finding in found] == ["Install it: apt-get install podman."]


def test_libsolv_is_needed_for_rpm_packages_only(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "solv", None)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (host,))
    assert lacks(with_keys(host)) == []
    (found,) = lacks(with_keys(host, "rocky-9"))
    assert found.subject == "libsolv"
    assert "apt-get install python3-solv" in found.remedy
    others = [planned_once("rocky-9"), planned_once("opensuse-15.6")]
    (told,) = of_others(with_keys(host, "base"), others)
    assert told.state is State.WARNING
    assert told.seen.endswith("Only rocky-9 needs it.")


def test_libsolv_is_told_where_it_is_there(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "solv", ModuleType("solv"))
    (found,) = (
        finding
        for finding in software.installed(with_keys(host, "rocky-9"))
        if finding.subject == "libsolv"
    )
    assert found.state is State.GOOD


def test_keys_that_are_missing_are_told(host: Path) -> None:
    (host / "keys.gpg").unlink()
    (found,) = lacks(with_keys(host))
    assert found.subject == "keyring"
    assert "apt-get install debian-archive-keyring" in found.remedy


@pytest.mark.parametrize(
    ("gone", "subject"),
    [
        ("CODE.fd", "firmware: UEFI (q35)"),
        ("VARS.secure.fd", "firmware: UEFI with Secure Boot (q35)"),
        ("qemu/bios-256k.bin", "firmware: BIOS"),
        ("tun", "multiqueue"),
    ],
)
def test_firmware_and_devices_that_are_missing_are_told_where_a_boot_has_them(
    host: Path, gone: str, subject: str
) -> None:
    (host / gone).unlink()
    told = {
        found.subject
        for profile in ("pinned-scsi", "secure-boot")
        for found in lacks(with_keys(host, profile))
    }
    assert told == {subject}


def test_a_tpm_is_needed_only_by_who_has_one(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_programs(monkeypatch, "swtpm")
    assert lacks(with_keys(host, "base")) == []
    assert [finding.subject for finding in lacks(with_keys(host, "secure-boot"))] == ["TPM"]


def test_a_bios_without_qemu_is_not_asked_for(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_programs(monkeypatch, "qemu-system-x86_64")
    told = [finding.subject for finding in lacks(with_keys(host))]
    assert told == ["programs", "firmware: BIOS"]


def test_what_only_other_profiles_need_is_a_warning_and_told_once(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(monkeypatch, "swtpm", "podman")
    others = [with_keys(host, name) for name in ("secure-boot", "rocky-9", "secure-boot")]
    found = [*of_others(with_keys(host, "base"), others)]
    assert [(finding.subject, finding.state) for finding in found] == [
        ("TPM", State.WARNING),
        ("programs", State.WARNING),
    ]
    assert found[0].seen.endswith("Only secure-boot needs it.")


def test_what_every_profile_needs_is_not_told_of_the_others(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_programs(monkeypatch, "mcopy")
    assert [*of_others(with_keys(host, "base"), [with_keys(host)])] == []


def test_libguestfs_is_told_with_its_own_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    error = HostError("libguestfs needs a kernel that it can read.", hint="chmod it.")
    monkeypatch.setattr(binding, "missing_requirements", lambda: iter([error]))
    (found,) = software.libguestfs()
    assert (found.state, found.seen, found.remedy) == (State.LACKING, error.message, "chmod it.")
    monkeypatch.setattr(binding, "missing_requirements", lambda: iter(()))
    monkeypatch.setattr(binding, "version", lambda: "1.48.6")
    (found,) = software.libguestfs()
    assert found.facts == {"version": "1.48.6"}


def refused(planned: Plan, home: Path) -> bool:
    """Whether a build or a proof would be refused here."""
    try:
        require_for_build(home, home, planned.distribution, in_memory=True)
        require_for_proof(planned.boots)
    except HostError:
        return True
    return False


@pytest.mark.parametrize(
    "missing", [*PROGRAMS, "swtpm", "keys.gpg", "tun", "VARS.fd", "CODE.secure.fd", ""]
)
@pytest.mark.parametrize("profile", ["base", "pinned-scsi", "secure-boot"])
def test_it_agrees_with_what_refuses_builds_and_proofs(
    host: Path, monkeypatch: pytest.MonkeyPatch, missing: str, profile: str
) -> None:
    planned = with_keys(host, profile)
    if (host / missing).is_file():
        (host / missing).unlink()
    else:
        with_programs(monkeypatch, missing)
    assert bool(lacks(planned)) is refused(planned, host)
