"""Checks: inspections of a disk at rest, probes of a running guest, and how they end."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from builder.feature.filesystem import Filesystem
from builder.feature.guest import Guest
from builder.feature.machine import Machine


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
