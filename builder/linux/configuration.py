"""The configuration of a Linux: the files below ``/etc``."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from builder.feature import Filesystem

TREE = "/etc"
TEXT_LIMIT = 64 << 10
"""Bytes of a file whose text is told: longer ones are databases, not written by people."""
TEXTS_LIMIT = 3 << 20
"""Bytes of all texts together; those of a Debian have about one million."""

_SECRET = (
    "/etc/*shadow*", "/etc/ssh/ssh_host_*_key", "/etc/ssl/private/*", "*.key", "*-secrets",
    "/etc/NetworkManager/system-connections/*", "/etc/netplan/*", "/etc/wpa_supplicant/*",
    "/etc/krb5.keytab", "/etc/security/opasswd*",
)  # fmt: skip
"""Files that may have passwords or keys, as patterns: their text is not told."""


@dataclass(frozen=True)
class ConfigurationFile:
    """A file's digest, and its text where it is one that may be told."""

    sha256: str
    text: str | None


@dataclass(frozen=True)
class Configuration:
    """Every regular file below ``/etc``, by path."""

    files: Mapping[str, ConfigurationFile]


def configuration(disk: Filesystem) -> Configuration:
    """The configuration that a disk has; none where there is no ``/etc``."""
    room = TEXTS_LIMIT
    files = {}
    for path in disk.files(TREE):
        content = disk.read_bytes(path)
        text = _text(path, content) if len(content) <= min(room, TEXT_LIMIT) else None
        room -= len(content) if text is not None else 0
        files[path] = ConfigurationFile(hashlib.sha256(content).hexdigest(), text)
    return Configuration(files)


def _text(path: str, content: bytes) -> str | None:
    if b"\0" in content or any(fnmatchcase(path, pattern) for pattern in _SECRET):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
