"""What was seen of a cloud is right, wrong, or unknowable for what an image wants of it."""

import json
from dataclasses import replace

import pytest
from cloud_views import PINNED, PLACEMENT, aggregate, flavor, limits, view, wanted

from builder.cloud.api.model import ComputeService
from builder.cloud.api.release import NEWEST_OF, release_of
from builder.cloud.check.judgement import Judgement, Line, Verdict, names
from builder.cloud.check.rules import fits_of, judge, questions
from builder.cloud.check.text import judgement_json, judgement_text
from builder.cloud.check.traits import traits
from builder.cloud.check.view import Placement, Unknown, View
from builder.errors import CloudError
from builder.feature.nova_release import NEWEST, NovaRelease
from builder.terminal.output import rendered

HIDDEN = Unknown("this role may not see it")


def line(seen: View, subject: str, release: NovaRelease = NEWEST) -> Line:
    found = judge(wanted(release), seen)
    return next(line for line in found.lines if line.subject == subject)


def test_a_cloud_with_all_of_it_honours_the_image() -> None:
    found = judge(wanted(), view())
    assert found.honoured
    assert {line.subject for line in found.lines if line.verdict is Verdict.WRONG} == set()


def test_what_no_api_shows_is_unknowable_and_no_fault() -> None:
    found = line(view(), "[libvirt] hw_disk_discard = unmap in nova.conf")
    assert (found.verdict, found.seen, found.required) == (
        Verdict.UNKNOWABLE,
        "no API shows it",
        True,
    )
    assert not line(view(), "isolcpus").required


def test_what_shows_by_an_inventory_has_no_line_of_its_own() -> None:
    subjects = [line.subject for line in judge(wanted(), view()).lines]
    assert not [subject for subject in subjects if "cpu_dedicated_set" in subject]
    assert "2 PCPU on one host" in subjects


@pytest.mark.parametrize(
    ("seen", "subject"),
    [
        (view(flavor()), "a flavor"),
        (view(limits=HIDDEN), "quota"),
        (view(computes=HIDDEN), "compute hosts"),
        (view(placement=HIDDEN), "2 PCPU on one host"),
        (view(placement=HIDDEN), "COMPUTE_STORAGE_BUS_SCSI"),
        (view(soft_deleted=HIDDEN), "soft delete"),
    ],
)
def test_what_a_role_does_not_see_is_unknowable(seen: View, subject: str) -> None:
    assert line(seen, subject).verdict is Verdict.UNKNOWABLE
    assert judge(wanted(), seen).honoured


@pytest.mark.parametrize(
    ("seen", "subject"),
    [
        (view(flavor(specs={})), "a flavor"),
        (view(limits=limits(totalInstancesUsed=10)), "quota"),
        (view(limits=limits(totalRAMUsed=50000)), "quota"),
        (view(computes=()), "compute hosts"),
        (
            view(computes=(ComputeService(host="a", state="up", status="disabled"),)),
            "compute hosts",
        ),
        (view(placement=replace(PLACEMENT, room={})), "2 PCPU on one host"),
        (view(placement=replace(PLACEMENT, traits={})), "COMPUTE_STORAGE_BUS_SCSI"),
        (view(placement=replace(PLACEMENT, together=())), "all of that on one host"),
    ],
)
def test_what_is_wrong_has_a_remedy(seen: View, subject: str) -> None:
    found = line(seen, subject)
    assert (found.verdict, found.required) == (Verdict.WRONG, True)
    assert found.remedy
    judged = judge(wanted(), seen)
    assert not judged.honoured
    assert found.remedy in rendered(judgement_text(judged, "pinned-scsi"), None)


def test_a_quota_without_limits_has_room() -> None:
    seen = view(limits=limits(maxTotalCores=-1, totalCoresUsed=99))
    assert line(seen, "quota").verdict is Verdict.RIGHT


def test_a_server_that_waits_to_be_reclaimed_shows_soft_delete() -> None:
    assert line(view(soft_deleted=True), "soft delete").verdict is Verdict.RIGHT
    assert line(view(), "soft delete").verdict is Verdict.UNKNOWABLE


@pytest.mark.parametrize(
    ("aggregates", "verdict"),
    [
        ((aggregate(hosts=("a",), pinned="true"),), Verdict.RIGHT),
        ((aggregate(pinned="true"),), Verdict.WRONG),
        ((aggregate(hosts=("a",), pinned="false"),), Verdict.WRONG),
        ((), Verdict.WRONG),
        (HIDDEN, Verdict.UNKNOWABLE),
    ],
)
def test_before_train_an_aggregate_keeps_pinned_guests_apart(
    aggregates: object, verdict: Verdict
) -> None:
    seen = view(aggregates=aggregates)
    assert line(seen, "an aggregate with pinned=true", NovaRelease.STEIN).verdict is verdict
    with pytest.raises(StopIteration):
        line(seen, "an aggregate with pinned=true", NovaRelease.TRAIN)


def test_how_much_there_is_without_room_is_told() -> None:
    used = Placement(room={"PCPU": ()}, total={"PCPU": 8}, traits={}, together=())
    assert "all together have 8" in line(view(placement=used), "2 PCPU on one host").seen


def test_what_placement_is_asked() -> None:
    resources, asked = questions(wanted(), [])
    assert resources == {"PCPU": 1}
    assert [trait.name for trait in asked] == ["COMPUTE_STORAGE_BUS_SCSI"]
    resources, asked = questions(wanted(NovaRelease.STEIN), [])
    assert (resources, asked) == ({"VCPU": 1}, [])
    resources, _ = questions(replace(wanted(), plan=replace(wanted().plan, needs=())), [])
    assert resources == {"VCPU": 1}


def test_placement_is_asked_for_the_smallest_flavor_that_fits() -> None:
    flavors = [flavor("a", PINNED, vcpus=8), flavor("b", PINNED, vcpus=4), flavor("c", {}, vcpus=1)]
    assert questions(wanted(), fits_of(wanted(), flavors))[0] == {"PCPU": 4}


def test_traits_follow_from_properties_and_from_the_flavor() -> None:
    properties = {
        "hw_vif_model": "virtio",
        "hw_tpm_version": "2.0",
        "os_secure_boot": "required",
        "hw_virtio_packed_ring": "true",
        "trait:CUSTOM_A": "required",
        "trait:CUSTOM_B": "forbidden",
    }
    assert {trait.name for trait in traits(properties, {"trait:CUSTOM_C": "required"})} == {
        "COMPUTE_NET_VIF_MODEL_VIRTIO",
        "COMPUTE_SECURITY_TPM_2_0",
        "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
        "COMPUTE_NET_VIRTIO_PACKED",
        "CUSTOM_A",
        "CUSTOM_C",
    }


@pytest.mark.parametrize(
    ("newest", "release"),
    [
        *NEWEST_OF.items(),
        ((2, 61), NovaRelease.QUEENS),
        ((2, 101), NovaRelease.FLAMINGO),
        ((2, 999), NEWEST),
    ],
)
def test_the_newest_microversion_tells_the_release(
    newest: tuple[int, int], release: NovaRelease
) -> None:
    assert release_of(newest) == release


def test_a_nova_that_is_too_old_is_refused() -> None:
    with pytest.raises(CloudError, match=r"older than Queens: .* 2\.59"):
        release_of((2, 59))


def shown(judgement: Judgement) -> str:
    return rendered(judgement_text(judgement, "pinned-scsi"), None)


def test_people_read_what_is_wrong_first() -> None:
    text = shown(judge(wanted(), view(flavor("tiny", {}, ram=64), flavor("fits", PINNED, ram=64))))
    rows = [row.split()[0] for row in text.splitlines() if row.startswith(("  wrong", "  right"))]
    assert rows == sorted(rows, reverse=True)
    assert "Not honoured: 1 wrong," in text
    assert "tiny  lacks 2048 MiB of memory (it has 64)" not in text  # a guest boots with less
    assert "guest-image cloud plan pinned-scsi" in text


def test_of_many_flavors_not_all_are_shown() -> None:
    many = [flavor(f"f{number}", {}) for number in range(30)]
    judgement = judge(wanted(), view(*many))
    assert "10 more; --json has all" in shown(judgement)
    data = judgement_json(judgement, "pinned-scsi")
    assert len(json.loads(json.dumps(data))["flavors"]) == 30
    assert data["honoured"] is False


def test_names_are_told_once_and_not_too_many() -> None:
    assert names(["a", "b", "a"]) == "a and b"
    assert names("abcdefg") == "a, b, c, d, e and 2 more"
