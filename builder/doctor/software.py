"""What is installed: programs, keys, libguestfs, firmware, and the devices that guests get."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from builder.architecture import ARCHITECTURES, X86_64, Architecture
from builder.archive.rpm.libsolv import load_libsolv
from builder.build.requirements import missing_packages
from builder.build.requirements import programs_of as programs_to_build
from builder.distribution import Distribution
from builder.doctor.finding import Finding, good, lacking, refused
from builder.errors import HostError
from builder.feature import Machine
from builder.host.debian_packages import installation
from builder.host.foreign_programs import is_foreign, obstacle
from builder.host.process import run
from builder.image import binding
from builder.plan.model import Plan
from builder.proof.requirements import TUN
from builder.proof.requirements import programs_of as programs_to_prove
from builder.vm import swtpm
from builder.vm.firmware import uefi_files, uefi_kinds

BIOS_FILES = {"bios-256k.bin": "seabios", "efi-virtio.rom": "ipxe-qemu"}
"""What QEMU reads for a guest without UEFI and for a virtio NIC, and the packages that have it."""
_ANSWER_LIMIT = 5.0


def installed(plan: Plan) -> Iterator[Finding]:
    """What the build and the proof of a plan run, and what checks and compares its packages."""
    machines = [boot.machine for boot in plan.boots]
    programs = {**programs_to_build(plan.distribution), **programs_to_prove(machines)}
    missing = missing_packages(programs)
    if missing:
        names = sorted(name for name in programs if not shutil.which(name))
        yield lacking(
            "programs",
            f"Not installed: {', '.join(names)}.",
            _install(*missing),
            programs=names,
            packages=missing,
        )
    else:
        yield good("programs", f"All {len(programs)} that a build and a proof run are installed.")
    yield from _foreign_programs(ARCHITECTURES[plan.distribution.architecture])
    yield from _keyring(plan.distribution)
    yield from _resolver(plan.distribution)


def libguestfs() -> Iterator[Finding]:
    """What reads disks, as far as can be told without starting it."""
    lacks = [refused("libguestfs", error) for error in binding.missing_requirements()]
    yield from lacks
    if not lacks:
        version = binding.version()
        yield good("libguestfs", f"Version {version}, with a kernel for it.", version=version)


def hardware(plan: Plan) -> Iterator[Finding]:
    """Firmware and devices of the machines that a plan's image is booted on."""
    machines = [boot.machine for boot in plan.boots]
    if any(machine.firmware == "bios" for machine in machines):
        yield _bios()
    yield from (_uefi(machine) for machine in uefi_kinds(machines))
    if any(machine.tpm for machine in machines):
        yield _tpm()
    if any(machine.multiqueue for machine in machines):
        yield _tun()


def _install(*packages: str) -> str:
    return f"Install it: {installation(packages)}."


def _foreign_programs(architecture: Architecture) -> Iterator[Finding]:
    """What runs the image's programs while it is built, where the processor does not."""
    if not is_foreign(architecture):
        return
    unable = obstacle(architecture)
    if unable is None:
        yield good("emulator", f"The kernel runs programs of {architecture.name}.")
    else:
        reason, remedy = unable
        yield lacking("emulator", f"{reason[0].upper()}{reason[1:]}.", f"Run: {remedy}.")


def _keyring(distribution: Distribution) -> Iterator[Finding]:
    if not distribution.keyring:
        return
    if Path(distribution.keyring).is_file():
        yield good("keyring", f"{distribution.keyring} is there.")
    else:
        yield lacking(
            "keyring",
            f"There is no {distribution.keyring}, which packages are checked by.",
            _install(distribution.keyring_package),
            packages=[distribution.keyring_package],
        )


def _resolver(distribution: Distribution) -> Iterator[Finding]:
    """What tells ``due`` what is new among RPM packages; apt, for the others, is on every host."""
    if distribution.package_format != "rpm":
        return
    try:
        load_libsolv()
    except HostError as error:
        yield refused("libsolv", error)
    else:
        yield good("libsolv", "It is there, by which 'due' knows what is new.")


def _bios() -> Finding:
    """QEMU looks for these files itself, in directories that it tells."""
    qemu = X86_64.qemu
    if not shutil.which(qemu):
        return lacking("firmware: BIOS", "QEMU is not installed.", _install(X86_64.qemu_package))
    told = run([qemu, "-L", "help"], timeout=_ANSWER_LIMIT, purpose="ask QEMU for its directories")
    homes = [Path(line) for line in told.splitlines()]
    missing = [name for name in BIOS_FILES if not any((home / name).is_file() for home in homes)]
    if missing:
        packages = [BIOS_FILES[name] for name in missing]
        return lacking(
            "firmware: BIOS",
            f"QEMU has no {' and no '.join(missing)}.",
            _install(*packages),
            packages=packages,
        )
    return good("firmware: BIOS", "QEMU has SeaBIOS, and the ROM of a virtio NIC.")


def _uefi(machine: Machine) -> Finding:
    kind = "UEFI with Secure Boot" if machine.secure_boot else "UEFI"
    subject = f"firmware: {kind} ({machine.machine_type})"
    try:
        code, variables = uefi_files(machine)
    except HostError as error:
        return refused(subject, error)
    return good(subject, f"{code} with {variables}.", code=str(code), variables=str(variables))


def _tpm() -> Finding:
    if shutil.which(swtpm.PROGRAM):
        return good("TPM", "swtpm emulates one.")
    return lacking("TPM", "swtpm, which emulates one, is not installed.", _install(swtpm.PROGRAM))


def _tun() -> Finding:
    if TUN.exists():
        return good("multiqueue", f"{TUN} is there.")
    return lacking(
        "multiqueue",
        f"There is no {TUN}, which a NIC with several queues needs.",
        "Load its driver: modprobe tun.",
    )
