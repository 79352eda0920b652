"""Keys that statements are signed with, and checked by: PEM, as OpenSSL writes it.

A bare key has no expiry: who no longer trusts one stops naming it. A certificate has one, which
says nothing of when a statement was signed, so that none is taken for a key.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from securesystemslib.signer import CryptoSigner, SSlibKey

from builder.errors import InputError

PublicKey = SSlibKey
"""A key that signatures are checked by."""

PASSPHRASE = "GUEST_IMAGE_SIGNING_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The variable with the passphrase of an encrypted key."""

SIZE_LIMIT = 64 << 10
"""Bytes of a file with a key; one of RSA with 16,384 bits has 13,000."""

_BEGIN = "-----BEGIN "
_LEAST_RSA_BITS = 2048


@dataclass(frozen=True)
class Attester:
    """Who signs statements."""

    signer: CryptoSigner

    @property
    def key_id(self) -> str:
        """The id of its public key, in hex."""
        return self.signer.public_key.keyid


def attester(given: str, passphrase: str | None) -> Attester:
    """Who has the private key ``given``: the path of a PEM file, or the PEM itself.

    ``passphrase`` is for an encrypted key; one that is not encrypted needs none. Raises
    ``InputError`` for what cannot be used.
    """
    name = "The signing key" if given.lstrip().startswith(_BEGIN) else given
    pem = os.fsencode(given) if name != given else read_key(Path(given))
    key = _private_key(name, pem, passphrase)
    return Attester(CryptoSigner(key, _usable(name, key.public_key())))


def public_key(path: Path) -> PublicKey:
    """The public key in a PEM file. Raises ``InputError`` for what cannot be used."""
    pem = read_key(path)
    if b" PRIVATE KEY-----" in pem:
        raise InputError(
            f"{path} is a private key; statements are checked by the public one.",
            hint="openssl pkey -in KEY -pubout -out PUBLIC writes it. Keep the private one secret.",
        )
    if b"BEGIN CERTIFICATE" in pem:
        raise InputError(
            f"{path} is a certificate, and no bare public key.",
            details=["It may expire, and does not tell when a statement was signed."],
            hint="openssl x509 -in CERTIFICATE -pubkey -noout > PUBLIC takes its key out.",
        )
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"{path} is not a public key in PEM.",
            details=[_first_line(error)],
            hint="openssl pkey -in KEY -pubout -out PUBLIC writes one.",
        ) from error
    return _usable(str(path), key)


def read_key(path: Path) -> bytes:
    """A file with a key. Raises ``InputError``."""
    try:
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT)
    except (OSError, ValueError) as error:  # a name with a null byte in it
        raise InputError(
            f"The key {path} cannot be read.",
            details=[getattr(error, "strerror", None) or str(error)],
            hint="Check the path and its permissions.",
        ) from error


def _private_key(name: str, pem: bytes, passphrase: str | None) -> PrivateKeyTypes:
    try:
        return _loaded(pem, passphrase)
    except TypeError as error:  # it is encrypted, and no passphrase is given
        raise InputError(
            f"{name} is encrypted.", hint=f"Set {PASSPHRASE} to its passphrase."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if b"ENCRYPTED" in pem and passphrase:
            raise InputError(
                f"{name} cannot be decrypted with the passphrase that was given.",
                details=[_first_line(error)],
                hint=f"Set {PASSPHRASE} to its passphrase.",
            ) from error
        raise InputError(
            f"{name} is not a private key in PEM.",
            details=[_first_line(error)],
            hint="openssl genpkey -algorithm ed25519 -out KEY makes one; ssh-keygen -p -m PKCS8 -f"
            " KEY turns an SSH key into one.",
        ) from error


def _loaded(pem: bytes, passphrase: str | None) -> PrivateKeyTypes:
    """The key. Raises ``TypeError`` where it is encrypted and there is no passphrase."""
    if b"ENCRYPTED" not in pem:
        return serialization.load_pem_private_key(pem, password=None)
    return serialization.load_pem_private_key(
        pem, password=os.fsencode(passphrase) if passphrase else None
    )


def _usable(name: str, key: PublicKeyTypes) -> PublicKey:
    """The key. Raises ``InputError`` for one of a kind that no statement is signed with."""
    weak = isinstance(key, RSAPublicKey) and key.key_size < _LEAST_RSA_BITS
    try:
        usable = None if weak else SSlibKey.from_crypto(key)
    except ValueError:  # the library's own list of kinds
        usable = None
    if usable is None:
        raise InputError(
            f"{name} is of a kind that no statement is signed with: {_kind(key)}.",
            hint="Use Ed25519, ECDSA (P-256, P-384, P-521), or RSA of 2048 bits and more.",
        )
    return usable


def _kind(key: PublicKeyTypes) -> str:
    match key:
        case RSAPublicKey():
            return f"RSA of {key.key_size} bits"
        case EllipticCurvePublicKey():
            return f"ECDSA with {key.curve.name}"
        case _:
            return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
