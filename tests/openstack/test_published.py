"""What is published in a real Glance is brought back, promoted, listed and audited."""

import json
import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from faultproxy import FaultProxy
from localcloud import LocalCloud
from publishing import NAME, Command, current, images, visible
from signer import make_signer
from smallbuild import small_build

pytestmark = pytest.mark.openstack


# ---- rollback, promote, list


def test_a_rollback_brings_the_previous_image_back(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    done = guest_image("rollback", NAME, "--cloud", "local")
    assert done.status == 0, done.err
    assert current(cloud).guest_image_build == older.name
    assert list(visible(cloud)) == [older.name]
    again = guest_image("rollback", NAME, "--cloud", "local")
    assert again.status == 5
    assert "No older image of pinned-scsi" in again.err
    forward = guest_image("publish", newer, "--cloud", "local")
    assert "uploading" not in forward.err
    assert current(cloud).guest_image_build == newer.name


def test_what_is_current_is_promoted_to_another_cloud(
    prod: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    (newer / "image.qcow2").unlink()
    words = ("promote", NAME, "--from", "local", "--to", "prod", "--output", guest_image.dist)
    done = guest_image(*words)
    assert done.status == 0, done.err
    there = current(prod, "prod")
    assert there.os_hash_value == current(prod).os_hash_value
    assert there.hw_disk_bus == "scsi"
    assert "nothing was changed" in guest_image(*words).out


def test_a_build_without_its_manifest_is_not_promoted(
    prod: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    elsewhere = tmp_path / "elsewhere"
    done = guest_image("promote", NAME, "--from", "local", "--to", "prod", "--output", elsewhere)
    assert done.status == 2
    assert "nothing tells what is proven" in done.err
    assert images(prod, "prod") == []


def test_a_cloud_may_hash_by_another_algorithm(
    prod: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    def promote(source: str, target: str) -> int:
        words = ("promote", NAME, "--from", source, "--to", target)
        return guest_image(*words, "--output", guest_image.dist).status

    with prod.glance.configured({"DEFAULT": {"hashing_algorithm": "sha384"}}):
        guest_image("publish", older, "--cloud", "local")
        assert current(prod).os_hash_algo == "sha384"
        status, text = audit(guest_image)
        assert (status, "no sha384 hash: the data was not compared" in text) == (0, True)
        assert promote("local", "prod") == 0
        guest_image("publish", newer, "--cloud", "prod")
        assert promote("prod", "local") == 0
        assert current(prod).guest_image_build == newer.name


def test_the_list_tells_current_and_replaced_images(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    assert "nothing is published here" in guest_image("list", "--cloud", "local").out
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    listed = json.loads(guest_image("list", "--cloud", "local", "--json").out)
    assert [(row["build"], row["state"]) for row in listed] == [
        (newer.name, "current"),
        (older.name, "replaced"),
    ]


def test_a_dry_run_tells_what_the_publication_then_does(
    cloud: LocalCloud, guest_image: Command
) -> None:
    old, new = (
        small_build(guest_image.dist, age=timedelta(days=days), publish={"keep_last": 0})
        for days in (2, 1)
    )
    guest_image("publish", old, "--cloud", "local")
    before = current(cloud).id
    dry = guest_image("publish", new, "--cloud", "local", "--dry-run")
    assert f"- {before} of build {old.name}, as retention says" in dry.out
    guest_image("publish", new, "--cloud", "local")
    assert [image.guest_image_build for image in images(cloud)] == [new.name]
    assert (
        "nothing would change" in guest_image("publish", new, "--cloud", "local", "--dry-run").out
    )


def test_a_dry_run_tells_of_members(cloud: LocalCloud, guest_image: Command) -> None:
    build = small_build(guest_image.dist, publish={"visibility": "shared"})
    guest_image("publish", build, "--cloud", "local")
    settings = guest_image.dist / "shared.yaml"
    settings.write_text(
        f"extends: pinned-scsi\npublish: {{visibility: shared, members: ['{'1' * 32}']}}\n"
    )
    words = ("publish", build, "--cloud", "local", "--settings", settings)
    dry = guest_image(*words, "--dry-run")
    assert f"~ share {current(cloud).id} with {'1' * 32}" in dry.out
    assert guest_image(*words).status == 0
    assert "nothing would change" in guest_image(*words, "--dry-run").out


def test_a_signature_stays_when_the_build_is_published_without_a_key(
    cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    signer = make_signer(tmp_path)
    # Glance asks Barbican, which this cloud has not, at an upload alone.
    guest_image("publish", newer, "--cloud", "local")
    options = signer.options(str(uuid.uuid4()))
    signed = guest_image("publish", newer, "--cloud", "local", *options)
    assert signed.status == 0, signed.err
    signature = current(cloud).img_signature
    plain = guest_image("publish", newer, "--cloud", "local")
    assert (plain.status, "nothing was changed" in plain.out) == (0, True)
    assert current(cloud).img_signature == signature
    assert audit(guest_image)[0] == 0


def test_a_snapshot_of_a_server_is_taken_for_no_image_of_ours(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    client = cloud.client()
    snapshots = []
    for image in images(cloud):
        inherited = {
            name: value
            for name, value in image.items()
            if name.startswith(("guest_image_", "hw_", "image_", "os_distro", "os_version"))
        }
        snapshot = client.images.create(
            name="backup", disk_format="raw", container_format="bare", **inherited
        )
        client.images.upload(snapshot.id, BytesIO(b"of a server"))
        snapshots.append(client.images.get(snapshot.id))
    again = guest_image("publish", newer, "--cloud", "local")
    assert (again.status, "nothing was changed" in again.out) == (0, True), again.err
    assert "backup" not in guest_image("audit", "--cloud", "local").out
    listed = json.loads(guest_image("list", "--cloud", "local", "--json").out)
    assert len(listed) == 2
    assert guest_image("rollback", NAME, "--cloud", "local").status == 0
    assert current(cloud).guest_image_build == older.name
    assert [client.images.get(snapshot.id) for snapshot in snapshots] == snapshots


# ---- audit


def audit(guest_image: Command, *words: str) -> tuple[int, str]:
    done = guest_image("audit", "--cloud", "local", "--output", guest_image.dist, *words)
    return done.status, done.out + done.err


def test_an_audit_finds_nothing_where_nothing_has_changed(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    status, text = audit(guest_image)
    assert (status, "everything is as it was published" in text) == (0, True)
    guest_image("rollback", NAME, "--cloud", "local")
    assert audit(guest_image)[0] == 0


def test_an_audit_shows_drift_and_repairs_it(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    image = current(cloud)
    cloud.client().images.update(
        image.id,
        remove_props=["hw_scsi_model"],
        hw_disk_bus="virtio",
        hw_extra="1",
        visibility="public",
        tags=["x"],
    )
    status, text = audit(guest_image)
    assert status == 1
    for line in (
        "~ hw_disk_bus: virtio -> scsi",
        "+ hw_scsi_model=virtio-scsi",
        "- hw_extra=1",
        "~ visibility: public -> private",
        "~ tags: x -> os:debian",
    ):
        assert line in text
    assert audit(guest_image, "--repair")[0] == 0
    assert current(cloud).hw_disk_bus == "scsi"
    assert "hw_extra" not in current(cloud)


def test_an_audit_repairs_names_and_what_is_hidden(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    for image in images(cloud):
        cloud.client().images.update(image.id, os_hidden=not image.os_hidden)
    assert audit(guest_image)[0] == 1
    assert audit(guest_image, "--repair")[0] == 0
    assert current(cloud).guest_image_build == newer.name
    assert list(visible(cloud)) == [newer.name]


def test_an_audit_tells_of_an_image_that_is_gone(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    cloud.client().images.delete(current(cloud).id)
    status, text = audit(guest_image, "--repair")
    assert (status, "it is gone" in text) == (1, True)


def test_an_image_that_is_deactivated_cannot_be_repaired_here(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    cloud.client().images.deactivate(current(cloud).id)
    status, text = audit(guest_image, "--repair")
    assert (status, "~ status: deactivated -> active" in text) == (1, True)
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 5
    assert "Reactivate it" in done.err


def test_an_audit_sees_another_image_of_the_name(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    foreign = cloud.client().images.create(name=NAME, disk_format="raw", container_format="bare")
    status, text = audit(guest_image)
    assert (status, f"{foreign.id} has the name" in text) == (1, True)
    assert audit(guest_image, "--repair")[0] == 0
    assert current(cloud).guest_image_build == newer.name


def test_an_audit_finds_an_image_that_no_longer_says_whose_it_is(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    for build in (older, newer):
        guest_image("publish", build, "--cloud", "local")
    image = current(cloud).id
    cloud.client().images.update(image, remove_props=["guest_image_profile"])
    status, text = audit(guest_image)
    assert (status, "it is gone" in text) == (1, False)
    assert audit(guest_image, "--repair")[0] == 0
    assert current(cloud).id == image
    assert list(visible(cloud)) == [newer.name]


def test_an_audit_knows_the_cloud_by_another_address(
    cloud: LocalCloud, proxy: FaultProxy, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    cloud.client().images.update(current(cloud).id, hw_disk_bus="virtio")
    done = guest_image("audit", "--cloud", "faulty", "--output", guest_image.dist)
    assert (done.status, "~ hw_disk_bus: virtio -> scsi" in done.out) == (1, True)
    cloud.remove_images("local")
    cloud.add_cloud("local-before", like="local")
    cloud.add_cloud("local", image_endpoint_override=proxy.url)
    try:
        done = guest_image("audit", "--cloud", "local", "--output", guest_image.dist)
    finally:
        cloud.add_cloud("local", like="local-before")
    assert (done.status, "nothing was compared" in done.out) == (1, True)


def test_an_audit_says_what_it_does_with_members(cloud: LocalCloud, guest_image: Command) -> None:
    build = small_build(guest_image.dist, publish={"visibility": "shared", "members": ["1" * 32]})
    guest_image("publish", build, "--cloud", "local")
    image = current(cloud).id
    cloud.client().image_members.delete(image, "1" * 32)
    status, text = audit(guest_image)
    assert (status, "~ members:  -> 1111" in text) == (1, True)
    status, text = audit(guest_image, "--repair")
    assert (status, f"share {image} with {'1' * 32}" in text) == (0, True)
    (member,) = cloud.client().image_members.list(image)
    assert member.member_id == "1" * 32
