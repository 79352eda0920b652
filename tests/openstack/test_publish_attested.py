"""A build of three machines with three keys, on its way into a real Glance."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from attested import Machine, machine
from localcloud import LocalCloud
from publishing import Command, current, images

from builder.attest.sign import sign_build, sign_proof
from builder.store import manifest as manifests

pytestmark = pytest.mark.openstack


@dataclass(frozen=True)
class Machines:
    """Who built it, who proved it, who publishes it, and where the last has it."""

    build: Machine
    proof: Machine
    publisher: Machine
    directory: Path

    @property
    def keys(self) -> list[str | Path]:
        """For ``verify``: all public keys."""
        public = (self.build.public, self.proof.public, self.publisher.public)
        return [word for key in public for word in ("--key", key)]


@pytest.fixture
def machines(newer: Path, guest_image: Command, tmp_path: Path) -> Machines:
    """The build host signs, a copy of the build is proven elsewhere, the publisher imports that."""
    build, proof, publisher = (machine(tmp_path, name) for name in ("build", "proof", "publisher"))
    whole = manifests.read(newer)
    manifests.write(newer, whole.model_copy(update={"evidence": ()}))
    sign_build(newer, build.attester)
    kvm_host = tmp_path / "kvm" / newer.name
    shutil.copytree(newer, kvm_host)
    manifests.write(kvm_host, whole)
    sign_proof(kvm_host, whole.evidence, (), [], proof.attester)
    words = ("proof", "import", kvm_host, "--key", proof.public, "--output", guest_image.dist)
    done = guest_image(*words)
    assert done.status == 0, done.err
    return Machines(build, proof, publisher, newer)


def test_what_two_machines_have_signed_is_published_and_signed_by_the_third(
    machines: Machines, cloud: LocalCloud, guest_image: Command
) -> None:
    done = guest_image(
        "publish", machines.directory, "--cloud", "local",
        "--require-signed-by", machines.build.public, "--require-signed-by", machines.proof.public,
        "--attest-key", machines.publisher.private,
    )  # fmt: skip
    assert done.status == 0, done.err
    bills = manifests.read(machines.directory).sbom
    assert current(cloud)["guest_image_sbom"] == ",".join(f"{b.name}:{b.sha256}" for b in bills)
    verified = guest_image("verify", machines.directory, *machines.keys)
    assert verified.status == 0, verified.out
    assert "Everything is as it was signed." in verified.out


def test_without_the_key_of_the_proof_nothing_is_sent(
    machines: Machines, cloud: LocalCloud, guest_image: Command
) -> None:
    words = ("--cloud", "local", "--require-signed-by", machines.build.public)
    done = guest_image("publish", machines.directory, *words)
    assert done.status == 1
    assert "is not signed as --require-signed-by asks" in done.err
    assert images(cloud) == []


def test_an_image_that_was_changed_after_it_was_signed_does_not_become_visible(
    machines: Machines, cloud: LocalCloud, guest_image: Command
) -> None:
    file = machines.directory / "image.qcow2"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    done = guest_image(
        "publish", machines.directory, "--cloud", "local",
        "--require-signed-by", machines.build.public, "--require-signed-by", machines.proof.public,
    )  # fmt: skip
    assert done.status == 4, done.err
    assert "its SHA-512 is not that of the manifest" in done.err
    # A draft may be left, which the next run deletes.
    assert [image.name for image in images(cloud) if not image.os_hidden] == []
    verified = guest_image("verify", machines.directory, *machines.keys)
    assert verified.status == 1
    assert "image.qcow2" in verified.out
