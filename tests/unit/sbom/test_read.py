"""The packages of a build by its own bill of materials."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from samples import manifest, plan

from builder.errors import InputError
from builder.sbom.facts import Contents, LooseFile, Software
from builder.sbom.read import loose_files, packages_with_sources
from builder.sbom.write import CYCLONEDX, subject_of, write_bills
from builder.store.manifest import Manifest

PACKAGES = (
    Software("libssl3:amd64", "3.0.11-1", "amd64", 10, "openssl", "3.0.11-1"),
    Software("zlib1g", "1:1.3-1+b1", "amd64", 10, "zlib", "1:1.3-1"),
)
FILES = (LooseFile("/boot/initrd.img", "1" * 40, "2" * 64),)


def build(directory: Path) -> Manifest:
    recorded = manifest()
    contents = Contents("deb", PACKAGES, FILES)
    bills = write_bills(directory, subject_of(recorded, plan("base")), contents)
    return recorded.model_copy(update={"sbom": bills})


def test_packages_are_told_with_their_sources_and_epochs(tmp_path: Path) -> None:
    found = packages_with_sources(tmp_path, build(tmp_path)) or ()
    assert {
        (package.name, package.version, package.source, package.source_version) for package in found
    } == {
        ("libssl3", "3.0.11-1", "openssl", "3.0.11-1"),
        ("zlib1g", "1:1.3-1+b1", "zlib", "1:1.3-1"),
    }


def test_files_of_no_package_are_told_with_their_digests(tmp_path: Path) -> None:
    assert loose_files(tmp_path, build(tmp_path)) == {"/boot/initrd.img": "2" * 64}


def test_a_build_of_an_older_version_has_no_bill(tmp_path: Path) -> None:
    assert packages_with_sources(tmp_path, manifest()) is None
    assert loose_files(tmp_path, manifest()) is None


def refused(directory: Path, recorded: Manifest) -> str:
    with pytest.raises(InputError, match="does not tell what it consists of") as error:
        packages_with_sources(directory, recorded)
    return error.value.details[0]


def test_a_bill_that_is_truncated_another_one_or_missing_is_refused(tmp_path: Path) -> None:
    recorded = build(tmp_path)
    path = tmp_path / CYCLONEDX
    path.write_bytes(path.read_bytes()[:-10])
    assert "the manifest says" in refused(tmp_path, recorded)
    path.unlink()
    assert "No such file" in refused(tmp_path, recorded)
    path.symlink_to("/dev/zero")
    assert "is not a regular file" in refused(tmp_path, recorded)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"components": [{"type": "library", "name": "a b", "version": "1"}]},
        {"components": [{"type": "library", "name": "a", "version": "\n"}]},
        {"components": [{"type": "library", "name": "a", "pedigree": {"ancestors": [{}]}}]},
    ],
)
def test_a_bill_that_is_none_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    recorded = build(tmp_path)
    content = json.dumps(document).encode()
    (tmp_path / CYCLONEDX).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    bills = [
        bill.model_copy(update={"sha256": digest}) if bill.name == CYCLONEDX else bill
        for bill in recorded.sbom
    ]
    assert refused(tmp_path, recorded.model_copy(update={"sbom": tuple(bills)}))
