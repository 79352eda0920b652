"""Which properties SCS-0102 wants, and what they may say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scs_images import GOOD, NOW, found, like, told

from builder.scs.judge import judge
from builder.scs.shortfall import Level

MUST, SHOULD = Level.MUST, Level.SHOULD


def test_an_image_that_keeps_every_rule_falls_short_nowhere() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("architecture", MUST),
        ("os_distro", MUST),
        ("os_version", MUST),
        ("os_purpose", MUST),
        ("hw_disk_bus", MUST),
        ("image_build_date", MUST),
        ("image_original_user", MUST),
        ("image_source", MUST),
        ("image_description", MUST),
        ("provided_until", MUST),
        ("uuid_validity", MUST),
        ("hypervisor_type", SHOULD),
        ("hw_rng_model", SHOULD),
        ("hw_scsi_model", SHOULD),
    ],
)
def test_a_property_that_is_missing_is_told(name: str, level: Level) -> None:
    assert found(like(name)) == [(level, name)]


def test_an_image_without_a_frequency_is_told_once_for_each_rule() -> None:
    name = "replace_frequency"
    assert found(like(name)) == [(MUST, name), (SHOULD, name)]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("architecture", "amd64"),
        ("architecture", "x86-64"),
        ("os_distro", "Debian GNU/Linux"),
        ("os_version", "  "),
        ("os_purpose", "database"),
        ("os_purpose", "Generic"),
        ("hw_disk_bus", "SCSI"),
        ("image_build_date", "20260310"),
        ("image_original_user", " "),
        ("image_source", "debian.org"),
        ("image_source", "Private"),
        ("image_description", "\n"),
        ("replace_frequency", "hourly"),
        ("provided_until", "forever"),
        ("provided_until", "2026-02-30"),
        ("uuid_validity", "last-"),
        ("uuid_validity", "soon"),
        ("hypervisor_type", "KVM"),
        ("hw_rng_model", "isa"),
        ("hotfix_hours", "-1"),
        ("hotfix_hours", "2 days"),
        ("maintained_until", "2028"),
        ("l1_support_contact", "call us"),
    ],
)
def test_a_value_that_a_property_may_not_have_is_told(name: str, wrong: str) -> None:
    assert (MUST, name) in found(like(properties={name: wrong}))


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("architecture", "aarch64"),
        ("os_purpose", "minimal"),
        ("os_purpose", "k8snode"),
        ("os_purpose", "gpu"),
        ("os_purpose", "network"),
        ("os_purpose", "oldgeneric"),
        ("hw_disk_bus", "virtio"),
        ("image_build_date", "2026-03-10"),
        ("image_build_date", "2026-03-10 04:05"),
        ("image_original_user", "none"),
        ("image_source", "ftp://images.example.org/x.qcow2"),
        ("image_description", "two\nlines"),
        ("replace_frequency", "daily"),
        ("provided_until", "none"),
        ("provided_until", "notice"),
        ("uuid_validity", "none"),
        ("uuid_validity", "forever"),
        ("uuid_validity", "2027-01-01"),
        ("hypervisor_type", "vmware"),
        ("hotfix_hours", "0"),
        ("hotfix_hours", "48"),
        ("maintained_until", "2028-06-30"),
        ("l1_support_contact", "mailto:help@example.org"),
        ("license_included", "true"),
        ("patchlevel", "anything"),
    ],
)
def test_a_value_that_a_property_may_have_is_not(name: str, right: str) -> None:
    now = NOW.replace(day=10, hour=23)
    assert found(like(properties={name: right}), now=now) == []


def test_a_licence_is_included_or_to_be_brought() -> None:
    both = like(properties={"license_included": "true", "license_required": "True"})
    assert found(both) == [(MUST, "license_required")]
    shortfall = like(properties={"license_included": "false", "license_required": "true"})
    assert found(shortfall) == []


@pytest.mark.parametrize(
    ("fields", "subject", "said"),
    [
        ({"min_disk": 0}, "min_disk", "it is 0"),
        ({"min_disk": 2, "size": (2 << 30) + 1}, "min_disk", "the data alone takes 3"),
        ({"min_ram": 0}, "min_ram", "it is 0"),
    ],
)
def test_needs_that_are_not_told_or_too_small_are(
    fields: dict[str, Any], subject: str, said: str
) -> None:
    (shortfall,) = told(like(**fields))
    assert (shortfall.level, shortfall.subject) == (MUST, subject)
    assert said in shortfall.found


def test_a_disk_that_is_just_large_enough_is() -> None:
    assert found(like(min_disk=2, size=2 << 30)) == []
    assert found(like(size=None)) == []


@pytest.mark.parametrize(
    ("distro", "version", "wrong"),
    [
        ("debian", "bookworm", True),
        ("ubuntu", "24.04 LTS", True),
        ("ubuntu", "24.04", False),
        ("arch", "rolling", False),
    ],
)
def test_a_version_is_a_number_where_the_distribution_has_numbers(
    distro: str, version: str, *, wrong: bool
) -> None:
    image = like(properties={"os_distro": distro, "os_version": version})
    assert found(image) == ([(SHOULD, "os_version")] if wrong else [])


def test_a_scsi_model_is_wanted_beside_that_bus_only() -> None:
    assert found(like("hw_scsi_model", properties={"hw_disk_bus": "virtio"})) == []


@pytest.mark.parametrize("tag", ["managed_by_example", "os:debian"])
def test_a_tag_that_is_missing_is_told(tag: str) -> None:
    (shortfall,) = told(like(tags=GOOD.tags - {tag}))
    assert (shortfall.level, shortfall.subject) == (SHOULD, "tags")
    assert tag.rstrip("abcdefghijklmnopqrstuvwxyz") in shortfall.rule


def test_the_hash_is_one_of_two_where_there_is_one() -> None:
    assert found(like(hash_algorithm="sha256")) == []
    assert found(like(hash_algorithm="md5")) == [(SHOULD, "os_hash_algo")]
    assert found(like(hash_algorithm="")) == [(SHOULD, "os_hash_algo")]
    assert found(like(hash_algorithm="", id="", registered=None)) == []


def test_each_shortfall_has_a_rule_what_is_there_and_a_remedy() -> None:
    nothing = like(*GOOD.properties, tags=frozenset(), min_disk=0, min_ram=0)
    for image in (nothing, like(*GOOD.properties, build="", tags=frozenset(), min_disk=0)):
        for shortfall in told(image):
            assert all((shortfall.rule, shortfall.found, shortfall.remedy)), shortfall
            assert not shortfall.rule.endswith(".")
            assert shortfall.standard == "SCS-0102"


def test_the_remedy_of_an_image_from_here_is_in_its_profile_and_of_another_a_command() -> None:
    ours, theirs = (told(like("os_purpose", build=build))[0] for build in ("a-build", ""))
    assert ours.remedy.startswith("Write os_purpose: custom in a profile's section 'publish'")
    assert theirs.remedy == "openstack image set --property os_purpose=custom an-id"
    (bus,) = told(like("hw_disk_bus"))
    assert bus.remedy == "Give the profile the feature virtio-scsi, and build it anew."
    (memory,) = told(like(build="", min_ram=0))
    assert memory.remedy == "openstack image set --min-ram MIB an-id"


@given(st.dictionaries(st.sampled_from(sorted(GOOD.properties)), st.text()), st.text())
def test_whatever_an_image_says_is_judged(properties: dict[str, str], name: str) -> None:
    judged = judge(like(properties=properties, name=name), (GOOD,), now=NOW)
    levels = [shortfall.level for shortfall in judged.shortfalls]
    assert levels == sorted(levels, key=[MUST, SHOULD].index)
    assert judged.conforms == (MUST not in levels)
