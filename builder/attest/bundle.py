"""The bundle of a build: its signed statements, in a file beside its image."""

import stat
from collections.abc import Sequence
from pathlib import Path

from securesystemslib.dsse import Envelope

from builder.attest.envelope import Bundle, parse, to_text
from builder.host.files import replace_text

FILE_NAME = "attestations.intoto.jsonl"

SIZE_LIMIT = 64 << 20
"""Bytes. One with a hundred claims has one million."""


def read(path: Path) -> Bundle:
    """The bundle in a file; an empty one where there is none, or where it cannot be read."""
    try:
        # A build from elsewhere may have a link or a pipe there.
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Bundle(problems=("it is not a regular file",))
        if status.st_size > SIZE_LIMIT:
            return Bundle(problems=(f"it has more than {SIZE_LIMIT >> 20} MiB",))
        return parse(path.read_bytes())
    except FileNotFoundError:
        return Bundle()
    except OSError as error:
        return Bundle(problems=(f"it cannot be read ({error.strerror})",))


def write(directory: Path, envelopes: Sequence[Envelope]) -> None:
    """Write the bundle of a build; a reader sees the old one or the new one. Raises ``OSError``."""
    replace_text(directory / FILE_NAME, to_text(envelopes))
