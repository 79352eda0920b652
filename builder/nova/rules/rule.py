"""What a rule is, and the shapes that many have."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from builder.feature import Conflict
from builder.nova.properties import is_true
from builder.nova.request import Request, property_of


@dataclass(frozen=True)
class NovaConflict(Conflict):
    """What Nova refuses, or passes over without a word."""

    exception: str = ""
    """Nova's, with which it refuses the server; empty where it passes over what was asked for."""


Rule = Callable[[Request], Iterable[NovaConflict]]


def refused(name: str, reason: str, remedy: str, exception: str) -> NovaConflict:
    """A request from which no server comes: Nova's API refuses it, or it ends in ERROR."""
    return NovaConflict(name, f"{reason} ({exception})", remedy, exception)


def ignored(name: str, reason: str, remedy: str) -> NovaConflict:
    """A request that has no effect, or another one, and Nova says nothing."""
    return NovaConflict(name, reason, remedy)


def always(_: Request) -> bool:
    """Whatever the request is."""
    return True


@dataclass(frozen=True)
class Agreement:
    """What a flavor and an image may both say, if they say the same."""

    extra_spec: str
    boolean: bool = True
    """Whether it is true or false, in whichever words."""
    exception: str = "FlavorImageConflict"
    when: Callable[[Request], bool] = always

    def __call__(self, request: Request) -> Iterator[NovaConflict]:
        """A rule."""
        of_flavor = request.flavor(self.extra_spec)
        of_image = request.image(property_of(self.extra_spec))
        if of_flavor is None or of_image is None or not self.when(request):
            return
        differ = is_true(of_flavor) != is_true(of_image) if self.boolean else of_flavor != of_image
        if differ:
            yield refused(
                property_of(self.extra_spec),
                f"it contradicts the flavor's {self.extra_spec}",
                "Give both the same value.",
                self.exception,
            )


@dataclass(frozen=True)
class Precedence:
    """Two that say the same, of which Nova passes over one where they differ."""

    winner: str
    loser: str
    boolean: bool = False

    def __call__(self, request: Request) -> Iterator[NovaConflict]:
        """A rule."""
        winning, losing = request.value(self.winner), request.value(self.loser)
        if winning is None or losing is None:
            return
        differ = is_true(winning) != is_true(losing) if self.boolean else winning != losing
        if differ:
            owner = "flavor" if ":" in self.winner else "image"
            yield ignored(
                self.loser,
                f"the {owner}'s {self.winner} beats it",
                f"Leave it to the {owner}.",
            )


@dataclass(frozen=True)
class Dependence:
    """What has an effect beside something else only, and is passed over without it."""

    name: str
    met: Callable[[Request], bool]
    reason: str
    remedy: str
    boolean: bool = False
    """Whether it must be true to ask for anything."""

    def __call__(self, request: Request) -> Iterator[NovaConflict]:
        """A rule."""
        asked = request.is_on(self.name) if self.boolean else request.value(self.name) is not None
        if asked and not self.met(request):
            yield ignored(self.name, self.reason, self.remedy)
