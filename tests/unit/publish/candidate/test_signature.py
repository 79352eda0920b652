"""Signatures that cursive, and so Glance and Nova, accept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from builder.errors import InputError
from builder.nova.properties import complaints
from builder.publish.candidate.signature import Signer

ID = "12345678-1234-1234-1234-123456789abc"
NOW = datetime.now(UTC)


def data() -> Iterator[bytes]:
    return iter([b"some", b"data"])


def other_data() -> Iterator[bytes]:
    return iter([b"other data"])


def key_files(
    where: Path, key: Any, *, name: str = "key", until: datetime = NOW + timedelta(days=9)
) -> tuple[Path, Path]:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "publisher")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    builder = builder.not_valid_before(NOW - timedelta(days=9)).not_valid_after(until)
    method = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(key, method)
    paths = where / f"{name}.pem", where / f"{name}.crt"
    paths[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    paths[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return paths


RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("key", "kind"),
    [(RSA, "RSA-PSS"), (ec.generate_private_key(ec.SECP384R1()), "ECC_SECP384R1")],
    ids=["rsa", "ecc"],
)
def test_a_signature_has_the_properties_that_nova_reads(
    key: Any, kind: str, tmp_path: Path
) -> None:
    properties = Signer(*key_files(tmp_path, key), ID).properties(data, [])
    assert properties["img_signature_key_type"] == kind
    assert properties["img_signature_certificate_uuid"] == ID
    assert complaints(properties) == []


def test_a_signature_that_still_holds_is_kept(tmp_path: Path) -> None:
    signer = Signer(*key_files(tmp_path, RSA), ID)
    first = signer.properties(data, [])
    assert signer.properties(data, [{"hw_disk_bus": "scsi"}, first]) == first
    assert signer.properties(data, []) != first, "RSA-PSS is salted"


def test_a_signature_of_other_data_is_made_anew(tmp_path: Path) -> None:
    signer = Signer(*key_files(tmp_path, RSA), ID)
    first = signer.properties(data, [])
    assert signer.properties(other_data, [first])["img_signature"] != first["img_signature"]


def test_a_certificate_of_another_key_is_refused(tmp_path: Path) -> None:
    key, _ = key_files(tmp_path, RSA)
    _, other = key_files(tmp_path, rsa.generate_private_key(65537, 2048), name="other")
    with pytest.raises(InputError, match="is not that of the key"):
        Signer(key, other, ID).properties(data, [])


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    files = key_files(tmp_path, RSA, until=NOW - timedelta(days=1))
    with pytest.raises(InputError, match="is valid from"):
        Signer(*files, ID).properties(data, [])


def test_a_kind_of_key_that_nova_does_not_check_is_refused(tmp_path: Path) -> None:
    files = key_files(tmp_path, ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(InputError, match="of a kind that Nova does not check"):
        Signer(*files, ID).properties(data, [])


def test_what_is_no_key_and_no_certificate_is_told(tmp_path: Path) -> None:
    key, certificate = key_files(tmp_path, RSA)
    with pytest.raises(InputError, match="is not a private key in PEM"):
        Signer(certificate, certificate, ID).properties(data, [])
    with pytest.raises(InputError, match=r"is not an X.509 certificate in PEM"):
        Signer(key, key, ID).properties(data, [])
    with pytest.raises(InputError, match="cannot be read"):
        Signer(key, tmp_path / "gone", ID).properties(data, [])
