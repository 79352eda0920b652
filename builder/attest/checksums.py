"""The signature of ``SHA256SUMS`` by minisign, for who has that program and coreutils alone.

minisign's keys are Ed25519 and have no expiry. Source: its page, jedisct1.github.io/minisign.
"""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minisign import Error, PublicKey, SecretKey, Signature

from builder.attest.key import read_key
from builder.attest.part import Part, State
from builder.errors import InputError
from builder.host.files import replace_text
from builder.store.build_directory import CHECKSUMS

FILE_NAME = f"{CHECKSUMS}.minisig"
PASSPHRASE = "GUEST_IMAGE_MINISIGN_PASSPHRASE"  # noqa: S105 - the name of a variable

SIZE_LIMIT = 1 << 20
"""Bytes of a file with checksums, or with their signature."""

_COMMENT = "untrusted comment: "


@dataclass(frozen=True)
class Checksums:
    """What the checksums and their signature tell."""

    parts: tuple[Part, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each file, where the signature holds."""
    key_id: str = ""


def secret_key(given: str, passphrase: str | None) -> SecretKey:
    """The secret key ``given``: the path of minisign's file, or its content.

    Raises ``InputError`` for what cannot be used.
    """
    name = "The minisign key" if given.startswith(_COMMENT) else given
    content = given.encode(errors="replace") if name != given else read_key(Path(given))
    try:
        key = SecretKey.from_bytes(content)
    except Error as error:
        raise InputError(
            f"{name} is not a secret key of minisign.",
            details=[str(error)],
            hint="minisign -G makes one; with -W it is not encrypted.",
        ) from error
    if key.is_encrypted():
        _decrypt(name, key, passphrase)
    return key


def public_key(path: Path) -> PublicKey | None:
    """Minisign's public key in a file, or None where it has another kind of key.

    Raises ``InputError`` for one that cannot be read.
    """
    content = read_key(path)
    if not content.startswith(_COMMENT.encode()):
        return None
    try:
        return PublicKey.from_bytes(content)
    except Error as error:
        raise InputError(
            f"{path} is not a public key of minisign.",
            details=[str(error)],
            hint="minisign -R -s SECRET -p PUBLIC writes it.",
        ) from error


def sign_checksums(directory: Path, key: SecretKey) -> None:
    """Sign the checksums of a build directory. Raises ``OSError``."""
    signature = key.sign(
        (directory / CHECKSUMS).read_bytes(),
        trusted_comment=f"timestamp:{int(time.time())}\tfile:{CHECKSUMS}",
    )
    replace_text(directory / FILE_NAME, f"{bytes(signature).decode()}\n")


def check(directory: Path, keys: Sequence[PublicKey]) -> Checksums:
    """Check the signature by the keys; without any nothing is told."""
    if not keys:
        return Checksums()
    content, signature = (_content(directory / name) for name in (CHECKSUMS, FILE_NAME))
    content = content or b""
    if signature is None:
        return Checksums((Part(FILE_NAME, State.MISSING),))
    try:
        signed = Signature.from_bytes(signature)
    except Error as error:
        return Checksums((Part(FILE_NAME, State.CHANGED, str(error)),))
    for key in keys:
        try:
            key.verify(content, signed)
        except Error:
            continue
        key_id = identity(key)
        part = Part(FILE_NAME, State.SIGNED, key_id=key_id)
        own = hashlib.sha256(content).hexdigest()
        return Checksums((part,), {**_listed(content), CHECKSUMS: own}, key_id)
    seen = f"it does not hold for {CHECKSUMS}, or is by another key"
    return Checksums((Part(FILE_NAME, State.CHANGED, seen),))


def identity(key: PublicKey) -> str:
    """A key's id as minisign itself tells it."""
    return base64.b64decode(key.to_base64())[2:10][::-1].hex().upper()


def _decrypt(name: str, key: SecretKey, passphrase: str | None) -> None:
    if not passphrase:
        raise InputError(f"{name} is encrypted.", hint=f"Set {PASSPHRASE} to its passphrase.")
    try:
        key.decrypt(passphrase)
    except (ValueError, MemoryError) as error:  # what no encoding has, and the library's own
        raise InputError(
            f"{name} cannot be decrypted with the passphrase that was given.",
            details=[str(error)],
            hint=f"Set {PASSPHRASE} to its passphrase. minisign's own keys need 1 GiB of memory.",
        ) from error


def _content(path: Path) -> bytes | None:
    """The content of a small file, or None."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT)
    except OSError:
        return None


def _listed(content: bytes) -> dict[str, str]:
    lines = (line.split(None, 1) for line in content.decode(errors="replace").splitlines())
    return {words[1].lstrip("*"): words[0] for words in lines if len(words) == 2}  # noqa: PLR2004
