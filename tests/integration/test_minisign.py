"""minisign itself checks what was signed here, and the other way round."""

import subprocess
from pathlib import Path

import pytest

from builder.attest.checksums import check, identity, public_key, secret_key, sign_checksums

pytestmark = [pytest.mark.integration, pytest.mark.program("minisign")]

SECRET = "correct horse"  # noqa: S105 - of a key that is made here


def minisign(*words: str | Path, said: str = "") -> str:
    done = subprocess.run(
        ["minisign", *words], input=said, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "SHA256SUMS").write_text(f"{'a' * 64}  image.qcow2\n")
    return tmp_path


def keys(home: Path, *options: str, said: str = "") -> tuple[Path, Path]:
    secret, public = home / "release.key", home / "release.pub"
    minisign("-G", *options, "-f", "-s", secret, "-p", public, said=said)
    return secret, public


def test_it_accepts_what_was_signed_here(build: Path) -> None:
    secret, public = keys(build, "-W")
    sign_checksums(build, secret_key(str(secret), None))
    said = minisign("-V", "-p", public, "-m", build / "SHA256SUMS")
    assert "Signature and comment signature verified" in said
    assert "file:SHA256SUMS" in said
    (build / "SHA256SUMS").write_text("another\n")
    with pytest.raises(subprocess.CalledProcessError):
        minisign("-V", "-p", public, "-m", build / "SHA256SUMS")


def test_what_it_signed_is_accepted_here(build: Path) -> None:
    secret, public = keys(build, "-W")
    minisign("-S", "-s", secret, "-m", build / "SHA256SUMS")
    key = public_key(public)
    assert key
    assert identity(key) in public.read_text()
    assert check(build, [key]).told["image.qcow2"] == "a" * 64


def test_its_encrypted_key_is_decrypted_with_the_passphrase(build: Path) -> None:
    secret, public = keys(build, said=f"{SECRET}\n{SECRET}\n")
    sign_checksums(build, secret_key(str(secret), SECRET))
    assert "verified" in minisign("-V", "-p", public, "-m", build / "SHA256SUMS")
