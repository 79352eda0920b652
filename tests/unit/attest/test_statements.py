"""The statements are what their specifications say: in-toto's own library reads them strictly."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attested import FAILED, Release, built, machine, proven, release
from comparisons import adopted, package
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as OfTests
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from builder.attest import bundle
from builder.attest.provenance import ADOPTED, BUILT, provenance
from builder.attest.sign import sign_build
from builder.attest.statement import FILES, PROVENANCE, TEST_RESULT
from builder.feature import Outcome
from builder.store import manifest as manifests
from builder.store.sections import Snapshot, SuiteRelease

OWN = "guestimage_"


@pytest.fixture
def signed(tmp_path: Path) -> Release:
    return release(tmp_path)


def statements(directory: Path) -> list[dict[str, Any]]:
    return [
        json.loads(envelope.payload)
        for _, envelope in bundle.read(directory / bundle.FILE_NAME).envelopes
    ]


def of_kind(directory: Path, kind: str) -> list[dict[str, Any]]:
    return [each for each in statements(directory) if each["predicateType"] == kind]


def test_every_statement_is_one_of_in_toto(signed: Release) -> None:
    for each in statements(signed.directory):
        parsed = ParseDict(each, statement_pb2.Statement())
        Statement.copy_from_pb(parsed).validate()


def test_predicates_are_those_of_slsa_and_in_toto(signed: Release) -> None:
    """Fields of our own have the prefix that SLSA asks for; all others are the specification's."""
    kinds = {PROVENANCE: Provenance, TEST_RESULT: OfTests}
    for each in statements(signed.directory):
        if kind := kinds.get(each["predicateType"]):
            specified = {
                name: value for name, value in each["predicate"].items() if not name.startswith(OWN)
            }
            ParseDict(specified, kind())


def test_each_claim_has_its_test_result(signed: Release) -> None:
    results = of_kind(signed.directory, TEST_RESULT)
    plan = manifests.read(signed.directory).planned()
    claims = [each["predicate"]["guestimage_claim"] for each in results]
    named = [{"property": claim.property, "value": claim.value} for claim in plan.claims]
    assert claims == [*named, {}]
    for claim, each in zip(plan.claims, results, strict=False):
        tests = {test.partition(" in ")[0] for test in each["predicate"]["passedTests"]}
        assert tests == set(claim.proof)
        assert each["predicate"]["result"] == "PASSED"
    told = {
        record["check"] for each in results for record in each["predicate"]["guestimage_evidence"]
    }
    assert told == {record.check for record in manifests.read(signed.directory).evidence}


@pytest.mark.parametrize(
    ("outcome", "result", "field"),
    [
        (Outcome.FAILED, "FAILED", "failedTests"),
        (Outcome.ERROR, "FAILED", "failedTests"),
        (Outcome.SKIPPED, "WARNED", "warnedTests"),
    ],
)
def test_what_did_not_pass_is_not_told_as_passed(
    tmp_path: Path, outcome: Outcome, result: str, field: str
) -> None:
    prover = machine(tmp_path, "prover")
    directory = built(tmp_path / "build")
    proven(directory, prover, **{**FAILED, "outcome": outcome})
    for each in of_kind(directory, TEST_RESULT):
        assert each["predicate"]["result"] == result
        assert each["predicate"][field]
        assert each["predicate"]["passedTests"] == []


def test_provenance_tells_inputs_builder_and_parameters(tmp_path: Path) -> None:
    builder = machine(tmp_path, "builder")
    directory = built(tmp_path / "build")
    build = manifests.read(directory)
    manifests.write(directory, build.model_copy(update={"ingredients": {"program": "0.1"}}))
    sign_build(directory, builder.attester)
    (told,) = of_kind(directory, PROVENANCE)
    definition, details = (told["predicate"][part] for part in ("buildDefinition", "runDetails"))
    assert told["subject"][0] == {"name": "image.qcow2", "digest": {"sha256": build.image.sha256}}
    others = {each["name"] for each in told["subject"][1:]}
    assert others == {"image.vmdk", "sbom.cdx.json", "sbom.spdx.json"}
    assert definition["buildType"] == BUILT
    assert definition["externalParameters"]["profile"] == "pinned-scsi"
    assert definition["externalParameters"]["features"]["watchdog"]["action"] == "reset"
    assert definition["resolvedDependencies"] == [
        {
            "uri": "file:///usr/share/keyrings/debian-archive-keyring.gpg",
            "digest": {"sha256": "5" * 64},
        },
        {"name": "program", "annotations": {"guestimage_ingredient": "0.1"}},
    ]
    assert builder.key.keyid in details["builder"]["id"]
    assert details["metadata"]["invocationId"] == build.build
    assert details["metadata"]["startedOn"] == "2026-01-02T03:04:05Z"
    byproducts = {each["name"] for each in details["byproducts"]}
    assert {"build.log", "SHA256SUMS", "manifest.json#plan", "manifest.json#packages"} <= byproducts


def test_provenance_tells_the_moment_of_the_archive_and_its_release_files(tmp_path: Path) -> None:
    builder = machine(tmp_path, "builder")
    directory = built(tmp_path / "build")
    then = datetime(2026, 11, 1, tzinfo=UTC)
    release = SuiteRelease(date=then - timedelta(days=2), sha256="7" * 64)
    snapshot = Snapshot(at=then, suites={"bookworm-security": release})
    build = manifests.read(directory)
    manifests.write(directory, build.model_copy(update={"snapshot": snapshot}))
    sign_build(directory, builder.attester)
    (told,) = of_kind(directory, PROVENANCE)
    definition = told["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["snapshot"] == "2026-11-01T00:00:00Z"
    assert {
        "name": "release file of bookworm-security",
        "digest": {"sha256": "7" * 64},
        "annotations": {"guestimage_date": "2026-10-30T00:00:00Z"},
    } in definition["resolvedDependencies"]


def test_a_build_without_a_proof_has_provenance_and_its_record(tmp_path: Path) -> None:
    directory = built(tmp_path / "build")
    sign_build(directory, machine(tmp_path, "builder").attester)
    assert [each["predicateType"] for each in statements(directory)] == [PROVENANCE, FILES]


def test_what_was_adopted_was_not_built_here(tmp_path: Path) -> None:
    build = adopted()
    told = provenance(build, {}, machine(tmp_path, "builder").attester, build.created)
    definition = told["predicate"]["buildDefinition"]
    assert definition["buildType"] == ADOPTED
    assert definition["externalParameters"] == {"source": "win.qcow2"}
    assert definition["resolvedDependencies"][0] == {
        "name": "win.qcow2", "digest": {"sha256": build.inputs},
    }  # fmt: skip


def test_signing_a_build_of_a_thousand_packages_takes_well_under_a_second(tmp_path: Path) -> None:
    directory = built(tmp_path / "build")
    packages = tuple(package(f"package-{number}", "1.0") for number in range(1000))
    build = manifests.read(directory)
    manifests.write(directory, build.model_copy(update={"packages": packages}))
    attester = machine(tmp_path, "builder").attester
    start = time.process_time()
    sign_build(directory, attester)
    proven(directory, None)
    assert time.process_time() - start < 1
