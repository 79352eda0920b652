"""How fast a guest runs here: with the processor's own virtualisation, or emulated."""

import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from builder.architecture import Name
from builder.errors import HostError

CPUINFO = Path("/proc/cpuinfo")
KVM = Path("/dev/kvm")


@dataclass(frozen=True)
class Accelerator:
    """What QEMU runs the guest's processors with."""

    name: Literal["kvm", "tcg"]
    reason: str

    @property
    def slowness(self) -> float:
        """Limits are written for emulation on a busy host of 2 cores; KVM needs a quarter."""
        return 1.0 if self.name == "tcg" else 0.25


def choose(cpuinfo: str, *, kvm_opens: bool) -> Accelerator:
    """KVM only where the processor says so too.

    A ``/dev/kvm`` may open and answer although the processor has no virtualisation (it is then
    emulated or paravirtual); an ordinary kernel hangs on such a KVM.
    """
    flags = {
        flag
        for line in cpuinfo.splitlines()
        if line.startswith("flags")
        for flag in line.partition(":")[2].split()
    }
    if not flags & {"vmx", "svm"}:
        return Accelerator("tcg", "the processor shows neither vmx nor svm")
    if not kvm_opens:
        return Accelerator("tcg", f"{KVM} cannot be opened")
    return Accelerator("kvm", "the processor has virtualisation and /dev/kvm opens")


def for_guest(architecture: Name, chosen: Accelerator | None = None) -> Accelerator:
    """What a guest of an architecture runs with: as ``chosen``, else as this host is good for.

    No processor virtualises another one's: then it is emulation. Raises ``HostError`` for a KVM
    that is asked for all the same.
    """
    if architecture != platform.machine():
        if chosen is not None and chosen.name == "kvm":
            raise HostError(
                f"KVM runs no guest of {architecture} on a processor of {platform.machine()}.",
                hint="Leave out --accel kvm: the guest is emulated then.",
            )
        return Accelerator("tcg", f"the processor is not one of {architecture}")
    return chosen or detect()


def asked_for(name: Literal["kvm", "tcg"]) -> Accelerator:
    """The accelerator that the user names, whatever the processor says.

    Raises ``HostError`` for a KVM that does not open.
    """
    if name == "kvm" and not opens(KVM):
        raise HostError(
            f"{KVM} cannot be opened, so no guest runs with KVM.",
            hint="Leave out --accel kvm, or load KVM's module and become root or of the group kvm.",
        )
    return Accelerator(name, "asked for")


@cache
def detect() -> Accelerator:
    """The accelerator to use on this host."""
    return choose(CPUINFO.read_text(), kvm_opens=opens(KVM))


def opens(device: Path) -> bool:
    """Whether a device can be read and written here."""
    try:
        with device.open("rb+", buffering=0):
            return True
    except OSError:
        return False
