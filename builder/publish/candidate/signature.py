"""Signed images: a signature that Glance and Nova check with a certificate from Barbican.

The properties are those that ``cursive`` reads, OpenStack's library for it; it checks every
signature here as it will be checked there: with the public key of the certificate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa, utils
from cursive import signature_utils
from oslo_serialization import base64

from builder.errors import InputError

SIGNATURE = "img_signature"
CERTIFICATE = "img_signature_certificate_uuid"
HASH = "img_signature_hash_method"
KEY_TYPE = "img_signature_key_type"

_HASH_METHOD = "SHA-256"

Pieces = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Signer:
    """A private key and its certificate, as files in PEM, and the certificate's id in Barbican."""

    key: Path
    certificate: Path
    certificate_id: str

    def properties(self, pieces: Pieces, published: Sequence[Mapping[str, str]]) -> dict[str, str]:
        """The properties of the data's signature: one that was published before, or a new one.

        A new signature of equal data differs, so that one that still holds is kept. Raises
        ``InputError`` where key and certificate cannot be used, or do not belong together.
        """
        certificate = self._certificate()
        for earlier in published:
            if earlier.get(CERTIFICATE) == self.certificate_id and _holds(
                earlier, certificate, pieces
            ):
                return {name: earlier[name] for name in (SIGNATURE, CERTIFICATE, HASH, KEY_TYPE)}
        new = self._sign(pieces)
        if not _holds(new, certificate, pieces):
            raise InputError(
                f"The certificate {self.certificate} is not that of the key {self.key}.",
                hint="Name the certificate that was made of this key.",
            )
        return new

    def _sign(self, pieces: Pieces) -> dict[str, str]:
        key = self._private_key()
        method = signature_utils.HASH_METHODS[_HASH_METHOD]
        digest = _digest(pieces, method)
        prehashed = utils.Prehashed(method)
        match key:
            case rsa.RSAPrivateKey():
                kind = signature_utils.RSA_PSS
                pss = padding.PSS(padding.MGF1(method), padding.PSS.MAX_LENGTH)
                signature = key.sign(digest, pss, prehashed)
            case ec.EllipticCurvePrivateKey():
                kind = f"ECC_{key.curve.name.upper()}"
                signature = key.sign(digest, ec.ECDSA(prehashed))
            case dsa.DSAPrivateKey():
                kind = signature_utils.DSA
                signature = key.sign(digest, prehashed)
            case _:
                kind, signature = type(key).__name__, b""
        if kind not in signature_utils.SignatureKeyType.REGISTERED_TYPES:
            raise InputError(
                f"The key {self.key} is of a kind that Nova does not check: {kind}.",
                hint="Use an RSA key, or one of the curves secp384r1 and secp521r1.",
            )
        return {
            SIGNATURE: base64.encode_as_text(signature),
            CERTIFICATE: self.certificate_id,
            HASH: _HASH_METHOD,
            KEY_TYPE: kind,
        }

    def _private_key(self) -> Any:  # Any: a key of any kind
        try:
            return serialization.load_pem_private_key(_read(self.key), password=None)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{self.key} is not a private key in PEM without a passphrase.",
                details=[str(error)],
                hint="openssl pkey -in KEY -out PLAIN takes a passphrase away.",
            ) from error

    def _certificate(self) -> x509.Certificate:
        try:
            certificate = x509.load_pem_x509_certificate(_read(self.certificate))
        except ValueError as error:
            raise InputError(
                f"{self.certificate} is not an X.509 certificate in PEM.",
                details=[str(error)],
                hint="openssl x509 -in CERTIFICATE -text shows what it is.",
            ) from error
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not begin <= datetime.now(UTC) <= end:
            raise InputError(
                f"The certificate {self.certificate} is valid from {begin:%Y-%m-%d} to"
                f" {end:%Y-%m-%d} only.",
                hint="Nova refuses images with such a certificate: renew it.",
            )
        return certificate


def _holds(properties: Mapping[str, str], certificate: x509.Certificate, pieces: Pieces) -> bool:
    """Whether cursive accepts the signature of the data."""
    kind = signature_utils.SignatureKeyType.lookup(properties[KEY_TYPE])
    public_key = certificate.public_key()
    if not isinstance(public_key, kind.public_key_type):
        return False
    verifier = kind.create_verifier(
        signature_utils.get_signature(properties[SIGNATURE]),
        signature_utils.get_hash_method(properties[HASH]),
        public_key,
    )
    for piece in pieces():
        verifier.update(piece)
    try:
        verifier.verify()
    except InvalidSignature:
        return False
    return True


def _digest(pieces: Pieces, method: hashes.HashAlgorithm) -> bytes:
    hasher = hashes.Hash(method)
    for piece in pieces():
        hasher.update(piece)
    return hasher.finalize()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read.",
            details=[error.strerror or str(error)],
            hint="Check the path and its permissions.",
        ) from error
