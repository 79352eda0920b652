"""A variable for diskimage-builder, and who has set it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """The value of a variable, and where it comes from."""

    value: str
    origin: str


BUILDER = "guest-image"

OF_HOST = "the host's apt sources"

OF_CALLER = "the environment"

OF_PLAN = "the profile"
