"""JUnit XML as CI systems read it. The rules are those of Jenkins' ``junit-10.xsd``."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import OTHER_SHA256, SHA256, WHEN, complete, evidence, manifest, observed, plan

from builder.feature import Outcome
from builder.report.junit import junit_xml
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord

PLAN = plan("pinned-scsi")
PROBE = "virtio-scsi/root-is-on-virtio-scsi"

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
}
ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}


def proven() -> Manifest:
    return manifest(PLAN).with_evidence(complete(PLAN))


def suites(build: Manifest) -> dict[str, ET.Element]:
    root = ET.fromstring(junit_xml(build))  # noqa: S314 - our own
    return {suite.attrib["name"]: suite for suite in root}


def case(build: Manifest, suite: str, check: str) -> ET.Element:
    feature, name = check.split("/")
    (found,) = [
        case
        for case in suites(build)[suite].iter("testcase")
        if (case.get("classname"), case.get("name")) == (f"{suite}.{feature}", name)
    ]
    return found


def require_valid(element: ET.Element) -> None:
    assert element.attrib.keys() >= REQUIRED.get(element.tag, set())
    assert element.attrib.keys() <= ALLOWED.get(element.tag, set())
    assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    if element.tag in {"testsuites", "testsuite"}:
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if key in ALLOWED[element.tag]:
                assert int(element.attrib[key]) == sum(case.find(tag) is not None for case in cases)
        total = sum(float(case.attrib["time"]) for case in cases)
        assert float(element.attrib["time"]) == pytest.approx(total, abs=0.01)
    if element.tag == "testcase":
        assert sum(child.tag in {"failure", "error", "skipped"} for child in element) <= 1
    for child in element:
        require_valid(child)


def mixed() -> Manifest:
    results = [
        evidence(PROBE, Outcome.FAILED, boot="uefi", seen="root is /dev/vda\non virtio-blk"),
        evidence(PROBE, Outcome.ERROR, boot="bios", seen="defect of the check: KeyError: 'x'"),
        evidence("multiqueue/queues-equal-vcpus", Outcome.SKIPPED, boot="bios", seen="no tap"),
    ]
    return proven().with_evidence(results)


@pytest.mark.parametrize("build", [manifest(PLAN), proven(), mixed()], ids=["none", "all", "mixed"])
def test_the_document_follows_the_schema_that_ci_systems_read(build: Manifest) -> None:
    root = ET.fromstring(junit_xml(build))  # noqa: S314 - our own
    assert root.tag == "testsuites"
    require_valid(root)


def test_there_is_a_suite_for_the_inspection_and_one_for_each_boot() -> None:
    found = suites(proven())
    assert list(found) == ["inspection", *(boot.name for boot in PLAN.boots)]
    assert int(found["inspection"].attrib["tests"]) == len(PLAN.inspections)
    for boot in PLAN.boots:
        assert int(found[boot.name].attrib["tests"]) == len(boot.probes)


def test_a_failed_check_has_its_title_the_first_line_and_all_that_was_seen() -> None:
    failure = case(mixed(), "uefi", PROBE).find("failure")
    assert failure is not None
    assert failure.get("message") == f"{PROBE} holds: root is /dev/vda"
    assert failure.text == "root is /dev/vda\non virtio-blk"


def test_errors_and_skips_are_told_apart_with_their_reasons() -> None:
    error = case(mixed(), "bios", PROBE).find("error")
    skip = case(mixed(), "bios", "multiqueue/queues-equal-vcpus").find("skipped")
    assert error is not None
    assert error.text == "defect of the check: KeyError: 'x'"
    assert skip is not None
    assert skip.text == "no tap"


def test_a_passed_check_tells_what_it_saw_and_how_long_it_took() -> None:
    passed = case(proven(), "bios", PROBE)
    assert passed.findtext("system-out") == "it is so"
    assert passed.get("time") == "0.50"
    assert suites(proven())["bios"].get("timestamp") == f"{WHEN:%Y-%m-%dT%H:%M:%S}"


def test_a_check_that_was_not_made_is_no_passed_one() -> None:
    build = manifest(
        PLAN, evidence=tuple(result for result in complete(PLAN) if result.boot != "uefi")
    )
    uefi = suites(build)["uefi"]
    assert uefi.get("skipped") == uefi.get("tests")
    skip = case(build, "uefi", PROBE).find("skipped")
    assert skip is not None
    assert skip.get("message") == "not made: there is no evidence for this image"


def test_evidence_of_another_file_is_void() -> None:
    other = evidence(PROBE, Outcome.FAILED, boot="uefi", sha256=OTHER_SHA256)
    assert suites(manifest(PLAN, evidence=(other,)))["uefi"].get("failures") == "0"


def test_a_suite_names_image_and_accelerator() -> None:
    record = BootRecord(
        name="bios", accelerator="tcg", until_ssh=70, probes=12, image_sha256=SHA256
    )
    suite = suites(proven().with_evidence([], [record]))["bios"]
    properties = {entry.get("name"): entry.get("value") for entry in suite.iter("property")}
    assert properties["image.sha256"] == SHA256
    assert properties["accelerator"] == "tcg"
    assert properties["seconds.until-ssh"] == "70.0"


@given(st.text(), st.sampled_from(list(Outcome)))
def test_no_text_that_a_guest_shows_makes_the_document_unreadable(
    seen: str, outcome: Outcome
) -> None:
    build = proven().with_evidence([evidence(PROBE, outcome, boot="uefi", seen=seen)])
    require_valid(ET.fromstring(junit_xml(build)))  # noqa: S314 - our own


def test_each_cloud_is_a_suite() -> None:
    build = proven().with_observations(
        [
            observed("root-is-on-bus", "hw_disk_bus"),
            observed("vcpus-are-pinned", outcome=Outcome.SKIPPED, seen="nobody may look"),
            observed("root-is-on-bus", "hw_disk_bus", cloud="test", outcome=Outcome.FAILED),
        ]
    )
    require_valid(ET.fromstring(junit_xml(build)))  # noqa: S314 - our own
    assert case(build, "cloud prod", "nova/vcpus-are-pinned").find("skipped") is not None
    assert case(build, "cloud test", "nova/root-is-on-bus").find("failure") is not None
    assert suites(build)["cloud prod"].get("tests") == "2"
    assert "cloud prod" not in suites(proven())
