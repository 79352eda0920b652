"""How a part of a guest's virtual hardware is declared: once, with all that anyone asks of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from builder.feature.machine import Machine

Firmware = Literal["bios", "uefi"]


@dataclass(frozen=True)
class Topology:
    """How a guest's vCPUs are arranged; their product is the number of vCPUs."""

    sockets: int = 1
    cores: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Nic:
    """A virtio-net NIC, and what the config drive says of its network."""

    mac: str
    address: str | None = None
    """Static, with the length of its prefix; None: by DHCP."""
    mtu: int = 1500
    silent: bool = False
    """Whether nobody else is on its network: no DHCP server, no router, no way to the guest."""


class Request(Protocol):
    """What Nova is asked for: an image's properties, a flavor's extra specs."""

    @property
    def firmware(self) -> Firmware:
        """What starts this guest, where the image leaves that open too."""
        ...

    @property
    def architecture(self) -> str:
        """That of the guest, x86-64 where the image does not say."""
        ...

    @property
    def vcpus(self) -> int:
        """Those of a flavor with which all that the image asks for is granted."""
        ...

    @property
    def topology(self) -> Topology | None:
        """Nova's arrangement of the vCPUs; None where the image asks for none."""
        ...

    def image(self, name: str) -> str | None:
        """An image property."""
        ...

    def flavor(self, name: str) -> str | None:
        """An extra spec."""
        ...

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Whether Nova reads a property, or an extra spec (``hw:…``, ``hw_rng:…``), as true."""
        ...


@dataclass(frozen=True)
class Ends:
    """Where a guest's devices end on this host."""

    channels: Mapping[str, str] = field(default_factory=dict)
    """By a channel's name: what is behind it, as ``-chardev`` takes it (https://www.qemu.org/docs/
    master/system/invocation.html#hxtool-6), without an id."""
    tap: tuple[int, ...] = ()
    """The opened queues of a tap device."""
    spare_tap: tuple[int, ...] = ()
    """The opened queues of another one, which a NIC may be plugged on later."""
    ssh_port: int = 0
    """The port on 127.0.0.1 that leads to the guest's SSH; 0 lets QEMU choose."""


def nothing(*_: object) -> Iterable[str]:
    """It needs nothing of the kind."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Device:
    """One part of a ``Machine``, declared beside its field.

    Whoever gives, shows or starts a machine goes through these declarations. By their names only
    those parts are known that take work on the host before QEMU starts (firmware, TPM, queues of a
    tap device), and the board and the processors, which are no devices.
    """

    given: Callable[[Request], object]
    """The field's value that Nova gives, and for what."""
    text: Callable[["Machine"], str]
    """The part in a few words; empty where it is as in any guest."""
    arguments: Callable[["Machine", Ends], Iterable[str]] = nothing
    """QEMU's arguments; none for what is part of another one's."""
    options: Callable[["Machine", str], str] = field(default=lambda *_: "")
    """What it adds to a device of this driver, with its comma."""
    channels: Callable[["Machine"], Iterable[str]] = nothing
    """The names of the sockets through which this program, or one that it runs, speaks to it."""
    terminals: Callable[["Machine"], Iterable[str]] = nothing
    """The names of the channels that probes read and type on, as on the console."""
