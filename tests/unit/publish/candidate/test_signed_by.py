"""``publish --require-signed-by``: what is signed by somebody else, or by nobody, stays here."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from attested import LATER, Release, machine, other, proven, published, release
from samples import WHEN, observed

from builder.attest import bundle
from builder.attest.sign import sign_build, sign_observations, sign_record
from builder.publish.candidate.admission import Refused, Waivers
from builder.publish.candidate.form import Form
from builder.publish.candidate.prepare import ready
from builder.publish.candidate.signed_by import require_signed
from builder.publish.candidate.stream import Origin
from builder.publish.cloud.image import Data
from builder.report.update import update
from builder.store import manifest as manifests


@pytest.fixture
def signed(tmp_path: Path) -> Release:
    return release(tmp_path)


def reasons(signed: Release, *names: str) -> str:
    """Why it is refused; empty where it is not. ``names`` are the machines that are trusted."""
    keys = [getattr(signed, name).key for name in names or ("builder", "prover")]
    try:
        require_signed(signed.directory, manifests.read(signed.directory), keys)
    except Refused as refusal:
        return str(refusal)
    return ""


def test_build_host_and_proof_host_are_enough(signed: Release) -> None:
    assert reasons(signed) == ""


def test_it_stays_publishable_when_one_without_a_key_has_published_it(signed: Release) -> None:
    update(signed.directory, lambda build: build.model_copy(update={"published": ()}))
    published(signed.directory, None)
    assert reasons(signed) == ""


@pytest.mark.parametrize(
    ("name", "told"), [("builder", "evidence: not signed"), ("prover", "manifest.json: not signed")]
)
def test_one_of_two_keys_is_not_enough(signed: Release, name: str, told: str) -> None:
    said = reasons(signed, name)
    assert told in said
    assert "whose key" not in said
    assert "which was not given" in said


def test_a_stranger_is_refused(signed: Release, tmp_path: Path) -> None:
    stranger = machine(tmp_path, "stranger")
    (signed.directory / bundle.FILE_NAME).unlink()
    sign_build(signed.directory, stranger.attester)
    proven(signed.directory, stranger)
    assert f"signed by the key {stranger.key.keyid[:12]}…" in reasons(signed)


def test_what_nobody_has_signed_is_refused(signed: Release) -> None:
    (signed.directory / bundle.FILE_NAME).unlink()
    said = reasons(signed)
    assert "manifest.json: not signed" in said
    assert "evidence: not signed" in said


Tamper = Callable[[Release], object]


def without_evidence(signed: Release) -> None:
    update(signed.directory, lambda build: build.model_copy(update={"evidence": ()}))


def another_digest(signed: Release) -> None:
    build = manifests.read(signed.directory)
    image = build.image.model_copy(update={"sha512": "0" * 128})
    manifests.write(signed.directory, build.model_copy(update={"image": image}))


def another_plan(signed: Release) -> None:
    build = manifests.read(signed.directory)
    claims = build.plan["claims"][:1]
    manifests.write(
        signed.directory, build.model_copy(update={"plan": {**build.plan, "claims": claims}})
    )


def a_better_result(signed: Release) -> None:
    proven(signed.directory, None, at=WHEN + LATER)


def without_observation(signed: Release) -> None:
    sha256 = manifests.read(signed.directory).image.sha256
    shown = [observed("root-disk", "hw_disk_bus", sha256=sha256)]
    sign_observations(signed.directory, shown, signed.prover.attester)


def of_another_image(signed: Release) -> None:
    theirs = other(signed, signed.directory.parent).directory
    shutil.copy(theirs / bundle.FILE_NAME, signed.directory / bundle.FILE_NAME)


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (without_evidence, "evidence: missing"),
        (another_digest, "manifest.json: changed: image"),
        (another_plan, "manifest.json: changed: plan"),
        (a_better_result, "evidence: not signed"),
        (without_observation, "observations: missing: root-disk"),
        (of_another_image, "has statements of another image"),
    ],
)
def test_what_was_tampered_with_is_refused_whoever_signs_the_record(
    signed: Release, tamper: Tamper, told: str
) -> None:
    tamper(signed)
    sign_record(signed.directory, signed.publisher.attester)
    assert told in reasons(signed, "builder", "prover", "publisher")


def test_a_truncated_bundle_is_told_with_the_line(signed: Release) -> None:
    path = signed.directory / bundle.FILE_NAME
    path.write_bytes(path.read_bytes()[:900])
    assert "attestations.intoto.jsonl: line 1 is not an envelope" in reasons(signed)


FORM = Form(Data(disk_format="qcow2", size=0, hashes={}), Origin(lambda: iter([b""])))


def test_publish_asks_for_it_before_anything_else(signed: Release, tmp_path: Path) -> None:
    def prepare(*keys: object) -> object:
        return ready(
            signed.directory,
            Waivers(),
            max_age=timedelta(days=99_999),
            form=FORM,
            signers=keys,
        )

    assert prepare()
    assert prepare(signed.builder.key, signed.prover.key)
    with pytest.raises(Refused, match="is not signed as --require-signed-by asks"):
        prepare(machine(tmp_path, "stranger").key)
