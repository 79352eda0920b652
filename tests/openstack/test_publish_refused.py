"""What is not published in a real Glance, and what of others is left alone."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apt_archive import RELEASE, AptArchive, Deb, Key, served
from glanceclient.exc import HTTPBadRequest
from localcloud import LocalCloud
from publishing import NAME, Command, current, images
from signer import make_signer
from smallbuild import small_build

from builder.distribution import DISTRIBUTIONS
from builder.nova.properties import is_storable
from builder.store.manifest import read, write

pytestmark = pytest.mark.openstack


def test_an_unproven_build_is_refused_before_anything_is_sent(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image("publish", newer, "--cloud", "local", "--max-age", "1h")
    assert done.status == 1
    assert "older than 1 hour." in done.err
    assert images(cloud) == []


def test_a_published_build_stays_so_when_its_evidence_grows_old(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    assert guest_image("publish", newer, "--cloud", "local").status == 0
    again = guest_image("publish", newer, "--cloud", "local", "--max-age", "1h")
    assert (again.status, "nothing was changed" in again.out) == (0, True)


def test_a_file_of_another_format_is_refused_before_anything_is_sent(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    path = newer / "image.qcow2"
    path.write_bytes(b"QFI\xfa" + b"\0" * 100)
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 4
    assert images(cloud) == []


def test_a_truncated_bill_of_materials_is_refused_before_anything_is_sent(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    bill = newer / "sbom.spdx.json"
    bill.write_bytes(bill.read_bytes()[:-100])
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 1
    assert "its software bill of materials is not the one" in done.err
    assert images(cloud) == []


def test_the_bills_of_materials_are_told_in_glance_and_an_older_build_is_published_without(
    cloud: LocalCloud, guest_image: Command, newer: Path, older: Path
) -> None:
    stored = read(older)
    write(older, stored.model_copy(update={"sbom": ()}))
    for bill in stored.sbom:
        (older / bill.name).unlink()
    assert guest_image("publish", older, "--cloud", "local").status == 0
    assert "guest_image_sbom" not in current(cloud)
    assert guest_image("publish", newer, "--cloud", "local").status == 0
    told = [f"{bill.name}:{bill.sha256}" for bill in read(newer).sbom]
    assert current(cloud)["guest_image_sbom"] == ",".join(told)
    assert guest_image("report", older, "--html").status == 0


def test_an_unknown_cloud_is_named_with_the_nearest_one(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image("publish", newer, "--cloud", "locale")
    assert done.status == 2
    assert "Did you mean 'local'?" in done.err


def test_glance_takes_no_characters_of_four_bytes(cloud: LocalCloud) -> None:
    for text, taken in (("Grüße, 画像", True), ("\U0001f600", False)):
        assert is_storable(text) == taken
        with contextlib.nullcontext() if taken else pytest.raises(HTTPBadRequest):
            cloud.client().images.create(name=text, image_description=text)


def test_images_of_other_projects_are_left_alone(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    stranger = cloud.client("partner").images.create(
        name=NAME, disk_format="raw", container_format="bare", visibility="private"
    )
    assert guest_image("publish", newer, "--cloud", "local").status == 0
    assert cloud.client("partner").images.get(stranger.id).name == NAME


def test_a_public_name_that_another_project_has_is_not_taken(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    stranger = cloud.client("partner").images.create(
        name=NAME, disk_format="raw", container_format="bare"
    )
    cloud.client().images.update(stranger.id, visibility="public")
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 5
    assert f"has a public image '{NAME}' of another project" in done.err
    assert [image.id for image in images(cloud)] == [stranger.id]


def test_an_image_of_the_name_that_somebody_else_made_is_renamed_and_never_deleted(
    cloud: LocalCloud, guest_image: Command
) -> None:
    manual = cloud.client("member").images.create(
        name=NAME, disk_format="raw", container_format="bare", visibility="private"
    )
    build = small_build(guest_image.dist, publish={"keep_last": 0})
    assert guest_image("publish", build, "--cloud", "local").status == 0
    assert current(cloud).guest_image_build == build.name
    kept = cloud.client().images.get(manual.id)
    assert kept.os_hidden
    assert kept.name.startswith(f"{NAME} 20")


def test_a_certificate_that_glance_cannot_get_verifies_nothing(
    cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    options = make_signer(tmp_path).options("12345678-1234-1234-1234-123456789abc")
    done = guest_image("publish", newer, "--cloud", "local", *options)
    # Barbican does not run here, so Glance takes no such image.
    assert done.status == 5
    assert "Signature verification failed" in done.err
    assert images(cloud) == []


@pytest.mark.program("apt-get", "gpg")
def test_a_build_that_lacks_a_security_update_for_long_is_refused_before_anything_is_sent(
    cloud: LocalCloud,
    guest_image: Command,
    newer: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = Key(tmp_path / "gpg")
    archive = AptArchive(tmp_path / "archive", key)
    archive.write_all(())
    distribution = replace(DISTRIBUTIONS["debian-12"], keyring=str(key.keyring))
    monkeypatch.setitem(DISTRIBUTIONS, "debian-12", distribution)
    words = ("publish", newer, "--cloud", "local", "--max-security-lag")
    with served(archive) as server:
        for name in distribution.mirrors.values():
            monkeypatch.setenv(name, server.url)
        update = Deb("zstd", "1.5", since=datetime.now(UTC) - timedelta(days=8))
        archive.write(f"{RELEASE}-security", [update])
        refused = guest_image(*words, "7d")
        assert refused.status == 1
        assert "zstd 1 -> 1.5: there for 8 days, since" in refused.err
        assert images(cloud) == []
        assert guest_image(*words, "9d").status == 0
    published = guest_image(*words, "7d")  # the archive is down, and nothing is uploaded
    assert (published.status, "nothing was changed" in published.out) == (0, True)
    other = small_build(guest_image.dist)
    unknown = guest_image("publish", other, "--cloud", "local", "--max-security-lag", "7d")
    assert unknown.status == 3
    assert "Could not fetch the package indexes of debian-12." in unknown.err
    assert current(cloud).guest_image_build == newer.name
    key.end()
