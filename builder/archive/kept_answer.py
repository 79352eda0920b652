"""What an archive answered the last time: it holds while its indexes and the image are the same."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from builder.archive.update import Update
from builder.host.files import replace_text


@dataclass(frozen=True)
class KeptAnswer:
    """The updates of an image, and the digest of everything that they follow from."""

    key: str = ""
    updates: tuple[Update, ...] = ()


_FORM = TypeAdapter(KeptAnswer)


def read_answer(path: Path) -> KeptAnswer:
    """The answer that was kept; an empty one where there is none that can be read."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return KeptAnswer()


def keep_answer(path: Path, key: str, updates: Sequence[Update]) -> None:
    """Keep an answer for the next run."""
    replace_text(path, _FORM.dump_json(KeptAnswer(key, tuple(updates))).decode())
