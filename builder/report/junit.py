"""A build's evidence as JUnit XML: a suite for the inspection, for each boot, and for each cloud.

Names and places of elements and attributes follow ``junit-10.xsd`` of Jenkins' xUnit plugin, which
other systems' readers accept too.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from builder.feature import Outcome
from builder.report.view import by_cloud
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Observed
from builder.store.verdict import Expected, verdict_of
from builder.words import printable_lines

INSPECTION = "inspection"

_TAGS = {Outcome.FAILED: "failure", Outcome.ERROR: "error", Outcome.SKIPPED: "skipped"}


def junit_xml(build: Manifest) -> str:
    """The build's valid evidence; a check that was not made is skipped, and says so."""
    evidence, missing = build.valid_evidence(), verdict_of(build).missing
    root = Element("testsuites", name=f"{build.planned().profile} {build.build}")
    for name in (None, *(boot.name for boot in build.planned().boots)):
        results = [result for result in evidence if result.boot == name]
        unmade = [expectation for expectation in missing if expectation.boot == name]
        if results or unmade:
            _suite(root, name, results, unmade, _properties(build, name))
    for cloud, observations in by_cloud(build.valid_observations()).items():
        _cloud_suite(root, f"cloud {cloud}", observations, _properties(build, None))
    _count(root, list(root.iter("testcase")))
    del root.attrib["skipped"]  # of the suites alone, by the schema
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _properties(build: Manifest, boot: str | None) -> dict[str, str]:
    properties = {
        "profile": build.planned().profile,
        "build": build.build,
        "image.sha256": build.image.sha256,
    }
    for record in build.boots:
        if record.name == boot and record.image_sha256 == build.image.sha256:
            properties["accelerator"] = record.accelerator
            properties["seconds.until-ssh"] = f"{record.until_ssh:.1f}"
    return properties


def _suite(
    root: Element,
    boot: str | None,
    results: Sequence[Evidence],
    missing: Sequence[Expected],
    properties: dict[str, str],
) -> None:
    name = boot or INSPECTION
    suite = _begin_suite(root, name, properties)
    for result in results:
        _tell(_case(suite, name, result.check, result.seconds), result)
    for expected in missing:
        case = _case(suite, name, expected.check, 0)
        SubElement(case, "skipped", message="not made: there is no evidence for this image")
    _count(suite, suite.findall("testcase"))
    if results:
        first = min(result.at for result in results)
        suite.set("timestamp", f"{first:%Y-%m-%dT%H:%M:%S}")


def _cloud_suite(
    root: Element, name: str, results: Sequence[Observed], properties: dict[str, str]
) -> None:
    suite = _begin_suite(root, name, properties)
    for result in results:
        _tell(_case(suite, name, f"nova/{result.check}", 0), result)
    _count(suite, suite.findall("testcase"))
    suite.set("timestamp", f"{results[0].at:%Y-%m-%dT%H:%M:%S}")


def _begin_suite(root: Element, name: str, properties: dict[str, str]) -> Element:
    suite = SubElement(root, "testsuite", name=_xml(name))
    listed = SubElement(suite, "properties")
    for key, value in properties.items():
        SubElement(listed, "property", name=key, value=_xml(value))
    return suite


def _tell(case: Element, result: Evidence | Observed) -> None:
    """Say how the check of a test case ended."""
    tag = _TAGS.get(result.outcome)
    if tag is None:
        SubElement(case, "system-out").text = _xml(result.seen)
        return
    message = _xml(f"{result.title}: {result.seen.partition(chr(10))[0]}")
    SubElement(case, tag, type=result.outcome.value, message=message).text = _xml(result.seen)


def _case(suite: Element, suite_name: str, check: str, seconds: float) -> Element:
    feature, _, name = check.partition("/")
    return SubElement(
        suite,
        "testcase",
        classname=_xml(f"{suite_name}.{feature}"),
        name=_xml(name),
        time=f"{seconds:.2f}",
    )


def _count(element: Element, cases: Sequence[Element]) -> None:
    element.set("tests", str(len(cases)))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(key, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.2f}")


def _xml(text: str) -> str:
    """The text without what XML cannot carry (1.0, production 2), or what a reader obeys."""
    return printable_lines(text)
