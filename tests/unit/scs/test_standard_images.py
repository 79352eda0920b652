"""Where SCS-0104 wants images to be from, and that users find one generic image only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scs_images import GOOD, VENDORS, found, generic, like, told

from builder.distribution import DISTRIBUTIONS
from builder.scs.image import ScsImage
from builder.scs.shortfall import Level
from builder.scs.sources import named_sources, vendor_sources
from builder.scs.uniqueness import generic_of, other_generics

MUST, SHOULD = Level.MUST, Level.SHOULD


def of(distro: str, version: str, source: str, **fields: str) -> ScsImage:
    properties = {"os_distro": distro, "os_version": version, "image_source": source}
    return like(properties={**properties, "os_purpose": "generic", **fields})


@pytest.mark.parametrize(
    ("distro", "version", "source"),
    [
        ("debian", "12", VENDORS),
        ("debian", "13", "https://cdimage.debian.org/cdimage/cloud/trixie/x.qcow2"),
        ("debian", "99", "https://cloud.debian.org/images/cloud/anything/x.qcow2"),
        ("ubuntu", "24.04", "https://cloud-images.ubuntu.com/noble/current/x.img"),
        ("ubuntu", "24.04", "https://cloud-images.ubuntu.com/releases/noble/release/x.img"),
        ("rocky", "9", "https://images.example.org/rocky.qcow2"),
        ("debian", "sid", "https://images.example.org/sid.qcow2"),
    ],
)
def test_a_generic_image_is_from_its_vendor(distro: str, version: str, source: str) -> None:
    image = of(distro, version, source)
    assert [shortfall for shortfall in found(image) if shortfall[1] == "image_source"] == []


@pytest.mark.parametrize(
    ("distro", "version", "source", "level"),
    [
        ("debian", "12", "private", MUST),
        ("debian", "12", "https://images.example.org/debian", MUST),
        ("debian", "12", VENDORS.replace("bookworm", "trixie"), MUST),
        ("debian", "12", f"https://images.example.org/?{VENDORS}", MUST),
        ("debian", "12", VENDORS.replace("cloud.debian.org", "cloudXdebian.org"), MUST),
        ("ubuntu", "24.04", "https://cloud-images.ubuntu.com/jammy/x.img", MUST),
        ("rocky", "9", "private", SHOULD),
        ("debian", "sid", "private", SHOULD),
    ],
)
def test_a_generic_image_from_elsewhere_is_told(
    distro: str, version: str, source: str, level: Level
) -> None:
    assert (level, "image_source") in found(of(distro, version, source))


def test_other_images_than_generic_ones_may_be_from_anywhere() -> None:
    assert found(of("debian", "12", "private", os_purpose="minimal")) == []


def test_the_codename_is_the_one_of_what_is_built_here() -> None:
    for distribution in DISTRIBUTIONS.values():
        sources = vendor_sources(distribution.os_distro, distribution.os_version)
        wanted = distribution.os_distro in ("debian", "ubuntu") and distribution.os_version != ""
        assert (f"/{distribution.release}/" in str(sources)) == wanted


@given(st.text(), st.text(), st.text())
def test_whatever_distribution_and_source_there_is_is_judged(
    distro: str, version: str, source: str
) -> None:
    for name in (distro, "debian", "ubuntu"):
        sources = vendor_sources(name, version)
        assert sources is None or not sources.have(f" {source}")


@given(st.from_regex(r"[0-9]{1,2}", fullmatch=True), st.from_regex(r"[a-z]+", fullmatch=True))
def test_every_version_of_debian_has_sources_by_its_codename(version: str, codename: str) -> None:
    sources = vendor_sources("debian", version)
    assert sources is not None
    of_codenames = "{codename}" not in str(sources)
    address = f"https://cloud.debian.org/images/cloud/{codename}/x"
    assert sources.have(address) == (not of_codenames or f"/{codename}/" in str(sources))


# ---- names


@pytest.mark.parametrize("name", ["Debian 12", "Debian 99", "Ubuntu 24.04"])
def test_an_offered_image_of_a_standard_name_is_the_vendors(name: str) -> None:
    (shortfall,) = told(like(name=name))
    assert (shortfall.level, shortfall.subject) == (MUST, "name")
    assert shortfall.remedy.startswith("Write another name in a profile's section 'publish'")
    assert found(like(name=name, visibility="private")) == []
    assert found(like(name=name, visibility="community")) == [(MUST, "name")]


def test_the_vendors_image_may_have_the_standard_name() -> None:
    assert found(generic(name="Debian 12")) == []
    assert found(generic(name="Debian 13")) == [(MUST, "name")]


@pytest.mark.parametrize("name", ["debian 12", "Debian 12 pinned", "Debian", "Ubuntu 24", "x"])
def test_other_names_are_free(name: str) -> None:
    assert named_sources(name) is None
    assert found(like(name=name)) == []


@given(st.text())
def test_whatever_name_there_is_is_looked_at(name: str) -> None:
    assert named_sources(name) is None or name.startswith(("Debian ", "Ubuntu "))


# ---- the standard's own images of nodes

CAPI = {
    "os_purpose": "k8snode",
    "image_source": "https://nbg1.your-objectstorage.com/osism/openstack-k8s-capi-images/x.qcow2",
    "image_description": "https://github.com/osism/k8s-capi-images",
}


@pytest.mark.parametrize("name", ["ubuntu-capi-image v1.30", "ubuntu-capi-image-v1.30.2"])
def test_a_node_image_of_the_standards_name_is_the_standards(name: str) -> None:
    assert found(like(name=name, properties=CAPI)) == []
    assert found(like(name=name)) == [
        (MUST, "image_source"), (MUST, "os_purpose"), (MUST, "image_description"),
    ]  # fmt: skip


def test_a_node_image_of_another_name_may_be_anybodys() -> None:
    assert found(like(name="my-capi-image v1.3", properties={"os_purpose": "k8snode"})) == []


# ---- one generic image

OTHER = generic(id="another", name="Debian 12 too")


def test_a_second_generic_image_is_told_with_the_others() -> None:
    (shortfall,) = told(generic(), OTHER)
    assert (shortfall.level, shortfall.subject) == (MUST, "os_purpose")
    assert shortfall.found == "debian 12 x86_64 has this one and 'Debian 12 too' (another)"


@pytest.mark.parametrize(
    "other",
    [
        generic(id="another", hidden=True),
        generic(id="another", visibility="private"),
        generic(id="another", visibility="community"),
        generic(),
        like(id="another"),
        like(id="another", properties={"os_purpose": "oldgeneric"}),
        of("debian", "13", "x"),
        like(id="another", properties={"os_purpose": "generic", "architecture": "aarch64"}),
    ],
    ids=["hidden", "private", "community", "itself", "custom", "old", "version", "architecture"],
)
def test_what_users_do_not_find_as_the_same_is_no_second(other: ScsImage) -> None:
    assert other_generics(generic(), [other]) == []


def test_only_what_says_what_it_is_is_compared() -> None:
    assert generic_of(generic()) == ("debian", "12", "x86_64")
    assert generic_of(GOOD) is None
    nameless = [
        like("os_distro", id=image_id, properties={"os_purpose": "generic"})
        for image_id in ("a", "b")
    ]
    assert other_generics(nameless[0], nameless) == []
