"""Signed builds in a real Glance that gets their certificates from a real Barbican."""

import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cloudtemplate import PROGRAMS
from glanceclient import exc
from localcloud import LocalCloud
from publishing import Command, current, images
from signer import Signer, make_signer

from builder.publish.candidate.signature import CERTIFICATE, HASH, KEY_TYPE, SIGNATURE

pytestmark = pytest.mark.openstack


@pytest.fixture(scope="module")
def _barbican(running_cloud: LocalCloud) -> Generator[None]:
    running_cloud.barbican.start()
    yield
    running_cloud.barbican.stop()


@pytest.fixture
def cloud(cloud: LocalCloud, _barbican: None) -> LocalCloud:
    """The cloud, with its Barbican running."""
    return cloud


def openstack(*words: str | Path) -> str:
    done = subprocess.run(
        [PROGRAMS / "openstack", "--os-cloud", "local", *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=180,
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Stored:
    """A signer, and where Barbican has the certificate."""

    signer: Signer
    address: str

    @property
    def identity(self) -> str:
        return self.address.rpartition("/")[2]

    def options(self, identity: str = "") -> list[str | Path]:
        """What ``publish`` needs to sign; ``identity`` names another certificate."""
        return self.signer.options(identity or self.identity)


def stored(directory: Path, kind: str = "rsa", holds: str = "certificate") -> Stored:
    signer = make_signer(directory, kind)
    address = openstack(
        "secret", "store", "--name", "publisher", "--secret-type", holds,
        "--file", signer.certificate, "-f", "value", "-c", "Secret href",
    )  # fmt: skip
    return Stored(signer, address)


def copy_of(image: Any, client: Any) -> Any:
    """An image without data that claims the signature of another one."""
    signed = {name: image[name] for name in (SIGNATURE, CERTIFICATE, HASH, KEY_TYPE)}
    return client.create(name="a copy", disk_format="qcow2", container_format="bare", **signed)


@pytest.mark.parametrize(
    ("kind", "key_type", "way"),
    [
        ("rsa", "RSA-PSS", []),
        ("secp384r1", "ECC_SECP384R1", ["--method", "glance-direct"]),
        ("rsa", "RSA-PSS", ["--store", "fast", "--store", "archive"]),
    ],
    ids=["rsa", "secp384r1-staged", "two-stores"],
)
def test_glance_verifies_the_signature_and_takes_the_image(
    kind: str,
    key_type: str,
    way: list[str],
    cloud: LocalCloud,
    guest_image: Command,
    newer: Path,
    tmp_path: Path,
) -> None:
    signer = stored(tmp_path / "signer", kind)
    words = ("publish", newer, "--cloud", "local", *signer.options(), *way)
    done = guest_image(*words)
    assert done.status == 0, done.err
    image = current(cloud)
    assert (image[CERTIFICATE], image[HASH]) == (signer.identity, "SHA-256")
    assert image[KEY_TYPE] == key_type
    assert f"verified signature for image {image.id}" in cloud.glance.log.read_text()
    again = guest_image(*words)
    assert "nothing was changed" in again.out
    assert current(cloud)[SIGNATURE] == image[SIGNATURE]


@pytest.mark.parametrize("what", ["another-certificate", "no-certificate", "an-opaque-secret"])
def test_glance_refuses_what_the_certificate_does_not_verify(
    what: str, cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    holds = "opaque" if what == "an-opaque-secret" else "certificate"
    signer = stored(tmp_path / "signer", holds=holds)
    match what:
        case "another-certificate":
            named = stored(tmp_path / "other").identity
        case "no-certificate":
            named = "12345678-1234-1234-1234-123456789abc"
        case _:
            named = signer.identity
    done = guest_image("publish", newer, "--cloud", "local", *signer.options(named))
    assert done.status == 5
    assert "Signature verification failed" in done.err
    assert images(cloud) == []


def test_glance_refuses_other_data_than_was_signed(
    cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    signer = stored(tmp_path / "signer")
    guest_image("publish", newer, "--cloud", "local", *signer.options())
    data = (newer / "image.qcow2").read_bytes()
    other = data[:-1] + bytes([data[-1] ^ 1])
    client = cloud.client().images
    copy = copy_of(current(cloud), client)
    with pytest.raises(exc.HTTPBadRequest, match="Signature verification failed"):
        client.upload(copy.id, BytesIO(other))
    assert client.get(copy.id).status == "queued"
    client.upload(copy.id, BytesIO(data))
    assert client.get(copy.id).status == "active"


def test_another_project_needs_leave_to_read_the_certificate(
    cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    signer = stored(tmp_path / "signer")
    guest_image("publish", newer, "--cloud", "local", *signer.options())
    data = (newer / "image.qcow2").read_bytes()
    client = cloud.client("partner").images
    copy = copy_of(current(cloud), client)
    with pytest.raises(exc.HTTPBadRequest, match="Unable to retrieve certificate"):
        client.upload(copy.id, BytesIO(data))
    partner = openstack("user", "show", "partner", "-f", "value", "-c", "id")
    openstack("acl", "user", "add", "--user", partner, "--operation-type", "read", signer.address)
    client.upload(copy.id, BytesIO(data))
    assert client.get(copy.id).status == "active"
