"""A build is published in a real Glance, and published again."""

import time
from pathlib import Path

import openstack
import pytest
from localcloud import LocalCloud
from publishing import NAME, Command, current, images, visible
from smallbuild import MIB, small_build
from webserver import Files, serving

from builder.store.manifest import read, write

pytestmark = pytest.mark.openstack


def test_a_build_is_published_with_what_it_has_evidence_for(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 0, done.err
    image = current(cloud)
    assert image.os_hash_value == read(newer).image.sha512
    assert (image.hw_disk_bus, image.hw_scsi_model) == ("scsi", "virtio-scsi")
    assert (image.os_distro, image.image_original_user) == ("debian", "debian")
    assert (image.visibility, image.min_ram, image.tags) == ("private", 1024, ["os:debian"])
    assert image.id in done.out
    (record,) = read(newer).published
    assert (record.image, record.cloud, record.name) == (image.id, "local", NAME)
    assert record.properties["hw_watchdog_action"] == "reset"


def test_the_same_build_again_changes_nothing(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    before, manifest = images(cloud), (newer / "manifest.json").read_bytes()
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 0
    assert "nothing was changed" in done.out
    assert images(cloud) == before
    assert (newer / "manifest.json").read_bytes() == manifest


def test_a_manifest_that_lost_its_record_gets_it_again(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    manifest = (newer / "manifest.json").read_bytes()
    guest_image("publish", newer, "--cloud", "local")
    (newer / "manifest.json").write_bytes(manifest)
    guest_image("publish", newer, "--cloud", "local")
    (record,) = read(newer).published
    assert record.image == current(cloud).id


def test_the_replaced_image_is_hidden_and_dated_and_still_there(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    guest_image("publish", older, "--cloud", "local")
    old = current(cloud)
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 0, done.err
    replaced = cloud.client().images.get(old.id)
    assert replaced.name == f"{NAME} {older.name.partition('-')[0]}"
    assert (replaced.os_hidden, replaced.status) == (True, "active")
    assert list(visible(cloud)) == [newer.name]


@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning")
@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning")
def test_openstacksdk_finds_the_image_by_its_name(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    image = openstack.connect(cloud="local").image
    assert image.find_image(NAME, ignore_missing=False).id == current(cloud).id
    cloud.client().images.update(current(cloud).id, os_hidden=True)
    found = image.find_image(NAME, ignore_missing=False)
    assert found.is_hidden, "a hidden image answers where no other has the name"


def test_a_dry_run_shows_the_difference_and_changes_nothing(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path
) -> None:
    guest_image("publish", older, "--cloud", "local")
    before = images(cloud)
    done = guest_image("publish", newer, "--cloud", "local", "--dry-run")
    assert done.status == 0
    assert f"+ image '{NAME}' of build {newer.name}" in done.out
    assert f"~ guest_image_build: {older.name} -> {newer.name}" in done.out
    assert f"~ hide {before[0].id}, which is replaced" in done.out
    assert images(cloud) == before
    unchanged = guest_image("publish", older, "--cloud", "local", "--dry-run")
    assert "nothing would change" in unchanged.out


def test_several_clouds_are_served_and_one_that_fails_stops_no_other(
    prod: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image(
        "publish", newer, "--cloud", "wrong-password", "--cloud", "local", "--cloud", "prod"
    )
    assert done.status == 5
    assert "Cloud 'wrong-password' could not" in done.err
    assert current(prod).id
    assert current(prod, "prod").id
    assert [publication.cloud for publication in read(newer).published] == ["local", "prod"]


def test_visibility_members_tags_and_protection_are_as_the_profile_says(
    cloud: LocalCloud, guest_image: Command
) -> None:
    settings = {
        "name": "Debian {os_version}",
        "visibility": "shared",
        "members": ["1" * 32],
        "protected": True,
        "tags": ["managed_by_us"],
        "provided_until": "2030-01-01",
    }
    build = small_build(guest_image.dist, publish=settings)
    assert guest_image("publish", build, "--cloud", "local").status == 0
    image = current(cloud, public="Debian 12")
    assert (image.visibility, image.protected) == ("shared", True)
    assert sorted(image.tags) == ["managed_by_us", "os:debian"]
    assert image.provided_until == "2030-01-01"
    members = cloud.client().image_members.list(image.id)
    assert [member.member_id for member in members] == ["1" * 32]


def test_changed_settings_are_applied_without_an_upload(
    cloud: LocalCloud, guest_image: Command, newer: Path, tmp_path: Path
) -> None:
    guest_image("publish", newer, "--cloud", "local")
    before = current(cloud)
    other = tmp_path / "pinned-scsi.yaml"
    other.write_text("extends: pinned-scsi\npublish: {visibility: public, hotfix_hours: 24}\n")
    done = guest_image("publish", newer, "--cloud", "local", "--settings", other)
    assert done.status == 0, done.err
    after = current(cloud)
    assert (after.id, after.visibility, after.hotfix_hours) == (before.id, "public", "24")
    assert len(read(newer).published) == 2


@pytest.mark.parametrize(
    ("words", "stores"),
    [
        (["--store", "archive"], {"archive"}),
        (["--method", "glance-direct"], {"fast"}),
        (["--store", "fast", "--store", "archive"], {"fast", "archive"}),
    ],
    ids=["store", "glance-direct", "several-stores"],
)
def test_data_gets_there_by_other_ways(
    words: list[str], stores: set[str], cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image("publish", newer, "--cloud", "local", *words)
    assert done.status == 0, done.err
    assert set(current(cloud).stores.split(",")) == stores


def test_glance_fetches_what_is_at_an_address_and_nothing_else_is_published(
    cloud: LocalCloud, guest_image: Command, older: Path, newer: Path, tmp_path: Path
) -> None:
    (tmp_path / "right").hardlink_to(newer / "image.qcow2")
    (tmp_path / "wrong").hardlink_to(older / "image.qcow2")
    words = ("publish", newer, "--cloud", "local", "--method", "web-download", "--url")
    with serving(Files, root=str(tmp_path)) as server:
        wrong = guest_image(*words, f"{server.url}/wrong")
        assert wrong.status == 5
        assert "returned different data or properties" in wrong.err
        assert "~ hash: " in wrong.err
        assert images(cloud) == []
        missing = guest_image(*words, f"{server.url}/missing")
        assert missing.status == 5
        assert images(cloud) == []
        assert guest_image(*words, f"{server.url}/right").status == 0
    assert current(cloud).os_hash_value == read(newer).image.sha512


def test_what_was_conceded_is_told_by_tags_and_manifest(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    stored = read(newer)
    inspected = tuple(result for result in stored.evidence if result.boot is None)
    write(newer, stored.model_copy(update={"evidence": inspected}))
    refused = guest_image("publish", newer, "--cloud", "local")
    assert refused.status == 1
    assert images(cloud) == []
    done = guest_image(
        "publish", newer, "--cloud", "local", "--allow", "present", "--drop-unproven"
    )
    assert done.status == 0, done.err
    image = current(cloud)
    assert {"allowed-present", "dropped-os_type"} <= set(image.tags)
    assert "os_type" not in image
    (record,) = read(newer).published
    assert "hw_disk_bus" in record.on_inspection
    assert "os_type" in record.dropped


def test_the_clients_memory_does_not_grow_with_the_image(
    cloud: LocalCloud, guest_image: Command
) -> None:
    build = small_build(guest_image.dist, size=200 * MIB)
    client = guest_image.start("publish", str(build), "--cloud", "local")
    peaks = [0]
    while client.poll() is None:
        status = Path(f"/proc/{client.pid}/status").read_text()
        peaks += [int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line]
        time.sleep(0.02)
    client.communicate()
    assert client.returncode == 0
    assert 20 < max(peaks) / 1024 < 150, "MiB"
    assert current(cloud).size > 200 * MIB


def test_an_application_credential_serves_too(
    cloud: LocalCloud, guest_image: Command, newer: Path
) -> None:
    assert guest_image("publish", newer, "--cloud", "application").status == 0
    assert current(cloud).guest_image_build == newer.name


@pytest.mark.parametrize("name", ["none", "basic"])
def test_a_glance_without_a_keystone_is_served_too(
    name: str, standalone: LocalCloud, guest_image: Command, newer: Path
) -> None:
    done = guest_image("publish", newer, "--cloud", name)
    assert done.status == 0, done.err
    assert current(standalone, "none").guest_image_build == newer.name
    assert "nothing was changed" in guest_image("publish", newer, "--cloud", name).out
