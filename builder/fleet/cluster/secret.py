"""The key of a fleet: one file with a certificate and its key, which all its machines have.

Who has it belongs to the fleet, and nobody else: the certificate is its own authority, and every
connection asks both ends for it.
"""

import ipaddress
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed.security import Security

from builder.errors import InputError

VALIDITY = timedelta(days=3650)
_NAME = "guest-image fleet"
_COPY = "Copy the file that 'guest-image fleet scheduler --key FILE' has made."


def make_secret(path: Path) -> None:
    """Make a new key in a file that only its owner can read; one that is there stays.

    Raises ``OSError``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + VALIDITY)
        .sign(key, hashes.SHA256())
    )
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def security_for(address: str, secret: Path | None) -> Security:
    """How the parts of a fleet speak: by TLS with a key, and without one on loopback alone.

    Raises ``InputError`` for an address, or a key, that cannot be used.
    """
    host = _host_of(address)
    if secret is None:
        if not is_loopback(host):
            raise InputError(
                f"{host} is another machine, and there is no key to speak to it with.",
                details=["Whoever can reach a scheduler without one can run programs as its user."],
                hint="Name the fleet's key with --key; 'guest-image fleet scheduler' makes it.",
            )
        return Security(require_encryption=False)
    _require_secret(secret)
    name = str(secret)
    return Security(
        require_encryption=True,
        tls_ca_file=name,
        **{
            f"tls_{role}_{part}": name
            for role in ("client", "scheduler", "worker")
            for part in ("cert", "key")
        },
    )


def _host_of(address: str) -> str:
    """The host of an address that has all its parts. Raises ``InputError``."""
    try:
        parts = urlsplit(address)
        if parts.scheme in {"tcp", "tls"} and parts.hostname and parts.port is not None:
            return parts.hostname
    except ValueError:  # a port that none can be
        pass
    raise InputError(
        f"'{address}' is not the address of a scheduler.",
        hint="Write tcp://HOST:PORT, as 'guest-image fleet scheduler' has said.",
    )


def _require_secret(path: Path) -> None:
    """Raise ``InputError`` for a file that no machine of a fleet would be let in with."""
    try:
        content = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(content)
        key = serialization.load_pem_private_key(content, None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        told = error.strerror if isinstance(error, OSError) else None
        raise InputError(
            f"{path} is not the key of a fleet.",
            details=[f"{told or 'It has no certificate with its private key'}."],
            hint=_COPY,
        ) from error
    if certificate.public_key() != key.public_key():
        raise InputError(
            f"{path} is not the key of a fleet.",
            details=["Its certificate is not that of its private key."],
            hint=_COPY,
        )
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins <= datetime.now(UTC) <= ends:
        raise InputError(
            f"The key of the fleet, {path}, is not valid now: from {begins:%Y-%m-%d} to"
            f" {ends:%Y-%m-%d}.",
            hint="See that this machine's clock is right. Remove the file of an old key, let"
            " 'guest-image fleet scheduler --key FILE' make another, and copy it to all machines.",
        )


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can be meant."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 has colons of its own."""
    return f"[{host}]" if ":" in host else host


def spoken(address: str, security: Security) -> str:
    """The address with the scheme of what is spoken there."""
    rest = address.partition("://")[2]
    return f"{'tls' if security.require_encryption else 'tcp'}://{rest}"
