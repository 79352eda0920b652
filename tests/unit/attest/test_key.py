"""Keys: which ones sign and check, and what is said of the others."""

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from attested import SECRET, machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from builder.attest.key import attester, public_key
from builder.attest.statement import read, sign, statement
from builder.errors import InputError
from builder.store.sections import ImageFile

IMAGE = ImageFile(
    name="image.raw", format="raw", size=1, virtual_size=1, sha256="a" * 64, sha512="b" * 128
)


def private_pem(key: object, encryption: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


GOOD = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}
BAD = {
    "DSA": lambda: dsa.generate_private_key(2048),
    "X25519": x25519.X25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "RSA of 1024 bits": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - to be refused
}


@pytest.mark.parametrize("kind", GOOD)
def test_what_a_key_signs_its_public_key_accepts(tmp_path: Path, kind: str) -> None:
    key = GOOD[kind]()
    (tmp_path / "key").write_bytes(private_pem(key))
    (tmp_path / "pub").write_bytes(public_pem(key))
    envelope = sign(statement(IMAGE, "x:y", {"a": 1}), attester(str(tmp_path / "key"), None))
    public = public_key(tmp_path / "pub")
    assert envelope.verify([public], 1) == {public.keyid: public}
    assert read(envelope).image_sha256 == "a" * 64


@pytest.mark.parametrize("kind", BAD)
def test_a_key_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    key = BAD[kind]()
    (tmp_path / "key").write_bytes(private_pem(key))
    (tmp_path / "pub").write_bytes(public_pem(key))
    for read_it in (
        lambda: attester(str(tmp_path / "key"), None),
        lambda: public_key(tmp_path / "pub"),
    ):
        with pytest.raises(
            InputError, match=f"is of a kind that no statement is signed with: .*{kind}"
        ):
            read_it()


def test_the_key_itself_may_be_given(tmp_path: Path) -> None:
    builder = machine(tmp_path, "builder")
    assert attester(builder.private.read_text(), None).key_id == builder.key.keyid


@pytest.mark.parametrize("traditional", [False, True])
def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, traditional: bool) -> None:  # noqa: FBT001
    key = GOOD["P-256"]()
    form = PrivateFormat.TraditionalOpenSSL if traditional else PrivateFormat.PKCS8
    pem = key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(SECRET.encode()))
    path = tmp_path / "key"
    path.write_bytes(pem)
    (tmp_path / "pub").write_bytes(public_pem(key))
    assert attester(str(path), SECRET).key_id == public_key(tmp_path / "pub").keyid
    for nothing in (None, ""):
        with pytest.raises(InputError, match="is encrypted") as caught:
            attester(str(path), nothing)
        assert "GUEST_IMAGE_SIGNING_PASSPHRASE" in caught.value.hint
    with pytest.raises(InputError, match="cannot be decrypted"):
        attester(str(path), "wrong")


def test_what_no_encoding_has_is_no_key() -> None:
    with pytest.raises(InputError, match="The signing key is not a private key"):
        attester("-----BEGIN \udcff", "\udcfe")


def test_a_passphrase_that_a_key_does_not_need_is_no_error(tmp_path: Path) -> None:
    builder = machine(tmp_path, "builder")
    assert attester(str(builder.private), SECRET).key_id == builder.key.keyid


TEXTS = {
    "empty": b"",
    "no PEM": b"ssh-ed25519 AAAA me@here\n",
    "not text": bytes(range(256)),
    "cut": private_pem(GOOD["Ed25519"]())[:60],
    "another thing": b"-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----\n",
    "a wrong inside": b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
}  # fmt: skip


@pytest.mark.parametrize("what", TEXTS)
def test_what_is_no_key_is_told(tmp_path: Path, what: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(TEXTS[what])
    with pytest.raises(InputError, match="is not a private key in PEM"):
        attester(str(path), None)
    with pytest.raises(InputError, match=r"not a public key|is a private key"):
        public_key(path)


def test_a_private_key_is_not_taken_for_the_public_one(tmp_path: Path) -> None:
    builder = machine(tmp_path, "builder")
    with pytest.raises(InputError, match="is a private key") as caught:
        public_key(builder.private)
    assert "openssl pkey" in caught.value.hint
    with pytest.raises(InputError, match="is not a private key"):
        attester(str(builder.public), None)


def test_a_certificate_is_no_key_even_before_it_expires(tmp_path: Path) -> None:
    key = GOOD["P-256"]()
    now = dt.datetime.now(dt.UTC)
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(now - dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    with pytest.raises(InputError, match="is a certificate") as caught:
        public_key(path)
    assert "-pubkey" in caught.value.hint


@pytest.mark.parametrize("name", ["gone", ".", "a\0b", "x" * 300])
def test_a_key_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        public_key(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        attester(f"{tmp_path}/{name}", None)


def test_a_device_without_end_is_no_key() -> None:
    with pytest.raises(InputError, match="is not a public key"):
        public_key(Path("/dev/zero"))


def test_the_remedies_are_what_openssl_does(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", tmp_path / "pub"], check=True)
    assert attester(str(key), None).key_id == public_key(tmp_path / "pub").keyid
