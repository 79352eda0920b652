"""What a verification finds of one part of a build."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a part stands to what was signed of it."""

    SIGNED = "signed"
    CHANGED = "changed"
    MISSING = "missing"
    UNSIGNED = "not signed"


@dataclass(frozen=True)
class Part:
    """A file of a build, or a part of its manifest."""

    name: str
    state: State
    seen: str = ""
    """What differs."""
    key_id: str = ""
    """Of the key that signed it."""

    def __str__(self) -> str:
        return f"{self.name}: {self.state}{f': {self.seen}' if self.seen else ''}"
