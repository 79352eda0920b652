"""What of a build that was made again differs, and which builds cannot be made again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import manifest

from builder.compare.reproduction import FileDifference, Reproduction, reproduction
from builder.errors import InputError
from builder.report.reproduction import reproduction_json, reproduction_text
from builder.reproduce import reproduce
from builder.store.manifest import Manifest, write
from builder.store.sections import Adopted, Package
from builder.terminal.output import rendered
from builder.terminal.progress import Progress

INITRD = "/boot/initrd.img-6.1.0-13-cloud-amd64"


def changed(build: Manifest, **update: Any) -> Manifest:
    image = build.image.model_copy(update={"sha256": "b" * 64})
    return build.model_copy(update={"image": image, **update})


def text(found: Reproduction) -> str:
    return rendered(reproduction_text(found), None)


def test_the_same_file_is_told_with_its_digest_and_nothing_else() -> None:
    old = manifest()
    found = reproduction(old, old, {}, {})
    assert found.same
    assert text(found).splitlines() == [
        f"image.qcow2 is the same, byte for byte: SHA-256 {old.image.sha256}"
    ]
    assert reproduction_json(found)["same"] is True


def test_what_it_was_made_from_is_named_part_by_part() -> None:
    old = manifest().model_copy(
        update={"ingredients": {"element guest-agent": "a1", "program": "p"}}
    )
    new = changed(old, ingredients={"element guest-agent": "b2", "program": "p"})
    told = text(reproduction(old, new, {}, {}))
    assert "element guest-agent  a1 → b2" in told
    assert "program  " not in told
    assert "Take the program, the elements and the tools of then." in told


def test_other_packages_are_named_with_a_way_to_get_those_of_then() -> None:
    old = manifest()
    openssl = Package(name="openssl", version="3.0.11-1", architecture="amd64", installed_size=1)
    newer = openssl.model_copy(update={"version": "3.0.13-1"})
    old = old.model_copy(update={"packages": (openssl,)})
    told = text(reproduction(old, changed(old, packages=(newer,)), {}, {}))
    assert "up  openssl  3.0.11-1 → 3.0.13-1" in told
    assert "DIB_DISTRIBUTION_MIRROR" in told


def test_files_are_named_and_if_nothing_explains_them_it_is_a_bug() -> None:
    old = manifest()
    files = {INITRD: "1", "/etc/made": "2", "/etc/gone": "3"}
    found = reproduction(old, changed(old), files, {INITRD: "9", "/etc/made": "2", "/new": "4"})
    told = text(found)
    assert f"changed  {INITRD}" in told
    assert "gone     /etc/gone" in told
    assert "new      /new" in told
    assert "/etc/made" not in told
    assert "report this as a bug" in told
    assert {each["name"] for each in reproduction_json(found)["files"]} == {
        INITRD, "/etc/gone", "/new",
    }  # fmt: skip


def test_of_many_files_the_first_are_named_and_the_others_counted() -> None:
    files = {f"/opt/{number:02}": "1" for number in range(25)}
    told = text(reproduction(manifest(), changed(manifest()), files, {}))
    assert "and 5 more files" in told


def test_what_differs_inside_of_the_first_file_is_told_as_far_as_there_is_room() -> None:
    lines = [f"-{number}" for number in range(50)]
    found = reproduction(
        manifest(), changed(manifest()), {"/a": "1", "/b": "2", "/c": "3"}, {"/b": "9", "/c": "8"}
    )
    assert found.first_changed == "/b"
    told = text(replace(found, first=FileDifference("/b", "\n".join(lines))))
    assert "inside of /b\n  -0\n  -1\n" in told
    assert "and 10 more lines" in told
    assert "-40" not in told


def test_a_file_that_only_one_has_has_no_inside_to_compare() -> None:
    found = reproduction(manifest(), changed(manifest()), {"/a": "1"}, {"/b": "2"})
    assert found.first_changed is None
    assert reproduction_json(found)["first"] is None


def test_without_bills_no_files_are_compared() -> None:
    found = reproduction(manifest(), changed(manifest()), None, {})
    assert found.files is None
    assert "report this as a bug" in text(found)


PLAN = manifest().plan
TOKEN = {"DIB_DISTRIBUTION_MIRROR": "http://mirror.example/<secret>/debian"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"adopted": Adopted(source="a.qcow2", lacking=(), limits=())}, "nobody knows how"),
        ({"source_date": None}, "its builder was too old"),
        ({"plan": {**PLAN, "environment": TOKEN}}, "has an address with a secret"),
    ],
    ids=["adopted", "old", "secret"],
)
def test_a_build_that_cannot_be_made_again_is_refused_before_anything_is_done(
    fields: dict[str, Any], told: str, tmp_path: Path
) -> None:
    write(tmp_path, manifest(**{"source_date": 1_700_000_000, **fields}))
    with pytest.raises(InputError, match=told):
        reproduce(tmp_path, Progress())
