"""Which builds are listed, which are not, and when a file is read."""

import os
from pathlib import Path

import pytest
from listed import BASE, PINNED, proven_build, store_build
from samples import manifest

from builder.catalogue import checked
from builder.catalogue.checked import Checked
from builder.catalogue.collect import Found, collect
from builder.errors import ImageError, InputError
from builder.store.build_directory import LATEST
from builder.terminal.progress import Progress


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A directory with one build that can be listed."""
    store_build(tmp_path / "dist", proven_build(BASE))
    return tmp_path / "dist"


def collected(dist: Path, seen: Checked | None = None) -> Found:
    with Progress() as progress:
        return collect(dist, seen or Checked(), progress)


def error_of(found: Found) -> ImageError | InputError:
    assert [entry.profile for entry in found.entries] == ["base"]
    (error,) = found.errors
    assert isinstance(error, ImageError | InputError)
    return error


def test_every_proven_build_is_listed_once(dist: Path) -> None:
    new = store_build(dist, proven_build())
    (new.parent / LATEST).symlink_to(new.name)
    (new.parent / "20260303T030405Z-aaaaaa.failed").mkdir()
    (new.parent / ".20260303T030405Z-aaaaaa.partial").mkdir()
    found = collected(dist)
    assert [entry.profile for entry in found.entries] == ["base", "pinned-scsi"]
    assert (found.unproven, found.errors) == (0, ())
    assert found.entries[1].beside == ("report.html", "SHA256SUMS", "manifest.json")


def test_what_lacks_proof_is_counted(dist: Path) -> None:
    store_build(dist, manifest(PINNED), report="none")
    found = collected(dist)
    assert [entry.profile for entry in found.entries] == ["base"]
    assert found.unproven == 1


def test_a_manifest_that_cannot_be_read_is_told(dist: Path) -> None:
    (store_build(dist, proven_build()) / "manifest.json").write_text("{}")
    assert "that this version can read" in str(error_of(collected(dist)))


def test_a_manifest_that_leads_nowhere_is_told(dist: Path) -> None:
    path = store_build(dist, proven_build()) / "manifest.json"
    path.unlink()
    path.symlink_to("nowhere")
    assert "cannot be read (No such file or directory)" in str(error_of(collected(dist)))


def test_a_copy_of_a_build_is_not_listed_again(dist: Path) -> None:
    directory = store_build(dist, proven_build())
    directory.rename(directory.with_name("kept"))
    error = error_of(collected(dist))
    assert isinstance(error, InputError)
    assert "its manifest is that of build 20260102T030405Z-3f9c2a of pinned-scsi" in str(error)


@pytest.mark.parametrize("name", ["image.qcow2", "sbom.cdx.json", "sbom.spdx.json"])
@pytest.mark.parametrize(
    ("data", "told"),
    [(b"the im", "has the SHA-256"), (None, "cannot be read (No such file")],
    ids=["truncated", "missing"],
)
def test_a_build_whose_files_are_others_is_told(
    dist: Path, name: str, data: bytes | None, told: str
) -> None:
    path = store_build(dist, proven_build()) / name
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    error = error_of(collected(dist))
    assert isinstance(error, ImageError)
    assert told in str(error)
    assert str(path) in str(error)


def test_a_link_in_place_of_an_image_is_told(dist: Path) -> None:
    path = store_build(dist, proven_build()) / "image.qcow2"
    path.rename(dist / "elsewhere")
    path.symlink_to(dist / "elsewhere")
    assert "image.qcow2 is not a regular file" in str(error_of(collected(dist)))


def test_a_report_that_is_a_link_is_left_out(dist: Path) -> None:
    report = dist / "base" / "20260102T030405Z-3f9c2a" / "report.html"
    report.unlink()
    report.symlink_to("/etc/passwd")
    (found,) = collected(dist).entries
    assert found.beside == ("SHA256SUMS", "manifest.json")


def test_what_signs_a_build_is_listed_with_it(dist: Path) -> None:
    directory = store_build(dist, proven_build())
    for name in ("SHA256SUMS.minisig", "attestations.intoto.jsonl"):
        (directory / name).write_text("signed")
    (found,) = (entry for entry in collected(dist).entries if entry.directory == directory)
    assert {"SHA256SUMS.minisig", "attestations.intoto.jsonl"} <= {*found.beside}


def test_nothing_to_list_is_a_wrong_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no proven build in"):
        collected(tmp_path / "none")


def test_where_all_are_broken_each_is_told(dist: Path) -> None:
    image = dist / "base" / "20260102T030405Z-3f9c2a" / "image.qcow2"
    image.write_bytes(b"another")
    with pytest.raises(InputError) as refusal:
        collected(dist)
    assert "its files are not those that were proven" in str(refusal.value)


def test_a_file_that_is_as_it_was_is_not_read_again(dist: Path, tmp_path: Path) -> None:
    image = dist / "base" / "20260102T030405Z-3f9c2a" / "image.qcow2"
    first = Checked()
    collected(dist, first)
    (tmp_path / checked.FILE_NAME).write_text(checked.text(first))
    times = image.stat().st_mtime_ns
    image.write_bytes(image.read_bytes()[::-1])
    os.utime(image, ns=(times, times))
    assert collected(dist, checked.read(tmp_path)).errors == ()  # it was not read
    os.utime(image, ns=(times, times + 1))
    with pytest.raises(InputError):
        collected(dist, checked.read(tmp_path))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', "\xff"])
def test_notes_that_cannot_be_read_are_none(tmp_path: Path, dist: Path, text: str) -> None:
    (tmp_path / checked.FILE_NAME).write_bytes(text.encode("latin-1"))
    assert len(collected(dist, checked.read(tmp_path)).entries) == 1
