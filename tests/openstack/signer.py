"""Who signs an image that is published: a key of their own, and its certificate."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

KINDS = {"rsa": ["rsa:2048"], "secp384r1": ["ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"]}


@dataclass(frozen=True)
class Signer:
    """A key and its certificate."""

    key: Path
    certificate: Path

    def options(self, certificate_id: str) -> list[str | Path]:
        """What ``publish`` needs to sign."""
        return ["--sign-key", self.key, "--sign-certificate", self.certificate,
                "--certificate-id", certificate_id]  # fmt: skip


def make_signer(directory: Path, kind: str = "rsa") -> Signer:
    """Make both in the directory."""
    directory.mkdir(exist_ok=True)
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", *KINDS[kind], "-nodes", "-subj", "/CN=publisher",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return Signer(key, certificate)
