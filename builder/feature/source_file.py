"""Files that a profile brings along: named by path or address, known by their SHA-256."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from builder.redaction import redacted

DIRECTORIES = "directories"
"""The validation context: by a parameter's name, the directory of the file that it stands in."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SourceFile:
    """A file that a build needs, and that nobody but the user has."""

    source: str
    """An absolute path, or an http or https address."""
    sha256: str

    @property
    def name(self) -> str:
        """Its own name, without the directories or the host that it comes from."""
        return name_of(self.source)


def is_address(source: str) -> bool:
    """Whether it is an address, not a path."""
    return _SCHEME.match(source) is not None


def name_of(source: str) -> str:
    """The last part of a path or of an address."""
    path = urlsplit(source).path if is_address(source) else source
    return path.rpartition("/")[2]


def _location(source: str, info: ValidationInfo) -> str:
    if is_address(source):
        parts = urlsplit(source)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError(
                f"'{redacted(source)}' is not an address that a file can be fetched from.\n"
                "Write an http:// or https:// address without a password, or a path."
            )
    if not _PLAIN_NAME.fullmatch(name_of(source)):
        raise ValueError(
            f"'{redacted(source)}' does not end with a plain file name.\n"
            "Use letters, digits and the signs . _ + ~ - for the file."
        )
    if is_address(source) or Path(source).is_absolute():
        return source
    directory = (info.context or {}).get(DIRECTORIES, {}).get(info.field_name, Path())
    return str((directory / source).absolute())


def _checksum(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise ValueError(
            "a SHA-256 has 64 digits from 0 to 9 and a to f.\n'sha256sum FILE' prints it."
        )
    return text


Location = Annotated[str, AfterValidator(_location)]
"""A file's address, or its path relative to the profile's file that names it."""

Sha256 = Annotated[
    str,
    AfterValidator(_checksum),
    WithJsonSchema({"type": "string", "pattern": f"^{_SHA256.pattern}$"}),
]
"""A file's SHA-256 in hexadecimal digits."""
