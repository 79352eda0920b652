"""What is known of a cloud: one line for each thing that an image needs of it. Pure data."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from builder.cloud.check.fit import Fit
from builder.feature.nova_release import NovaRelease
from builder.words import enumeration

CLOUD = "cloud"
"""The owner of what every server needs."""
_SHOWN = 5
"""Names that are told; of more, how many they are."""


class Verdict(StrEnum):
    """What is known of a need."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWABLE = "unknowable"


@dataclass(frozen=True)
class Line:
    """One thing that is needed, who needs it, and what was seen of it."""

    owner: str
    subject: str
    verdict: Verdict
    seen: str
    remedy: str = ""
    required: bool = True
    """Whether the image does not get what it claims where it is wrong."""


@dataclass(frozen=True)
class Judgement:
    """All lines, and every flavor."""

    cloud: str
    release: NovaRelease
    lines: tuple[Line, ...]
    fits: tuple[Fit, ...]

    @property
    def honoured(self) -> bool:
        """Whether nothing is known by which the image would not get what it claims."""
        return not any(line.required and line.verdict is Verdict.WRONG for line in self.lines)


def names(several: Iterable[str]) -> str:
    """Names in a sentence, each once, and not too many."""
    unique = list(dict.fromkeys(several))
    if len(unique) <= _SHOWN:
        return enumeration(unique, "and")
    return f"{', '.join(unique[:_SHOWN])} and {len(unique) - _SHOWN} more"
