"""Secure Boot in real guests: a signed chain starts, and a chain with a broken link is refused."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from builder.build.disk_image import ESP_START, ROOT_START
from builder.errors import BuilderError
from builder.feature import Machine, Outcome
from builder.features.registry import shipped
from builder.plan.model import Plan
from builder.proof.checks import checks_of, record
from builder.proof.inspection import inspect
from builder.store import manifest
from builder.terminal.progress import Progress
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

PROFILE = "secure-boot"
FEATURES = ("uefi", "secure-boot", "rng", "tpm")
BLOCK = 4096
MACHINE = Machine(firmware="uefi", machine_type="q35", secure_boot=True, disk_bus="scsi")


@pytest.fixture(scope="module")
def plan(built: Callable[[str], Path]) -> Plan:
    return manifest.read(built(PROFILE)).planned()


def test_a_guest_that_starts_by_signed_code_uses_its_tpm_and_its_hosts_random_numbers(
    built_image: Callable[[str], Path], plan: Plan, tmp_path: Path
) -> None:
    checks = checks_of(plan, shipped())
    probes = [checks[probe.id] for probe in plan.probes if probe.feature in FEATURES]
    work = tmp_path / "work"
    machine = plan.boots[0].machine
    with booted(built_image(PROFILE), "qcow2", machine, work, admin_user="debian") as guest:
        evidence = [record(probe, guest, image_sha256="") for probe in probes]
    assert {result.check.partition("/")[0] for result in evidence} == set(FEATURES)
    assert [result for result in evidence if result.outcome is not Outcome.PASSED] == []


def run(*argv: str | Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Copy:
    """A raw copy of the image, to be broken from the end of its boot to the beginning."""

    disk: Path

    def change_kernel(self) -> None:
        """Change a byte far behind the kernel's headers."""
        root = f"{self.disk}?offset={ROOT_START}"
        (name,) = [
            word
            for word in run("debugfs", "-R", "ls -p /boot", root).split("/")
            if word.startswith("vmlinuz-")
        ]
        blocks = run("debugfs", "-R", f"blocks /boot/{name}", root).split()
        with self.disk.open("r+b") as file:
            file.seek(ROOT_START + int(blocks[1000]) * BLOCK)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))

    def remove_signature(self, name: str) -> None:
        """Take its certificates from a program on the EFI system partition."""
        partition = f"{self.disk}@@{ESP_START}"
        local = self.disk.with_name("program")
        run("mcopy", "-n", "-i", partition, f"::/EFI/BOOT/{name}", local)
        data = bytearray(local.read_bytes())
        header = int.from_bytes(data[0x3C:0x40], "little")
        # PE32+: the fifth of the directories, which begin behind 24 and 112 bytes of headers.
        certificates = header + 24 + 112 + 4 * 8
        assert any(data[certificates : certificates + 8])
        data[certificates : certificates + 8] = bytes(8)
        local.write_bytes(data)
        run("mcopy", "-o", "-i", partition, local, f"::/EFI/BOOT/{name}")


@pytest.fixture(scope="module")
def copy(
    built_image: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copy]:
    disk = tmp_path_factory.mktemp("secure-boot") / "disk.raw"
    run("qemu-img", "convert", "-O", "raw", built_image(PROFILE), disk)
    yield Copy(disk)
    disk.unlink()


def test_every_broken_link_of_the_chain_is_refused_and_named(
    copy: Copy, plan: Plan, tmp_path: Path
) -> None:
    """Each stage refuses the next one, so the last one is broken first."""
    links = {
        "the guest's kernel": copy.change_kernel,
        "GRUB": lambda: copy.remove_signature("grubx64.efi"),
        "the boot loader on the disk": lambda: copy.remove_signature("BOOTX64.EFI"),
    }
    for number, (link, break_it) in enumerate(links.items()):
        break_it()
        work = tmp_path / str(number)
        refused = f"Secure Boot: .* does not trust the signature of {link}"
        with (
            pytest.raises(BuilderError, match=refused),
            booted(copy.disk, "raw", MACHINE, work, admin_user="debian"),
        ):
            pytest.fail("it must not come up")

    checks = checks_of(plan, shipped())
    wanted = [checks[check.id] for check in plan.inspections if check.feature == "secure-boot"]
    with Progress() as progress:
        evidence = inspect(copy.disk, "raw", wanted, "", progress)
    remedy = "install the distribution's own signed package"
    assert {result.check: result.seen for result in evidence} == {
        f"secure-boot/{check}": f"/boot/efi/EFI/BOOT/{name} is not signed; {remedy}"
        for check, name in [
            ("loader-is-signed", "BOOTX64.EFI"),
            ("what-follows-is-signed", "grubx64.efi"),
        ]
    }
