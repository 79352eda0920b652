"""A signed build holds as it is; whatever is changed in it is named."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attested import FAILED, IMAGE, LATER, Release, machine, other, proven, published, release
from samples import WHEN, observed

from builder.attest import bundle
from builder.attest.part import State
from builder.attest.sign import sign_observations, sign_record
from builder.attest.verify import Verification, verify
from builder.report.update import update
from builder.store import manifest as manifests


@pytest.fixture
def signed(tmp_path: Path) -> Release:
    return release(tmp_path)


def faults(found: Verification) -> dict[str, str]:
    """What does not hold, part by part."""
    return {
        part.name: f"{part.state}: {part.seen}"
        for part in found.parts
        if part.state is not State.SIGNED
    }


def test_a_build_of_three_machines_holds_by_their_three_keys(signed: Release) -> None:
    found = verify(signed.directory, signed.keys)
    assert faults(found) == {}
    assert found.holds
    by = {part.name: part.key_id for part in found.parts}
    keys = [key.keyid for key in signed.keys]
    assert [by[name] for name in ("image.qcow2", "evidence", "manifest.json")] == keys
    assert {
        "image.qcow2", "image.vmdk", "sbom.cdx.json", "sbom.spdx.json", "SHA256SUMS", "build.log",
        "manifest.json", "evidence", "report.html", "bios-console.log", "uefi-qemu.log",
    } <= set(by)  # fmt: skip


FILES = [
    "image.qcow2", "image.vmdk", "sbom.cdx.json", "sbom.spdx.json", "SHA256SUMS", "build.log",
    "report.html", "bios-console.log", "manifest.json",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_named(signed: Release, name: str) -> None:
    path = signed.directory / name
    content = bytearray(path.read_bytes())
    text = b'"description": "'  # of the manifest's plan: its evidence has statements of its own
    place = content.index(text) + len(text) if name == "manifest.json" else len(content) // 2
    content[place] ^= 1
    path.write_bytes(content)
    found = faults(verify(signed.directory, signed.keys))
    assert [*found] == [name]
    assert found[name].startswith("changed: ")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_named(signed: Release, name: str) -> None:
    (signed.directory / name).unlink()
    found = faults(verify(signed.directory, signed.keys))
    assert found[name].startswith("missing: ")
    assert set(found) <= {name, "evidence", "manifest.json"}


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(signed: Release, name: str) -> None:
    path = signed.directory / name
    path.write_bytes(path.read_bytes()[:-3])
    assert faults(verify(signed.directory, signed.keys))[name].startswith("changed: ")


def test_a_link_a_directory_and_a_pipe_are_not_read(signed: Release) -> None:
    for name, make in (
        ("build.log", lambda path: path.symlink_to("/dev/zero")),
        ("SHA256SUMS", Path.mkdir),
        ("sbom.cdx.json", os.mkfifo),
    ):
        (signed.directory / name).unlink()
        make(signed.directory / name)
    found = faults(verify(signed.directory, signed.keys))
    assert found == dict.fromkeys(
        ("build.log", "SHA256SUMS", "sbom.cdx.json"), "changed: it is not a regular file"
    )


Edit = Callable[[dict[str, Any]], object]
EDITS: dict[str, tuple[Edit, str]] = {
    "a package's version": (
        lambda data: data["packages"][0].update(version="9"), "packages",
    ),
    "a package more": (
        lambda data: data["packages"].append(data["packages"][0]), "packages",
    ),
    "the plan": (lambda data: data["plan"].update(profile="base"), "plan"),
    "the image": (lambda data: data["image"].update(sha256="0" * 64), "image"),
    "two sections": (
        lambda data: data.update(inputs="1" * 64, timings={}), "inputs, timings",
    ),
    "a section of adopted images": (
        lambda data: data.update(adopted={"source": "x", "lacking": [], "limits": []}), "adopted",
    ),
    "where it was published": (
        lambda data: data["published"][0].update(image="another"), "published",
    ),
    "its form": (dict.copy, "its form alone"),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_what_was_changed_in_the_manifest_is_named(signed: Release, what: str) -> None:
    path = signed.directory / "manifest.json"
    data = json.loads(path.read_text())
    edit, named = EDITS[what]
    edit(data)
    path.write_text(json.dumps(data))
    found = faults(verify(signed.directory, signed.keys))
    assert {name.partition("#")[0] for name in found} <= {"manifest.json", "evidence"}
    assert found["manifest.json"] == f"changed: {named}"


def test_evidence_that_was_changed_is_named(signed: Release) -> None:
    update(
        signed.directory,
        lambda build: build.with_evidence([build.evidence[0].model_copy(update={"seen": "well"})]),
    )
    sign_record(signed.directory, signed.publisher.attester)
    check = manifests.read(signed.directory).evidence[0].check
    found = faults(verify(signed.directory, signed.keys))
    assert [*found] == ["evidence"]
    assert found["evidence"].startswith("changed: ")
    assert check.partition("/")[0] in found["evidence"]


def test_evidence_that_was_taken_out_is_missing(signed: Release) -> None:
    update(
        signed.directory,
        lambda build: build.model_copy(update={"evidence": build.evidence[1:]}),
    )
    sign_record(signed.directory, signed.publisher.attester)
    assert faults(verify(signed.directory, signed.keys))["evidence"].startswith("missing: ")


def test_a_newer_proof_without_a_key_is_not_signed(signed: Release) -> None:
    proven(signed.directory, None, at=WHEN + LATER)
    found = faults(verify(signed.directory, signed.keys))
    assert found["evidence"].startswith("not signed: ")
    assert set(found) == {"evidence", "manifest.json"}


def test_a_newer_proof_with_a_key_takes_the_place_of_the_older(signed: Release) -> None:
    before = bundle.read(signed.directory / bundle.FILE_NAME).envelopes
    proven(signed.directory, signed.prover, at=WHEN + LATER, **FAILED)
    assert verify(signed.directory, signed.keys).holds
    after = bundle.read(signed.directory / bundle.FILE_NAME).envelopes
    assert len(after) == len(before)


def test_a_publication_without_a_key_leaves_the_record_unsigned_and_names_it(
    signed: Release,
) -> None:
    update(signed.directory, lambda build: build.model_copy(update={"published": ()}))
    found = faults(verify(signed.directory, signed.keys))
    assert {name: told.partition(":")[0] for name, told in found.items()} == {
        "manifest.json": "changed", "report.html": "changed",
    }  # fmt: skip
    assert found["manifest.json"] == "changed: published"
    published(signed.directory, signed.publisher)
    assert verify(signed.directory, signed.keys).holds


def test_what_a_server_has_shown_is_signed_too(signed: Release) -> None:
    sha256 = manifests.read(signed.directory).image.sha256
    shown = [observed("root-disk", "hw_disk_bus", sha256=sha256)]
    update(signed.directory, lambda build: build.with_observations(shown))
    assert "observations" in faults(verify(signed.directory, signed.keys))
    sign_observations(signed.directory, shown, signed.prover.attester)
    assert verify(signed.directory, signed.keys).holds
    update(signed.directory, lambda build: build.model_copy(update={"observations": ()}))
    sign_record(signed.directory, signed.publisher.attester)
    found = faults(verify(signed.directory, signed.keys))
    assert found == {"observations": "missing: root-disk in http://prod"}


def test_without_one_of_the_keys_its_part_is_not_signed(signed: Release) -> None:
    for key, part in zip(signed.keys, ("image.qcow2", "evidence", "report.html"), strict=True):
        found = verify(signed.directory, [other for other in signed.keys if other != key])
        assert faults(found)[part].startswith("not signed")
        assert [*found.strangers] == [key.keyid]
        assert not found.holds


def test_the_key_of_a_stranger_vouches_for_nothing(signed: Release, tmp_path: Path) -> None:
    found = verify(signed.directory, [machine(tmp_path, "stranger").key])
    assert {part.state for part in found.parts} == {State.UNSIGNED}
    assert found.signed


def test_a_build_that_nobody_has_signed_is_told_so(signed: Release) -> None:
    (signed.directory / bundle.FILE_NAME).unlink()
    found = verify(signed.directory, signed.keys)
    assert not found.signed
    assert {part.state for part in found.parts} == {State.UNSIGNED}


def test_the_bundle_of_another_image_is_told(signed: Release, tmp_path: Path) -> None:
    theirs = other(signed, tmp_path).directory
    shutil.copy(theirs / bundle.FILE_NAME, signed.directory / bundle.FILE_NAME)
    found = verify(signed.directory, signed.keys)
    assert "is of another image: image.qcow2 with" in faults(found)[bundle.FILE_NAME]
    assert faults(found)["image.qcow2"].startswith("not signed")


def lines(signed: Release) -> Iterator[int]:
    """The bytes of a bundle that are changed: some of each line."""
    content = (signed.directory / bundle.FILE_NAME).read_bytes()
    start = 0
    for line in content.splitlines(keepends=True):
        yield from range(start + 2, start + len(line) - 2, max(1, len(line) // 5))
        start += len(line)


def test_whatever_byte_of_the_bundle_is_changed_it_no_longer_holds(signed: Release) -> None:
    path = signed.directory / bundle.FILE_NAME
    content = path.read_bytes()
    for place in lines(signed):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        found = verify(signed.directory, signed.keys)
        assert not found.holds, place
    path.write_bytes(content)
    assert verify(signed.directory, signed.keys).holds


def test_a_truncated_bundle_is_told(signed: Release) -> None:
    path = signed.directory / bundle.FILE_NAME
    path.write_bytes(path.read_bytes()[:-40])
    found = faults(verify(signed.directory, signed.keys))
    assert "is not an envelope" in found[bundle.FILE_NAME]


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_bundle_that_is_no_file_is_not_read(
    signed: Release, make: Callable[[Path], None]
) -> None:
    path = signed.directory / bundle.FILE_NAME
    path.unlink()
    make(path)
    assert faults(verify(signed.directory, signed.keys))[bundle.FILE_NAME] == (
        "changed: it is not a regular file"
    )


def test_an_image_in_the_place_of_another_is_told(signed: Release) -> None:
    (signed.directory / "image.qcow2").write_bytes(IMAGE[::-1])
    found = faults(verify(signed.directory, signed.keys))
    assert [*found] == ["image.qcow2"]
    assert "its SHA-256 is" in found["image.qcow2"]
