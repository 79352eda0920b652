"""Which known vulnerabilities went and came between two builds."""

from dataclasses import replace
from pathlib import Path

import pytest
from image_sources import OPENSSL, VIM, image
from samples import manifest, plan
from tracker_files import LACKED, debian

from builder.compare.change import Change
from builder.errors import InputError
from builder.sbom.facts import Contents, Software
from builder.sbom.write import subject_of, write_bills
from builder.security.changes import gone_and_new, vulnerability_changes
from builder.security.finding import Finding
from builder.store.manifest import Manifest


def build(directory: Path, openssl: str) -> tuple[Path, Manifest]:
    directory.mkdir()
    packages = (
        Software("libssl3", openssl, "amd64", source="openssl", source_version=openssl),
        Software("vim-tiny", VIM.version, "amd64", source="vim", source_version=VIM.version),
    )
    recorded = manifest()
    bills = write_bills(
        directory, subject_of(recorded, plan("base")), Contents("deb", packages, ())
    )
    return directory, recorded.model_copy(update={"sbom": bills})


def test_a_repair_takes_a_vulnerability_away_and_a_step_back_brings_it(tmp_path: Path) -> None:
    file = debian(tmp_path / "tracker.json")
    old = build(tmp_path / "old", "3.0.11-1")
    new = build(tmp_path / "new", "3.0.11-1+deb12u1")
    told = "3.0.11-1, fixed in 3.0.11-1+deb12u1"
    found = vulnerability_changes(old, new, file)
    assert found.changes == (Change(f"{LACKED} openssl", told, None),)
    assert vulnerability_changes(new, old, file).changes == (
        Change(f"{LACKED} openssl", None, told),
    )
    assert vulnerability_changes(old, old, file).changes == ()
    assert found.unknown == ()


def test_a_build_without_a_bill_of_materials_leaves_it_unknown(tmp_path: Path) -> None:
    file = debian(tmp_path / "tracker.json")
    directory, new = build(tmp_path / "new", "3.0.11-1")
    old = new.model_copy(update={"sbom": ()})
    found = vulnerability_changes((directory, old), (directory, new), file)
    assert found.changes is None
    assert "it has no bill of materials" in found.unknown[0]


def test_a_file_that_says_nothing_of_the_distribution_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "tracker.json"
    file.write_text('{"vim": {"CVE-2026-1": {"releases": {"sid": {"status": "open"}}}}}')
    recorded = build(tmp_path / "one", "3.0.11-1")
    found = vulnerability_changes(recorded, recorded, file)
    assert [doubt for doubt in found.unknown if "nothing at all of debian-12" in doubt]
    assert len(found.unknown) == len(set(found.unknown))


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tracker.json"
    file.write_text("{}")
    recorded = build(tmp_path / "one", "3.0.11-1")
    with pytest.raises(InputError, match="not a file of known vulnerabilities"):
        vulnerability_changes(recorded, recorded, file)


def test_what_is_unimportant_and_what_both_have_is_no_change() -> None:
    both = Finding("CVE-2026-1", OPENSSL)
    later = replace(both, source=image().sources["vim"][0], fixed="3:1")
    minor = Finding("CVE-2026-2", OPENSSL, negligible=True)
    assert gone_and_new([both], [replace(both, fixed="3.0.12"), minor]) == ()
    assert [change.name for change in gone_and_new([both], [later])] == [
        "CVE-2026-1 vim",
        "CVE-2026-1 openssl",
    ]
