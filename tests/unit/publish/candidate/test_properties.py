"""From a manifest to what Glance gets."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import WHEN, complete, manifest, observed, plan

from builder.errors import InputError
from builder.features.registry import shipped
from builder.nova.properties import KNOWN, complaints
from builder.plan.model import PlannedClaim
from builder.profile.load import load, shipped_profiles
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission, Waivers, admit
from builder.publish.candidate.properties import described, signed, wanted
from builder.publish.cloud.image import Wanted
from builder.publish.cloud.names import dated, draft_name, public_name
from builder.store.manifest import Manifest
from builder.store.sections import SbomFile

SCS_MANDATORY = [
    "architecture",
    "os_version",
    "os_distro",
    "os_purpose",
    "hw_disk_bus",
    "hypervisor_type",
    "image_build_date",
    "image_original_user",
    "image_source",
    "image_description",
    "replace_frequency",
    "provided_until",
    "uuid_validity",
]


def build(profile: str = "pinned-scsi") -> Manifest:
    of = plan(profile)
    return manifest(of, evidence=complete(of))


def wanted_of(profile: str = "pinned-scsi", **settings: Any) -> Wanted:
    proven = build(profile)
    admission = admit(proven, Waivers(), now=WHEN, max_age=timedelta(days=1))
    return wanted(proven, admission, Publication(**settings))


def test_every_claim_and_all_that_scs_demands_becomes_a_property() -> None:
    properties = wanted_of().properties
    claims = {claim.property: claim.value for claim in plan("pinned-scsi").claims}
    assert claims.items() <= properties.items()
    assert [name for name in SCS_MANDATORY if name not in properties] == []


def test_the_digests_of_the_bills_of_materials_are_told() -> None:
    of = plan("base")
    bills = (
        SbomFile(format="CycloneDX", name="sbom.cdx.json", sha256="1" * 64),
        SbomFile(format="SPDX", name="sbom.spdx.json", sha256="2" * 64),
    )
    proven = manifest(of, evidence=complete(of), sbom=bills)
    admission = admit(proven, Waivers(), now=WHEN, max_age=timedelta(days=1))
    told = wanted(proven, admission, Publication()).properties["guest_image_sbom"]
    assert told == f"sbom.cdx.json:{'1' * 64},sbom.spdx.json:{'2' * 64}"
    assert len(told) <= 255  # Glance's column


def test_a_build_without_bills_of_materials_tells_none() -> None:
    assert "guest_image_sbom" not in wanted_of().properties


def test_what_was_built_is_told() -> None:
    image = wanted_of()
    assert image.properties["image_build_date"] == "2026-01-02 03:04:05"
    assert image.properties["image_original_user"] == "debian"
    assert image.properties["guest_image_sha256"] == "a" * 64
    assert (image.min_disk, image.min_ram) == (2, 1024)
    assert image.tags == {"os:debian"}


def test_the_smallest_disk_of_a_flavor_is_not_smaller_than_the_image() -> None:
    proven = build()
    image = proven.image.model_copy(update={"virtual_size": (2 << 30) + 1})
    proven = proven.model_copy(update={"image": image})
    admission = admit(proven, Waivers(), now=WHEN, max_age=timedelta(days=1))
    assert wanted(proven, admission, Publication()).min_disk == 3


def test_promises_are_the_profiles() -> None:
    properties = wanted_of(
        hotfix_hours=48, license_included=False, provided_until="2027-01-01", image_source="private"
    ).properties
    assert properties["hotfix_hours"] == "48"
    assert properties["license_included"] == "false"
    assert properties["provided_until"] == "2027-01-01"
    assert "patchlevel" not in properties


def test_an_image_of_debian_that_is_built_here_is_not_sent_as_the_generic_one() -> None:
    assert wanted_of().properties["os_purpose"] == "custom"
    with pytest.raises(InputError, match=r"debian 12 is the vendor's(?s:.*)is 'private'") as error:
        wanted_of(os_purpose="generic")
    assert "--settings" in error.value.hint
    vendors = "https://cloud.debian.org/images/cloud/bookworm/latest/x.qcow2"
    assert (
        wanted_of(os_purpose="generic", image_source=vendors).properties["os_purpose"] == "generic"
    )
    manifest = build()
    admission = admit(manifest, Waivers(), now=WHEN, max_age=timedelta(days=1))
    image = described(manifest, admission, Publication(os_purpose="generic"))
    assert image.properties["os_purpose"] == "generic"  # so that it can be judged


def test_the_public_name_is_a_template() -> None:
    settings = Publication(name="{os_distro} {os_version} ({profile}, {architecture})")
    assert public_name(plan("base"), settings) == "debian 12 (base, x86_64)"


def test_a_name_that_leaves_no_room_for_those_made_of_it_is_refused() -> None:
    longest = 255 - len(draft_name("", build().build))
    assert len(wanted_of(name="x" * longest).name) == longest
    with pytest.raises(InputError, match="is 1 character too long"):
        wanted_of(name="x" * (longest + 1))


def test_a_dated_name_is_in_utc() -> None:
    assert dated("x", WHEN) == "x 20260102T030405Z"


@pytest.mark.parametrize("profile", shipped_profiles())
def test_every_shipped_profile_has_properties_that_nova_understands(profile: str) -> None:
    loaded = load(profile, shipped())
    assert complaints(wanted_of(profile, **loaded.publish.model_dump()).properties) == []


def test_properties_that_nova_would_ignore_are_refused() -> None:
    proven = build()
    alone = tuple(claim for claim in proven.planned().claims if claim.property == "hw_disk_bus")
    with pytest.raises(InputError, match="no virtio-scsi controller"):
        wanted(proven, Admission(alone, (), ()), Publication())


def test_values_that_nova_refuses_are_refused_with_the_nearest_one() -> None:
    proven = build()
    (claim,) = (
        claim for claim in proven.planned().claims if claim.property == "hw_watchdog_action"
    )
    wrong = PlannedClaim(**{**vars(claim), "value": "power-off"})
    with pytest.raises(InputError) as error:
        wanted(proven, Admission((wrong,), (), ()), Publication())
    (complaint,) = error.value.details
    assert complaint.startswith("hw_watchdog_action=power-off: 'power-off' is not none, pause,")
    assert complaint.endswith("Did you mean 'poweroff'?")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("hw_disk_bus", "SCSI", "Did you mean 'scsi'?"),
        ("hw_diskbus", "scsi", "Did you mean 'hw_disk_bus'?"),
        ("hw_qemu_guest_agent", "banana", "is not yes, no, true or false"),
        ("trait:HW_CPU_X86_VMX", "maybe", "is not 'required'"),
        ("provided_until", "soon", "none, notice or a date"),
        ("os_purpose", "genric", "Did you mean 'generic'?"),
        ("image_build_date", "2026-02-30", "a time YYYY-MM-DD"),
        ("maintained_until", "20260101", "a date YYYY-MM-DD"),
        ("image_description", "x" * 70000, "longer than Glance stores"),
        ("os_admin_user", " ", "is not a text"),
        ("hw_mem_page_size", "banana", "any, small, large, or a size"),
        ("hw_machine_type", "Q 35", "a word in lower case"),
        ("provided_until", "2026-02-30", "none, notice or a date"),
        ("uuid_validity", "2026-99-99", "forever or a date"),
        ("guest_image_note", "x\0", "is not one line of printable text"),
        ("image_description", "a\nb", "is not one line of printable text"),
        ("image_description", "\U0001f600", "has characters that Glance refuses"),
        ("guest_image_note", "\U0001f600", "has characters that Glance refuses"),
    ],
)
def test_a_wrong_property_is_complained_of(name: str, value: str, complaint: str) -> None:
    (text,) = complaints({name: value})
    assert complaint in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trait:HW_CPU_X86_VMX", "required"),
        ("guest_image_sha256", "a"),
        ("image_build_date", "2026-01-02"),
        ("image_build_date", "2026-01-02 03:04"),
        ("uuid_validity", "last-3"),
        ("uuid_validity", "2026-02-28"),
        ("provided_until", "2026-02-28"),
        ("hw_mem_page_size", "large"),
        ("hw_mem_page_size", "2048"),
        ("hw_mem_page_size", "1GB"),
        ("hw_machine_type", "pc-q35-rhel9.4.0"),
        ("image_description", "Grüße, 画像"),
    ],
)
def test_a_right_property_is_not(name: str, value: str) -> None:
    assert complaints({name: value}) == []


@given(st.sampled_from(sorted(KNOWN)), st.text())
def test_whatever_value_there_is_is_judged(name: str, value: str) -> None:
    assert len(complaints({name: value})) <= 1


def test_an_image_tells_which_of_its_claims_were_observed() -> None:
    proven = build().with_observations(
        [observed("watchdog-acts", "hw_watchdog_action"), observed("root-is-on-bus", "hw_disk_bus")]
    )
    admission = admit(proven, Waivers(), now=WHEN, max_age=timedelta(days=1))
    properties = wanted(proven, admission, Publication()).properties
    assert properties["guest_image_observed"] == "hw_disk_bus,hw_watchdog_action"
    assert complaints(properties) == []
    assert "guest_image_observed" not in wanted_of().properties


def test_a_signature_that_nova_would_refuse_is_not_put_on_an_image() -> None:
    with pytest.raises(InputError, match=r"Nova would refuse(?s:.*)img_signature"):
        signed(wanted_of(), {"img_signature_certificate_uuid": "mine"})
