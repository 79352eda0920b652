"""Digests of files that are too large for memory."""

import hashlib
import os
import secrets
from pathlib import Path

BLOCK = 4 * 1024 * 1024


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, at the speed of the disk or of one core."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests(path: Path) -> tuple[str, str]:
    """Hex SHA-256 and SHA-512 of a file, in one reading."""
    sha256, sha512 = hashlib.sha256(), hashlib.sha512()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            sha512.update(block)
    return sha256.hexdigest(), sha512.hexdigest()


def temporary_name(path: Path) -> Path:
    """A name beside a path that nobody else takes: containers that share a disk share pids, too."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}")


def replace_text(path: Path, text: str) -> None:
    """Write a file under a temporary name, then give it its own."""
    partial = temporary_name(path)
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
