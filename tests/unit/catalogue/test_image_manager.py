"""What openstack-image-manager is told; its schema's own words are repeated here."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from listed import BASE, PINNED, entry, proven_build, published_as

from builder.catalogue.image_manager import Described, chosen, definitions
from builder.publish.candidate.admission import Waivers, admit
from builder.publish.candidate.properties import wanted
from builder.store.manifest import Manifest

URL = "https://images.example/"
REQUIRED = {
    "enable": bool, "format": str, "login": str, "meta": dict, "min_disk": int, "min_ram": int,
    "multi": bool, "name": str, "status": str, "tags": list, "versions": list, "visibility": str,
}  # fmt: skip
META = {
    "architecture": {"x86_64", "aarch64", "risc-v"},
    "hw_disk_bus": {"virtio", "scsi"},
    "hw_scsi_model": {"virtio-scsi"},
    "hw_watchdog_action": {"disabled", "reset", "poweroff", "pause", "none"},
    "hw_vif_multiqueue_enabled": {True, False},
    "hypervisor_type": {"hyperv", "ironic", "lxc", "qemu", "uml", "vmware", "xen"},
    "os_purpose": {"generic", "minimal", "k8snode", "gpu", "network", "custom"},
    "replace_frequency": {
        "yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"
    },
}  # fmt: skip


def described(build: Manifest) -> Described:
    admission = admit(
        build, Waivers(), now=build.created + timedelta(days=400), max_age=timedelta.max
    )
    return Described(entry(build), wanted(build, admission, build.planned().publish))


def told(*builds: Manifest, url: str = URL, base_url: str = "") -> dict[str, Any]:
    """The definition of one profile's builds, newest first."""
    text = definitions([[described(build) for build in builds]], url, base_url)
    (image,) = yaml.safe_load(text)["images"]
    assert isinstance(image, dict)
    return image


def test_the_definitions_are_as_they_were_read(golden: Callable[[str, str], None]) -> None:
    kept = published_as("Debian 12", visibility="public", tags=("os:debian", "db"), keep_last=1)
    images = [
        [described(proven_build(BASE))],
        [described(proven_build(kept, 1)), described(proven_build(kept, 0))],
    ]
    golden(definitions(images, URL, ""), "catalogue/image-manager.yml")


def test_a_definition_has_what_the_schema_wants() -> None:
    image = told(proven_build())
    for key, kind in REQUIRED.items():
        assert type(image[key]) is kind, key
    assert image["format"] in {"raw", "qcow2"}
    assert image["status"] == "active"
    assert image["visibility"] in {"public", "private", "community", "shared"}
    for key, values in META.items():
        assert image["meta"][key] in values, key
    (version,) = image["versions"]
    assert re.fullmatch(r"(http|ftp)s?://\w+.*", version["url"])
    assert re.fullmatch(r"\w+:([a-f0-9]{64})", version["checksum"])
    assert type(version["build_date"]) is date


def test_promises_have_the_types_that_the_schema_wants() -> None:
    of = published_as("x", provided_until="2027-01-01", uuid_validity="2026-06-01", hotfix_hours=48)
    meta = told(proven_build(of))["meta"]
    assert meta["provided_until"] == date(2027, 1, 1)
    assert meta["uuid_validity"] == date(2026, 6, 1)
    assert meta["hotfix_hours"] == 48
    assert told(proven_build(published_as("x", uuid_validity="last-3")))["meta"][
        "uuid_validity"
    ] == ("last-3")


def test_what_publish_knows_its_images_by_is_not_told() -> None:
    meta = told(proven_build())["meta"]
    assert [name for name in meta if name.startswith("guest_image_")] == []
    assert {"image_source", "image_build_date", "image_original_user"}.isdisjoint(meta)


def test_a_version_gets_no_property_that_only_another_build_has_proven() -> None:
    fewer = replace(PINNED, claims=PINNED.claims[:-1])
    last = PINNED.claims[-1].property
    image = told(proven_build(PINNED, 1), proven_build(fewer, 0))
    old, new = image["versions"]
    assert last not in image["meta"]
    assert last in new["meta"]
    assert "meta" not in old
    assert [old["version"][:8], new["version"][:8]] == ["20260102", "20260103"]


def test_an_image_is_where_its_address_says() -> None:
    build = proven_build()
    below = f"pinned-scsi/{build.build}/image.qcow2"
    assert told(build)["versions"][0]["url"] == f"{URL}images/{below}"
    elsewhere = told(build, base_url="https://objects.example/")
    assert elsewhere["versions"][0]["url"] == f"https://objects.example/{below}"


@pytest.mark.parametrize(("keep", "number"), [(None, 1), (0, 1), (2, 3), (9, 4)])
def test_as_many_builds_are_told_as_the_profile_keeps(keep: int | None, number: int) -> None:
    of = published_as("x", keep_last=keep)
    (builds,) = chosen([entry(proven_build(of, day)) for day in range(4)])
    assert len(builds) == number
    assert builds[0].build.startswith("20260105")
