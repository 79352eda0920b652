"""Both formats' own tools take the documents, and each fact stands in them once."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bills import CONTENTS, FILES, PACKAGES, RPMS, SUBJECT
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given
from hypothesis import strategies as st
from ntia_conformance_checker import NTIAChecker
from pydantic import TypeAdapter, ValidationError

from builder.sbom.cyclonedx import cyclonedx
from builder.sbom.facts import Contents, PackageFormat, Software
from builder.sbom.spdx import spdx

# rdflib, which the checker loads, has not caught up with pyparsing.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BOTH = pytest.mark.parametrize("contents", [CONTENTS, RPMS], ids=["deb", "rpm"])


def complaint(document: dict[str, Any]) -> object:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))


def ntia(document: dict[str, Any], directory: Path) -> NTIAChecker:
    file = directory / "sbom.spdx.json"
    file.write_text(json.dumps(document))
    return NTIAChecker(str(file))


@BOTH
def test_cyclonedx_is_valid_by_its_own_schema(contents: Contents) -> None:
    assert complaint(cyclonedx(SUBJECT, contents)) is None


def test_its_schema_does_refuse() -> None:
    document = cyclonedx(SUBJECT, CONTENTS)
    del document["components"][0]["name"]
    assert complaint(document) is not None


@BOTH
def test_spdx_is_valid_and_has_the_minimum_elements_of_the_ntia(
    contents: Contents, tmp_path: Path
) -> None:
    checker = ntia(spdx(SUBJECT, contents), tmp_path)
    assert checker.validation_messages == []
    assert checker.compliant


@pytest.mark.parametrize("change", [{"supplier": ""}, {"version": ""}], ids=["supplier", "version"])
def test_the_checker_does_refuse(change: dict[str, str], tmp_path: Path) -> None:
    lacking = replace(PACKAGES[0], **change)  # type: ignore[arg-type]
    checker = ntia(spdx(SUBJECT, Contents("deb", (lacking,), ())), tmp_path)
    assert not checker.compliant


@BOTH
def test_every_package_is_there_exactly_once(contents: Contents) -> None:
    wanted = Counter((each.plain_name, each.version) for each in contents.packages)
    components = [
        each for each in cyclonedx(SUBJECT, contents)["components"] if each["type"] == "library"
    ]
    assert Counter((each["name"], each["version"]) for each in components) == wanted
    assert len({each["purl"] for each in components}) == len(contents.packages)
    packages = [
        each
        for each in spdx(SUBJECT, contents)["packages"]
        if each["primaryPackagePurpose"] == "LIBRARY"
    ]
    assert Counter((each["name"], each["versionInfo"]) for each in packages) == wanted


def test_sources_are_told_once_each_and_of_each_package() -> None:
    document = spdx(SUBJECT, CONTENTS)
    sources = {
        each["SPDXID"]: each["name"]
        for each in document["packages"]
        if each["primaryPackagePurpose"] == "SOURCE"
    }
    assert sorted(sources.values()) == ["glibc", "util-linux", "vendor-tool"]
    generated = [
        each for each in document["relationships"] if each["relationshipType"] == "GENERATED_FROM"
    ]
    assert len(generated) == len(PACKAGES)
    assert {each["relatedSpdxElement"] for each in generated} == set(sources)
    libc = next(
        each for each in cyclonedx(SUBJECT, CONTENTS)["components"] if each["name"] == "libc6"
    )
    (ancestor,) = libc["pedigree"]["ancestors"]
    assert ancestor["purl"] == (
        "pkg:deb/debian/glibc@2.36-9%2Bdeb12u10?arch=source&distro=debian-12"
    )


def test_the_epoch_of_an_rpm_is_a_qualifier_and_debians_is_of_the_version() -> None:
    urls = [each.get("purl", "") for each in cyclonedx(SUBJECT, RPMS)["components"]]
    assert "pkg:rpm/debian/bind@9.16.23-1.el9?arch=x86_64&distro=debian-12&epoch=32" in urls
    urls = [each.get("purl", "") for each in cyclonedx(SUBJECT, CONTENTS)["components"]]
    assert "pkg:deb/debian/bsdutils@1:2.38.1-5?arch=amd64&distro=debian-12" in urls


def test_files_and_the_image_have_their_digests() -> None:
    document = cyclonedx(SUBJECT, CONTENTS)
    files = {each["name"]: each for each in document["components"] if each["type"] == "file"}
    assert set(files) == {file.path for file in FILES}
    assert {"alg": "SHA-256", "content": "b" * 64} in files["/etc/machine-id"]["hashes"]
    image = document["metadata"]["component"]["hashes"]
    assert image[0] == {"alg": "SHA-256", "content": SUBJECT.sha256}
    other = spdx(SUBJECT, CONTENTS)
    assert len({each["SPDXID"] for each in other["files"]}) == len(FILES)
    assert other["packages"][0]["checksums"][0]["checksumValue"] == SUBJECT.sha256


def test_an_image_of_a_past_day_tells_which(tmp_path: Path) -> None:
    then = replace(SUBJECT, snapshot=datetime(2026, 11, 1, tzinfo=UTC))
    document = cyclonedx(then, CONTENTS)
    assert complaint(document) is None
    told = {"name": "guest-image:snapshot", "value": "2026-11-01T00:00:00Z"}
    assert told in document["metadata"]["component"]["properties"]
    other = spdx(then, CONTENTS)
    assert ntia(other, tmp_path).compliant
    assert "had at 2026-11-01T00:00:00Z" in other["packages"][0]["comment"]
    assert "comment" not in spdx(SUBJECT, CONTENTS)["packages"][0]


def test_what_could_not_be_read_is_told() -> None:
    partly = replace(CONTENTS, gaps=("Two entries make no sense.",))
    document = cyclonedx(SUBJECT, partly)
    assert document["compositions"][0]["aggregate"] == "incomplete"
    assert complaint(document) is None
    assert "Two entries" in json.dumps(document)
    assert spdx(SUBJECT, partly)["comment"] == "Two entries make no sense."
    assert cyclonedx(SUBJECT, CONTENTS)["compositions"][0]["aggregate"] == "complete"


@pytest.mark.parametrize(
    "change",
    [{"name": "//"}, {"name": ""}, {"version": "1 2"}, {"source": "/"}, {"installed_size": -1}],
    ids=str,
)
def test_what_no_honest_reader_says_is_refused(change: dict[str, Any]) -> None:
    adapter = TypeAdapter(Contents)
    assert adapter.validate_json(adapter.dump_json(CONTENTS)) == CONTENTS
    told = json.loads(adapter.dump_json(CONTENTS))
    told["packages"][0] |= change
    with pytest.raises(ValidationError):
        adapter.validate_python(told)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9+.:_-]{0,20}", fullmatch=True)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
SOFTWARE = st.builds(
    Software,
    name=NAMES,
    version=WORDS,
    architecture=WORDS,
    source=NAMES | st.just(""),
    source_version=WORDS,
    supplier=st.text(),
    licences=st.lists(st.text(), max_size=3).map(tuple),
)


@given(st.lists(SOFTWARE, max_size=3), st.sampled_from(["deb", "rpm"]))
def test_whatever_a_stranger_s_disk_tells_can_be_written(
    packages: list[Software], kind: PackageFormat
) -> None:
    contents = Contents(kind, tuple(packages), FILES)
    assert TypeAdapter(Contents).validate_python(contents) == contents
    for document in (cyclonedx(SUBJECT, contents), spdx(SUBJECT, contents)):
        assert json.dumps(document).isascii()


def test_another_image_is_another_document() -> None:
    other = replace(SUBJECT, sha256="7" * 64)
    assert (
        cyclonedx(SUBJECT, CONTENTS)["serialNumber"] != cyclonedx(other, CONTENTS)["serialNumber"]
    )
    names = {spdx(each, CONTENTS)["documentNamespace"] for each in (SUBJECT, other)}
    assert len(names) == 2


def test_a_supplier_is_a_person_unless_the_name_says_more() -> None:
    said = {each["name"]: each["supplier"] for each in spdx(SUBJECT, CONTENTS)["packages"]}
    assert said["libc6"] == "Organization: GNU Libc Maintainers (debian-glibc@example.org)"
    assert said["bsdutils"] == "Person: Chris Hofstaedtler (zeha@example.org)"
    assert said["vendor-tool"] == "Organization: Vendor Inc"
    assert (
        spdx(SUBJECT, Contents("deb", (Software("a", "1", "all"),), ()))["packages"][1]["supplier"]
        == "NOASSERTION"
    )
