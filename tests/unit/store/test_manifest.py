import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import OTHER_SHA256, SHA256, complete, evidence, manifest, plan

from builder.errors import InputError
from builder.feature import Outcome
from builder.host.files import replace_text
from builder.store.build_directory import manifests
from builder.store.manifest import FILE_NAME, read, write
from builder.store.sections import BootRecord


def boot(name: str, seconds: float = 40) -> BootRecord:
    return BootRecord(
        name=name, accelerator="tcg", until_ssh=seconds, probes=10, image_sha256="a" * 64
    )


# ---- round trip


def test_what_was_written_is_read(tmp_path: Path) -> None:
    of = plan("pinned-scsi")
    written = manifest(of).with_evidence(complete(of), [boot("bios"), boot("uefi")])
    write(tmp_path, written)
    assert read(tmp_path) == written
    assert read(tmp_path).planned() == of


@given(st.text(), st.sampled_from(list(Outcome)))
def test_whatever_a_check_saw_survives_the_file(
    tmp_path_factory: pytest.TempPathFactory, seen: str, outcome: Outcome
) -> None:
    directory = tmp_path_factory.mktemp("manifest")
    write(directory, manifest().with_evidence([evidence("a/b", outcome, seen=seen)]))
    (result,) = read(directory).evidence
    assert (result.seen, result.outcome) == (seen, outcome)


def test_what_a_later_version_added_stays_when_this_one_adds_evidence(tmp_path: Path) -> None:
    data = manifest().model_dump(mode="json") | {"audited": {"cloud": "x"}}
    data["image"]["signature"] = "y"
    (tmp_path / FILE_NAME).write_text(json.dumps(data))
    write(tmp_path, read(tmp_path).with_evidence([evidence("a/b")]))
    written = json.loads((tmp_path / FILE_NAME).read_text())
    assert written["audited"] == {"cloud": "x"}
    assert written["image"]["signature"] == "y"
    assert read(tmp_path).evidence == (evidence("a/b"),)


def test_a_build_of_before_bills_of_materials_is_read(tmp_path: Path) -> None:
    data = manifest().model_dump(mode="json")
    del data["sbom"]
    (tmp_path / FILE_NAME).write_text(json.dumps(data))
    assert read(tmp_path).sbom == ()


@pytest.mark.parametrize(
    "change", [{"name": "../../etc/passwd"}, {"sha256": "x"}, {"format": "SWID"}], ids=str
)
def test_a_bill_of_materials_is_a_file_of_the_build_with_a_digest(
    tmp_path: Path, change: dict[str, str]
) -> None:
    bill = {"format": "SPDX", "name": "sbom.spdx.json", "sha256": "1" * 64}
    data = manifest().model_dump(mode="json")
    (tmp_path / FILE_NAME).write_text(json.dumps({**data, "sbom": [bill]}))
    assert read(tmp_path).sbom[0].name == "sbom.spdx.json"
    (tmp_path / FILE_NAME).write_text(json.dumps({**data, "sbom": [{**bill, **change}]}))
    with pytest.raises(InputError, match="not a manifest that this version can read"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["../other/image.qcow2", "/etc/shadow", "", ".hidden", "a/b"])
def test_no_manifest_names_a_file_elsewhere(tmp_path: Path, name: str) -> None:
    data = manifest().model_dump(mode="json")
    data["image"]["name"] = name
    (tmp_path / FILE_NAME).write_text(json.dumps(data))
    with pytest.raises(InputError) as failure:
        read(tmp_path)
    assert "image.name" in failure.value.details[0]


@pytest.mark.parametrize("name", ["../../root/x", "/x", ""])
def test_no_manifest_names_a_boot_whose_logs_lie_elsewhere(tmp_path: Path, name: str) -> None:
    data = manifest().model_dump(mode="json")
    data["plan"]["boots"][0]["name"] = name
    (tmp_path / FILE_NAME).write_text(json.dumps(data))
    with pytest.raises(InputError) as failure:
        read(tmp_path)
    assert "boots.0.name" in failure.value.details[0]


# ---- evidence


def test_evidence_of_another_file_is_void() -> None:
    own, other = evidence("a/one"), evidence("a/two", sha256=OTHER_SHA256)
    assert manifest(evidence=(own, other)).valid_evidence() == (own,)


def test_new_evidence_takes_the_place_of_older_of_the_same_check() -> None:
    old, new = evidence("a/b", Outcome.FAILED), evidence("a/b")
    assert manifest(evidence=(old,)).with_evidence([new]).evidence == (new,)


def test_new_evidence_leaves_that_of_other_checks_and_other_boots() -> None:
    kept = (evidence("a/b", boot="uefi"), evidence("a/c", boot="bios"), evidence("a/b"))
    old, new = evidence("a/b", Outcome.FAILED, boot="bios"), evidence("a/b", boot="bios")
    result = manifest(evidence=(*kept, old)).with_evidence([new])
    assert set(result.evidence) == {*kept, new}


def test_a_boot_s_record_takes_the_place_of_its_older_one() -> None:
    old = manifest(boots=(boot("bios", 90), boot("uefi", 50)))
    assert old.with_evidence([], [boot("bios", 40)]).boots == (boot("uefi", 50), boot("bios", 40))


def test_the_manifest_itself_never_changes() -> None:
    old = manifest()
    old.with_evidence([evidence("a/b")])
    assert old.evidence == ()


# ---- files that are no manifest of this version


def broken(change: Callable[[dict[str, Any]], object]) -> bytes:
    data = manifest().model_dump(mode="json")
    change(data)
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"[]", "should be an object"),
        (b"null", "should be an object"),
        (b"\xff\xfe", "Invalid JSON"),
        (broken(lambda data: data.update(schema_version=0)), "schema_version"),
        (broken(lambda data: data.update(schema_version=2)), "schema_version"),
        (broken(lambda data: data.pop("image")), "image"),
        (broken(lambda data: data["image"].update(format="vmdk")), "image.format"),
        (broken(lambda data: data["plan"].pop("claims")), "claims"),
        (broken(lambda data: data.update(evidence=[{"check": "a/b"}])), "evidence.0.kind"),
    ],
    ids=[
        *("empty", "cut off", "a list", "null", "not UTF-8", "an old version"),
        *("a future version", "no image", "an unknown format", "a damaged plan"),
        "damaged evidence",
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_path_and_the_problem(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert str(tmp_path / FILE_NAME) in caught.value.message
    assert any(problem in line for line in caught.value.details)
    assert "schema version 1" in caught.value.hint


def test_at_most_five_problems_are_shown(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{}")
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert len(caught.value.details) == 5


def test_a_directory_without_a_manifest_is_no_build(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a build directory") as caught:
        read(tmp_path)
    assert "No such file" in caught.value.message


def test_a_directory_in_the_manifest_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(InputError, match="is not a build directory"):
        read(tmp_path)


# ---- writing


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, manifest())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, manifest(build="another"))
    assert read(tmp_path) == manifest()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_file_is_replaced_under_its_name_only_when_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    during: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: during.append(path.read_text()))
    with path.open() as begun:
        replace_text(path, "new")
        assert begun.read() == "old"
    assert during == ["old"]
    assert path.read_text() == "new"


def test_the_manifests_of_one_profile_are_found_among_others(tmp_path: Path) -> None:
    for name in ("base/20260102T030405Z-3f9c2a", "other/20260102T030405Z-3f9c2b", "base/broken"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("base/20260102T030405Z-3f9c2a", "other/20260102T030405Z-3f9c2b"):
        write(tmp_path / name, manifest())
    (tmp_path / "base/broken/manifest.json").write_text("{")
    (tmp_path / "base/latest").symlink_to("20260102T030405Z-3f9c2a")
    assert [path.parent.name for path, _ in manifests(tmp_path)] == ["base", "other"]
    assert [path.parent.name for path, _ in manifests(tmp_path, "base")] == ["base"]


# ---- several formats


@pytest.mark.parametrize("recorded", ["", OTHER_SHA256])
def test_a_file_whose_disk_is_not_that_of_the_image_is_refused(
    tmp_path: Path, recorded: str
) -> None:
    data = manifest().model_dump(mode="json")
    file = data["image"] | {"name": "image.vmdk", "format": "vmdk", "content_sha256": SHA256}
    data["image"]["content_sha256"] = SHA256
    data["formats"] = [file]
    replace_text(tmp_path / FILE_NAME, json.dumps(data))
    assert [file.name for file in read(tmp_path).files] == ["image.qcow2", "image.vmdk"]
    data["image"]["content_sha256"] = recorded
    replace_text(tmp_path / FILE_NAME, json.dumps(data))
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert "the disk in image.vmdk is not that in image.qcow2" in str(caught.value)
