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
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed.security import Security

from builder.errors import InputError

VALIDITY = timedelta(days=3650)
_NAME = "guest-image fleet"


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
    parts = urlsplit(address)
    if parts.scheme not in {"tcp", "tls"} or not parts.hostname:
        raise InputError(
            f"'{address}' is not the address of a scheduler.",
            hint="Write tcp://HOST:PORT, as 'guest-image fleet scheduler' has said.",
        )
    if secret is None:
        if not is_loopback(parts.hostname):
            raise InputError(
                f"{parts.hostname} is another machine, and there is no key to speak to it with.",
                details=["Whoever can reach a scheduler without one can run programs as its user."],
                hint="Name the fleet's key with --key; 'guest-image fleet scheduler' makes it.",
            )
        return Security(require_encryption=False)
    try:
        content = secret.read_text(encoding="ascii")
        x509.load_pem_x509_certificate(content.encode())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{secret} is not the key of a fleet.",
            details=[str(error)],
            hint="Copy the file that 'guest-image fleet scheduler --key FILE' has made.",
        ) from error
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


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can be meant."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def spoken(address: str, security: Security) -> str:
    """The address with the scheme of what is spoken there."""
    rest = address.partition("://")[2]
    return f"{'tls' if security.require_encryption else 'tcp'}://{rest}"
