"""What a feature is: claims about a guest, and the checks that give evidence for them.

A feature is frozen data plus functions. It knows nothing of libguestfs, QEMU or OpenStack: its
inspections see a ``Filesystem``, its probes see a ``Guest``, and both are protocols.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from builder.distribution import Distribution
from builder.sourcefile import SourceFile


class Parameters(BaseModel):
    """Base of a feature's parameters: what a profile may write under the feature's name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Parameters)


class CheckFailed(Exception):
    """A check saw something that contradicts its title. The message names the cause."""


class CheckSkipped(Exception):
    """A check cannot be made here. The message is the reason; a skip never counts as passed."""


class Grade(StrEnum):
    """How well a claim is proven, weakest first."""

    DECLARED = "declared"
    PRESENT = "present"
    EXERCISED = "exercised"
    OBSERVED = "observed"


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True)
class Kernel:
    """One installed kernel: what it can load at once, from its initrd, and from its root disk.

    Module names are written with underscores, as ``lsmod`` prints them.
    """

    release: str
    """As ``uname -r`` prints it."""
    initrd: str | None
    """Path of its initrd, or None where it has none."""
    builtin: frozenset[str]
    """Modules compiled into the kernel."""
    in_initrd: frozenset[str]
    """Modules in the initrd."""
    on_disk: frozenset[str]
    """Modules below ``/lib/modules/RELEASE``."""


RegistryValue = str | int | tuple[str, ...]
"""A text, a number or a list of texts of a Windows registry."""


class Filesystem(Protocol):
    """The disk of an image at rest, mounted read-only, paths as the guest sees them."""

    def exists(self, path: str) -> bool:
        """Whether the path exists; a symbolic link is followed within the image."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """The file's content. Raises ``FileNotFoundError``."""
        ...

    def read_text(self, path: str) -> str:
        """The file's content as UTF-8, undecodable bytes replaced. Raises ``FileNotFoundError``."""
        ...

    def readlink(self, path: str) -> str | None:
        """The target as written in the link, or None where the path is no symbolic link."""
        ...

    def list(self, path: str) -> tuple[str, ...]:
        """Names in a directory, sorted, without ``.`` and ``..``; empty where there is none."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Absolute paths that match a shell pattern, sorted."""
        ...

    def kernels(self) -> tuple[Kernel, ...]:
        """Every installed kernel, by release."""
        ...

    def registry(self, hive: str, key: str) -> Mapping[str, RegistryValue]:
        r"""The values of a key (``A\B\C``) of the Windows registry hive at the path ``hive``.

        Those of other types are left out. Raises ``FileNotFoundError`` where there is no such hive
        or key.
        """
        ...


@dataclass(frozen=True)
class Completed:
    """A command that ran to its end in a guest."""

    status: int
    stdout: str
    stderr: str


Firmware = Literal["bios", "uefi"]


@dataclass(frozen=True)
class Topology:
    """How a guest's vCPUs are arranged; their product is the number of vCPUs."""

    sockets: int = 1
    cores: int = 1
    threads: int = 1


SPARE_NETDEV = "spare"
"""QEMU's id of a network back end that no NIC uses yet."""
SPARE_PORT = "spare-port"
"""QEMU's id of the PCI Express port of a q35 machine with multiqueue that is free."""


@dataclass(frozen=True)
class Machine:
    """The virtual hardware that Nova would give a guest.

    Source: Nova's libvirt driver (``nova/virt/libvirt/config.py`` and ``blockinfo.py``): the
    controller is ``virtio-scsi-pci`` with ``scsi-hd`` disks, the agent channel is a virtio-serial
    port named ``org.qemu.guest_agent.0``, the watchdog is always ``i6300esb``, NICs are
    virtio-net, queues equal the vCPUs.
    """

    firmware: Firmware = "bios"
    vcpus: int = 2
    memory_mib: int = 1024
    disk_bus: Literal["virtio", "scsi"] = "virtio"
    discard: bool = True
    """Whether the host takes back what the guest discards: ``[libvirt] hw_disk_discard=unmap``."""
    guest_agent: bool = False
    watchdog: Literal["reset", "poweroff", "pause", "none"] | None = None
    """What QEMU does when the watchdog fires; None gives no device."""
    multiqueue: bool = False
    """A second NIC on a tap device with as many queues as vCPUs, and the back end ``SPARE_NETDEV``
    of a third one, which is not plugged."""
    topology: Topology | None = None
    """Sockets, cores and threads; None gives each vCPU a socket of its own, as Nova does."""
    secure_boot: bool = False
    """UEFI that enforces Secure Boot with Microsoft's keys."""
    rng: bool = False
    """A virtio-rng device."""
    tpm: Literal["tpm-tis", "tpm-crb"] | None = None
    """The model of an emulated TPM 2.0."""


class Guest(Protocol):
    """A running guest."""

    @property
    def machine(self) -> Machine:
        """The hardware it runs on."""
        ...

    @property
    def emulated(self) -> bool:
        """Whether its CPUs are emulated: slow, and still whenever the host is busy."""
        ...

    @property
    def admin_user(self) -> str:
        """The default user that cloud-init made, with the injected SSH key."""
        ...

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        """Run a command as root, over SSH as the default user with sudo. Seconds are wall clock.

        Raises ``TimeoutError`` that says what was waited for.
        """
        ...

    def agent(self, command: str, *, timeout: float = 60, **arguments: Any) -> Any:  # Any: JSON
        """Ask the guest agent through its virtio-serial channel and return its answer.

        Raises ``TimeoutError``, or ``CheckFailed`` with the agent's own error text.
        """
        ...

    def qmp(self, command: str, **arguments: Any) -> Any:  # Any: QEMU's JSON
        """Give QEMU itself a monitor command and return its answer."""
        ...

    def event(self, name: str, *, timeout: float) -> Mapping[str, Any]:  # Any: QEMU's JSON
        """Wait for an event of QEMU's monitor and return its data.

        Every event is given out once, also one that came before it was waited for.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        ...

    def new_volume(self, size: int) -> str:
        """Make an empty, thin volume of ``size`` bytes and return the name of its block node.

        It is part of no device yet: ``device_add`` with ``drive=`` plugs it in.
        """
        ...

    def console(self) -> str:
        """Everything the serial console has shown so far."""
        ...

    def type(self, text: str) -> None:
        """Type on the serial console; a line ends with a newline."""
        ...

    def wait_for_console(self, pattern: str, *, timeout: float, after: int = 0) -> int:
        """Wait until the console shows a regular expression, and return where the match ends.

        ``after`` is such a position: what stands before it is not looked at.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        ...

    def wait_for_restart(self, *, timeout: float) -> None:
        """Wait until the guest, which is being started anew, lets the default user in again.

        That it has started anew is told by its boot id. Raises ``TimeoutError``, ``CheckFailed``.
        """
        ...


def always(_: Parameters) -> bool:
    """A check applies whatever the parameters are."""
    return True


When = Literal["running", "last", "restart", "restarted", "destroy"]
"""The part of a boot that a probe is made in, in this order: while the guest runs; when the others
have run, to judge what they may have caused; by restarting the guest, and leaving it as usable as
it was; when it has been restarted; and by destroying it, so that the boot ends."""


@dataclass(frozen=True)
class Inspection(Generic[P]):
    """A check of the disk at rest. It returns what it saw, or raises ``CheckFailed``."""

    title: str
    function: Callable[[Filesystem, P], str]
    applies: Callable[[Any], bool] = always  # Any: the feature's own parameters
    compares: bool = False
    refutes: bool = False

    @property
    def name(self) -> str:
        """The function's name with hyphens: unique within its feature."""
        return self.function.__name__.replace("_", "-")


@dataclass(frozen=True)
class Probe(Generic[P]):
    """A check of the running guest. It returns what it saw, or raises ``CheckFailed``."""

    title: str
    function: Callable[[Guest, P], str]
    applies: Callable[[Any], bool] = always  # Any: the feature's own parameters
    when: When = "running"
    once: bool = False
    vcpus: int = 1
    seconds: float = 2
    machine: Callable[[Machine], Machine] | None = None
    login: bool = True

    @property
    def name(self) -> str:
        """The function's name with hyphens: unique within its feature."""
        return self.function.__name__.replace("_", "-")


def inspection(
    title: str,
    *,
    applies: Callable[[Any], bool] = always,  # Any: a type here would bind P too early
    compares: bool = False,
    refutes: bool = False,
) -> Callable[[Callable[[Filesystem, P], str]], Inspection[P]]:
    """Make an inspection of a function. ``title`` is a present-tense sentence without a stop.

    It is made only where it ``applies`` to the feature's parameters. One that ``compares`` the disk
    with what they ask for says nothing of an image for which nobody has asked for anything. One
    that ``refutes`` can only take a claim back: that it passes shows nothing until a guest is
    booted.
    """

    def decorate(function: Callable[[Filesystem, P], str]) -> Inspection[P]:
        return Inspection(title, function, applies, compares, refutes)

    return decorate


def probe(
    title: str,
    *,
    applies: Callable[[Any], bool] = always,  # Any: a type here would bind P too early
    when: When = "running",
    once: bool = False,
    vcpus: int = 1,
    seconds: float = 2,
    machine: Callable[[Machine], Machine] | None = None,
    login: bool = True,
) -> Callable[[Callable[[Guest, P], str]], Probe[P]]:
    """Make a probe of a function. ``title`` is a present-tense sentence without a stop.

    It is made only where it ``applies`` to the feature's parameters, and in one boot only if it is
    to be made ``once``, because its answer is the same under every firmware, and then in one that
    has so many ``vcpus``; boots are balanced by the ``seconds`` that probes take under emulation.
    ``machine`` asks for other hardware than the claims give, in a boot of its own; probes that want
    the same hardware share that boot. One without ``login`` looks at the console or asks QEMU only:
    where all probes of a boot are such, nobody waits until the guest lets its user in.
    """

    def decorate(function: Callable[[Guest, P], str]) -> Probe[P]:
        return Probe(title, function, applies, when, once, vcpus, seconds, machine, login)

    return decorate


@dataclass(frozen=True)
class Claim:
    """A Glance property that a feature promises, and the checks that are its proof.

    ``promise`` is a present-tense sentence about the guest. A claim with a probe among its proof
    is proven when it is exercised; one with inspections only, when they have passed.
    """

    property: str
    value: str
    promise: str
    proof: tuple[Inspection[Any] | Probe[Any], ...]  # Any: parameters of its own feature


@dataclass(frozen=True)
class Objection:
    """A combination that cannot be, or has no effect: what it is about, why, and the remedy."""

    name: str
    """The image property, the extra spec or the parameter; empty for the feature as a whole."""
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The image around a feature, as far as its profile tells."""

    distribution: Distribution
    flavor: Mapping[str, str]
    """What all features together need of it."""
    complete: bool
    """Whether nothing brings more than is known here: no further package of the profile's, no
    feature of another Python package."""


@dataclass(frozen=True, kw_only=True)
class Feature(Generic[P]):
    """One ability of a guest."""

    name: str
    summary: str
    parameters: type[P]
    defaults: Callable[[Distribution], Mapping[str, object]] = field(default=lambda _: {})
    """Parameters that follow from the distribution where the profile names none."""
    elements: tuple[str, ...] = ()
    """Names of diskimage-builder elements: its own, this package's, or those in the next."""
    elements_path: Path | None = None
    """The directory of elements that the feature brings with its own package."""
    environment: Callable[[P], Mapping[str, str]] = field(default=lambda _: {})
    """Variables that the feature's elements read at build time."""
    files: Callable[[P], tuple[SourceFile, ...]] = field(default=lambda _: ())
    """Files of the user's own that the feature's elements find in ``$DIB_GUEST_FILES``."""
    claims: Callable[[P], tuple[Claim, ...]] = field(default=lambda _: ())
    inspections: tuple[Inspection[P], ...] = ()
    probes: tuple[Probe[P], ...] = ()
    flavor: Callable[[P], Mapping[str, str]] = field(default=lambda _: {})
    """Flavor extra specs that the feature needs; ``vcpus`` is the flavor's number of vCPUs."""
    host: Callable[[P], tuple[str, ...]] = field(default=lambda _: ())
    """What the compute host must be configured with, one sentence each."""
    objections: Callable[[P, Surroundings], Iterable[Objection]] = field(default=lambda *_: ())
    """Which parameters cannot be in this image, each as the subject of its reason."""
    excludes: Mapping[str, str] = field(default_factory=dict)
    """Names of features that no image can have beside this one, each with the reason."""
    unprobed: str = ""
    """Why no probe can exist; empty where the feature has probes."""
