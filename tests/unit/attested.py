"""A build that three machines have made, proven and published, each with a key of its own."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bills import CONTENTS
from comparisons import boots
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from minisign import KeyPair
from reports import publication
from samples import complete, manifest, plan

from builder.attest.key import Attester, PublicKey, attester, public_key
from builder.attest.sign import sign_build, sign_proof, sign_record
from builder.feature import Outcome
from builder.host.files import digests, sha256_of
from builder.proof.boot import kept_logs
from builder.report.update import update
from builder.sbom.write import packages_of, subject_of, write_bills
from builder.store import manifest as manifests
from builder.store.disk_files import checksums
from builder.store.sections import Evidence, FormatFile, ImageFile

PLAN = plan("pinned-scsi")
CONTENT = "e" * 64
SECRET = "correct horse"  # noqa: S105 - of keys that are made here
IMAGE = b"QFI\xfb" + bytes(range(256)) * 64


@dataclass(frozen=True)
class Machine:
    """One that has a key."""

    private: Path
    public: Path

    @property
    def attester(self) -> Attester:
        return attester(str(self.private), None)

    @property
    def key(self) -> PublicKey:
        return public_key(self.public)


def machine(directory: Path, name: str) -> Machine:
    """A machine with a new Ed25519 key."""
    key = Ed25519PrivateKey.generate()
    named = Machine(directory / f"{name}.pem", directory / f"{name}.pub")
    named.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    named.public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return named


class MinisignPair:
    """minisign's files."""

    def __init__(self, home: Path, name: str = "release", secret: str = "") -> None:
        pair = KeyPair.generate()
        pair.secret_key.untrusted_comment = "minisign secret key"
        if secret:
            pair.secret_key.encrypt(secret)
            pair.secret_key.untrusted_comment = "minisign encrypted secret key"
        self.secret, self.public = home / f"{name}.key", home / f"{name}.pub"
        self.secret.write_bytes(bytes(pair.secret_key) + b"\n")
        self.public.write_bytes(bytes(pair.public_key) + b"\n")


def encrypted(of: Machine) -> str:
    """Its private key as PEM, encrypted with ``SECRET``."""
    key = load_pem_private_key(of.private.read_bytes(), None)
    secret = BestAvailableEncryption(SECRET.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode()


def built(directory: Path, image: bytes = IMAGE) -> Path:
    """What a build leaves; nobody has signed it."""
    directory.mkdir(parents=True)
    (directory / "image.qcow2").write_bytes(image)
    sha256, sha512 = digests(directory / "image.qcow2")
    (directory / "image.vmdk").write_bytes(b"KDMV" + image)
    (directory / "build.log").write_text("     0.1 bootstrap\n     9.9 convert\n")
    file = ImageFile(
        name="image.qcow2",
        format="qcow2",
        size=len(image),
        virtual_size=2 << 30,
        sha256=sha256,
        sha512=sha512,
        content_sha256=CONTENT,
    )
    vmdk = FormatFile(
        name="image.vmdk",
        format="vmdk",
        size=len(image) + 4,
        virtual_size=2 << 30,
        sha256=sha256_of(directory / "image.vmdk"),
        sha512="d" * 128,
        content_sha256=CONTENT,
    )
    (directory / "SHA256SUMS").write_text(checksums((file, vmdk)))
    build = manifest(PLAN, image=file, formats=(vmdk,), packages=packages_of(CONTENTS))
    bills = write_bills(directory, subject_of(build, PLAN), CONTENTS)
    manifests.write(directory, build.model_copy(update={"sbom": bills}))
    return directory


def results(sha256: str, **changed: object) -> list[Evidence]:
    """Evidence of everything that the plan asks for."""
    return [
        result.model_copy(update={"image_sha256": sha256, **changed}) for result in complete(PLAN)
    ]


def proven(directory: Path, prover: Machine | None, **changed: object) -> None:
    """Prove it, as a proof does that has the checks' results."""
    sha256 = hashlib.sha256((directory / "image.qcow2").read_bytes()).hexdigest()
    evidence = results(sha256, **changed)
    records = boots(PLAN, sha256, "6.1.0-57-amd64")
    for boot in PLAN.boots:
        (directory / f"{boot.name}-console.log").write_text(f"{boot.name}: Linux\n")
        (directory / f"{boot.name}-qemu.log").write_text("")
    update(directory, lambda build: build.with_evidence(evidence, records))
    if prover:
        logs = kept_logs(directory, [boot.name for boot in PLAN.boots])
        sign_proof(directory, evidence, records, logs, prover.attester)


def published(directory: Path, publisher: Machine | None) -> None:
    """Note a publication, as one does that has uploaded the image."""
    update(directory, lambda build: build.with_published(publication()))
    if publisher:
        sign_record(directory, publisher.attester)


@dataclass(frozen=True)
class Release:
    """The build directory, and who has signed what in it."""

    directory: Path
    builder: Machine
    prover: Machine
    publisher: Machine

    @property
    def keys(self) -> list[PublicKey]:
        return [self.builder.key, self.prover.key, self.publisher.key]


NAME = "20260102T030405Z-3f9c2a"
MACHINES = ("builder", "prover", "publisher")


@cache
def _released() -> dict[str, bytes]:
    """The files of a release; made once, for rendering its report takes long."""
    with TemporaryDirectory() as home:
        machines = [machine(Path(home), each) for each in MACHINES]
        directory = built(Path(home) / "dist" / "pinned-scsi" / NAME)
        sign_build(directory, machines[0].attester)
        proven(directory, machines[1])
        published(directory, machines[2])
        files = (path for path in Path(home).rglob("*") if path.is_file())
        return {str(path.relative_to(home)): path.read_bytes() for path in files}


def release(home: Path) -> Release:
    """A build that is built, proven and published."""
    for name, content in _released().items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)
    machines = (Machine(home / f"{each}.pem", home / f"{each}.pub") for each in MACHINES)
    return Release(home / "dist" / "pinned-scsi" / NAME, *machines)


FAILED = {"outcome": Outcome.FAILED, "seen": "it is not so"}
LATER = timedelta(days=1)


def other(source: Release, home: Path) -> Release:
    """Another build of the same machines."""
    directory = built(home / "other", b"QFI\xfb another")
    sign_build(directory, source.builder.attester)
    proven(directory, source.prover)
    published(directory, source.publisher)
    return replace(source, directory=directory)
