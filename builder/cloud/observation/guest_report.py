"""What a guest tells on its serial console (``linux/scripts/tell_console.py``). Pure.

A guest may be hostile, and its console is cut anywhere by Nova and by the kernel: only whole lines
with the proof's own token and their checksum count, in shapes and sizes that are expected.
"""

import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MESSAGE_LIMIT = 1024
"""Characters of a message; the longest has about 300."""
BOOTS_LIMIT = 32
"""Boots of one server that are told apart."""
MESSAGES_LIMIT = 128
"""Messages of one boot that are kept."""

_LINE = re.compile(
    rf"GUEST-IMAGE ([0-9a-f]{{16}}) ([0-9a-f]{{8}}) (\{{[ -~]{{1,{MESSAGE_LIMIT}}}\}})"
)

Word = Annotated[str, Field(max_length=64)]
Number = Annotated[int, Field(ge=0, lt=1 << 63)]


class Message(BaseModel):
    """One line of a guest."""

    model_config = ConfigDict(frozen=True, strict=True)

    boot: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    """The kernel's id of the boot."""


class Fact(Message):
    """One of a boot's facts, which are complete when all are there."""

    number: Number
    of: Annotated[int, Field(ge=1, le=MESSAGES_LIMIT)]


class System(Fact):
    """What the guest is, and what it was started by."""

    kind: Literal["system"]
    id: Word
    version: Word
    machine: Word
    kernel: Word
    hypervisor: Word
    """As systemd-detect-virt(1) says it: ``kvm``, or ``qemu`` where it is emulated."""
    uefi: bool
    secure_boot: bool


class Processors(Fact):
    """The vCPUs: so many sockets with so many cores each, with so many threads each."""

    kind: Literal["processors"]
    count: Number
    sockets: Number
    cores: Number
    threads: Number


class Devices(Fact):
    """Single devices; empty where there is none."""

    kind: Literal["devices"]
    rng: Word
    watchdogs: Annotated[tuple[Word, ...], Field(max_length=4, strict=False)]
    tpm: Word
    serial_ports: Number


class Disk(Fact):
    """A disk, and the driver of its controller."""

    kind: Literal["disk"]
    name: Word
    bytes: Number
    driver: Word
    root: bool
    discards: bool


class Nic(Fact):
    """A NIC, and the queues that it uses."""

    kind: Literal["nic"]
    name: Word
    driver: Word
    queues: Number
    packed: bool


class Watching(Message):
    """The guest has tried the password without success, and waits for it to be set."""

    kind: Literal["watching"]
    user: Word


class Password(Message):
    """Whether the password let somebody in before it was set, and after."""

    kind: Literal["password"]
    user: Word
    before: bool
    after: bool


class Size(Message):
    """The root disk has another size."""

    kind: Literal["size"]
    name: Word
    bytes: Number


class Attached(Message):
    """A disk was plugged in. What was written to it is gone after a discard, or not."""

    kind: Literal["attached"]
    name: Word
    bytes: Number
    driver: Word
    discards: bool
    cleared: bool


class Detached(Message):
    """A disk was unplugged."""

    kind: Literal["detached"]
    name: Word


class Hang(Message):
    """The guest is about to stop whoever holds its watchdog open."""

    kind: Literal["hang"]
    holders: Annotated[tuple[Word, ...], Field(max_length=16, strict=False)]


class Returned(Message):
    """An earlier boot of this disk has hung."""

    kind: Literal["returned"]
    hung: Annotated[str, Field(max_length=64)]


_Known = (
    System | Processors | Devices | Disk | Nic
    | Watching | Password | Size | Attached | Detached | Hang | Returned
)  # fmt: skip
_ADAPTER: TypeAdapter[_Known] = TypeAdapter(Annotated[_Known, Field(discriminator="kind")])

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class BootReport:
    """What the guest has told in one boot, each message once."""

    id: str
    messages: tuple[Message, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all facts are there."""
        facts = self.all(Fact)
        return bool(facts) and {fact.number for fact in facts} >= set(range(facts[0].of))

    def all(self, kind: type[M]) -> tuple[M, ...]:
        """Every message of a kind."""
        return tuple(message for message in self.messages if isinstance(message, kind))

    def last(self, kind: type[M]) -> M | None:
        """The latest message of a kind, or None."""
        return next(iter(reversed(self.all(kind))), None)

    @property
    def root(self) -> Disk | None:
        """The disk that the root file system is on."""
        return next((disk for disk in self.all(Disk) if disk.root), None)


@dataclass
class GuestReport:
    """What one server's guest has told so far; ``read`` adds to it."""

    token: str
    boots: dict[str, BootReport] = field(default_factory=dict)
    """By the kernel's id, in their order."""

    def read(self, console: str) -> None:
        """Take what a console shows; what was read before changes nothing."""
        for message in _messages(console, self.token):
            boot = self.boots.get(message.boot, BootReport(message.boot))
            is_new = message.boot not in self.boots
            if is_new and len(self.boots) >= BOOTS_LIMIT:
                continue
            if message not in boot.messages and len(boot.messages) < MESSAGES_LIMIT:
                self.boots[boot.id] = BootReport(boot.id, (*boot.messages, message))

    def after(self, earlier: Collection[str]) -> BootReport | None:
        """The first boot that was not known, as far as it has told of itself."""
        return next((boot for name, boot in self.boots.items() if name not in earlier), None)


def _messages(console: str, token: str) -> Iterator[Message]:
    for match in _LINE.finditer(console):
        found, checksum, text = match.groups()
        if found != token or int(checksum, 16) != zlib.crc32(text.encode()):
            continue
        try:
            yield _ADAPTER.validate_json(text)
        except ValidationError:
            continue
