"""An observation is to a cloud what a probe is to QEMU: a check of what was seen. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from builder.cloud.observation.sight import Sight


@dataclass(frozen=True)
class Observation:
    """A check of what was seen. It returns what it saw, or raises."""

    title: str
    function: Callable[[Sight], str]
    properties: tuple[str, ...] = ()
    """Those of the image that it shows. Without any it says something of the cloud."""
    always: bool = True
    """Whether it is made although the image has none of the properties."""
    refutes: bool = False
    """Whether it can only take a claim back: that it passes shows too little."""

    @property
    def name(self) -> str:
        """The function's name with hyphens."""
        return self.function.__name__.replace("_", "-")

    def applies(self, properties: Mapping[str, str]) -> bool:
        """Whether it says anything of an image with these properties."""
        return self.always or any(name in properties for name in self.properties)


def observation(
    title: str, *properties: str, always: bool = False, refutes: bool = False
) -> Callable[[Callable[[Sight], str]], Observation]:
    """Make an observation of a function. ``title`` is a present-tense sentence without a stop.

    It is made of an image that has one of the ``properties``; always, where there are none. One
    that ``refutes`` can only take a claim back, as an inspection can.
    """

    def decorate(function: Callable[[Sight], str]) -> Observation:
        return Observation(title, function, properties, always or not properties, refutes)

    return decorate
