"""A bill of materials is published about the image only as it was written with it."""

import hashlib
import os
from pathlib import Path

import pytest
from samples import manifest

from builder.publish.candidate.admission import Refused
from builder.publish.candidate.bills import require_bills
from builder.store.manifest import Manifest
from builder.store.sections import SbomFile

NAME = "sbom.cdx.json"
TEXT = '{"bomFormat": "CycloneDX"}\n'


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    (tmp_path / NAME).write_text(TEXT)
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    return manifest(sbom=(SbomFile(format="CycloneDX", name=NAME, sha256=digest),))


def test_the_one_of_the_manifest_passes(tmp_path: Path, build: Manifest) -> None:
    require_bills(tmp_path, build)


def test_an_older_build_needs_none(tmp_path: Path) -> None:
    require_bills(tmp_path, manifest())


@pytest.mark.parametrize("text", [TEXT[:-4], TEXT + " ", ""], ids=["truncated", "longer", "empty"])
def test_another_one_is_refused(tmp_path: Path, build: Manifest, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(Refused, match="bill of materials is not the one") as caught:
        require_bills(tmp_path, build)
    assert NAME in caught.value.details[0]
    assert build.sbom[0].sha256[:12] in caught.value.details[0]


def test_one_that_is_gone_is_refused(tmp_path: Path, build: Manifest) -> None:
    (tmp_path / NAME).unlink()
    with pytest.raises(Refused) as caught:
        require_bills(tmp_path, build)
    assert "cannot be read (No such file or directory)" in caught.value.details[0]


def test_a_pipe_and_a_link_in_its_place_are_not_opened(tmp_path: Path, build: Manifest) -> None:
    (tmp_path / NAME).rename(tmp_path / "other")
    (tmp_path / NAME).symlink_to("other")
    with pytest.raises(Refused, match="not published") as caught:
        require_bills(tmp_path, build)
    assert "not a regular file" in caught.value.details[0]
    (tmp_path / NAME).unlink()
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(Refused):
        require_bills(tmp_path, build)
