"""Programs for UEFI, signed by authorities of the tests' own."""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_HEADERS = 0x400
_ALIGNMENT = 0x200


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, and the certificate that vouches for it."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    authority: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def identity(name: str, authority: Identity | None = None, *, expired: bool = False) -> Identity:
    """An identity vouched for by another one, or by itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=100)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=50 if expired else 1000))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .sign(authority.key if authority else key, hashes.SHA256())
    )
    return Identity(certificate, key, authority.certificate if authority else certificate)


def program(sections: Mapping[str, bytes] | None = None) -> bytes:
    """A program for UEFI of x86-64 with code and other sections; their names may be long."""
    contents = {".text": b"\xc3", **(sections or {})}
    strings = b""
    table, body = b"", b""
    for name, content in contents.items():
        label = name.encode()
        if len(label) > 8:
            label = f"/{4 + len(strings)}".encode()
            strings += name.encode() + b"\0"
        padded = content.ljust(-(-len(content) // _ALIGNMENT) * _ALIGNMENT, b"\0")
        address = 0x1000 + 0x10000 * (len(table) // 40)
        place = _HEADERS + len(body)
        table += struct.pack("<8s6I2HI", label, len(content), address, len(padded), place,
                             *(0, 0, 0, 0, 0x60000020))  # fmt: skip
        body += padded
    optional = struct.pack(
        "<HBB9I6H4I2H4Q2I", 0x20B, 0, 0, len(body), 0, 0, 0x1000, 0x1000, 0, 0, 0x1000, _ALIGNMENT,
        *(0, 0, 0, 0, 0, 0), 0, 0x100000, _HEADERS, 0, 10, 0, *(0, 0, 0, 0), 0, 16,
    )  # fmt: skip
    optional += bytes(16 * 8)
    where = _HEADERS - 0x100  # of the names that are long
    header = b"PE\0\0" + struct.pack(
        "<2H3I2H", 0x8664, len(contents), 0, where, 0, len(optional), 0x22
    )
    start = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    image = (start + header + optional + table).ljust(where, b"\0")
    image += struct.pack("<I", 4 + len(strings)) + strings
    return image.ljust(_HEADERS, b"\0") + body


def sign(data: bytes, *signers: Identity) -> bytes:
    """The program with a signature of each signer, which carries its authority's certificate."""
    if shutil.which("sbsign") is None:
        return data  # every test that looks at the signature is skipped then
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "program"
        path.write_bytes(data)
        for signer in signers:
            files = {
                "key": signer.key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.TraditionalOpenSSL,
                    serialization.NoEncryption(),
                ),
                "cert": signer.certificate.public_bytes(serialization.Encoding.PEM),
                "authority": signer.authority.public_bytes(serialization.Encoding.PEM),
            }
            for name, content in files.items():
                path.with_name(name).write_bytes(content)
            options = ["--key", "key", "--cert", "cert", "--addcert", "authority"]
            subprocess.run(
                ["sbsign", *options, "--output", path, path],
                cwd=scratch, capture_output=True, check=True,
            )  # fmt: skip
        return path.read_bytes()


def shim(trusted: bytes) -> bytes:
    """A shim, unsigned, that trusts a certificate or the authorities of an EFI signature list."""
    table = struct.pack("<4I", len(trusted), 0, 16, 16 + len(trusted))
    return program({".vendor_cert": table + trusted})


def signature_list(*certificates: bytes) -> bytes:
    """EFI signature lists, one for each certificate, as UEFI 2.10, 32.4.1 has them."""
    kind = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")
    lists = b""
    for certificate in certificates:
        entry = bytes(16) + certificate
        lists += struct.pack("<16s3I", kind, 28 + len(entry), 0, len(entry)) + entry
    return lists
