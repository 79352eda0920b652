"""The verb diff: which builds it finds, how it ends, what it writes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comparisons import newer, older, package
from reports import publication
from tracker_files import debian

from builder.linux.changelogs import Changelog
from builder.linux.configuration import Configuration, ConfigurationFile
from builder.proof.disk_contents import DiskContents
from builder.store.manifest import FILE_NAME, Manifest, write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(run: Run) -> Run:
    return lambda *arguments: run("diff", *arguments)


def placed(directory: Path, build: Manifest) -> Path:
    directory.mkdir(parents=True)
    write(directory, build)
    return directory


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return placed(tmp_path / "dist/pinned-scsi/old", older())


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return placed(tmp_path / "dist/pinned-scsi/new", newer())


def test_builds_that_differ_end_in_1(run: Run, old: Path, new: Path) -> None:
    code, out, err = run(old, new)
    assert (code, err) == (1, "")
    assert "  down     vim " in out
    assert out.splitlines()[-1].startswith("They differ in packages, ")


def test_a_build_and_itself_end_in_0(run: Run, old: Path) -> None:
    code, out, _ = run(old, old / FILE_NAME)
    assert code == 0
    assert out.splitlines()[1:] == ["", "Nothing differs."]


def test_builds_that_differ_in_times_alone_end_in_0(run: Run, old: Path, tmp_path: Path) -> None:
    slower = older().model_copy(update={"timings": {"convert": 9.0}})
    code, out, _ = run(old, placed(tmp_path / "slower", slower))
    assert code == 0
    assert out.splitlines()[-1] == "They differ in sizes and times only."


def test_a_profiles_name_is_its_latest_build(run: Run, old: Path, new: Path) -> None:
    (new.parent / "latest").symlink_to(new.name)
    assert run(old, "pinned-scsi", "--output", new.parent.parent)[:2] == run(old, new)[:2]


def test_an_images_id_is_the_build_that_was_published_as_it(run: Run, old: Path, new: Path) -> None:
    write(new, newer().with_published(publication()))
    word = publication().image
    assert run(old, word, "--output", new.parent.parent)[:2] == run(old, new)[:2]


def test_an_images_id_that_no_manifest_tells_is_wrong_input(run: Run, old: Path) -> None:
    code, _, err = run(old, publication().image, "--output", old.parent.parent)
    assert code == 2
    assert f"was published as the image {publication().image}" in err


def test_a_directory_may_have_a_name_like_an_images_id(
    run: Run, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(tmp_path / publication().image, newer())
    monkeypatch.chdir(tmp_path)
    assert run(old, publication().image)[0] == 1


@pytest.mark.parametrize("word", ["nothing", "./nothing", "some.qcow2"])
def test_what_is_no_build_is_wrong_input(run: Run, old: Path, word: str) -> None:
    code, out, err = run(old, word)
    assert (code, out) == (2, "")
    assert f"'{word}'" in err


@pytest.mark.parametrize(
    ("change", "told"),
    [({"schema_version": 2}, "schema_version: Input should be 1"), ({"plan": {}}, "profile")],
)
def test_a_manifest_of_another_schema_is_named_with_the_cause(
    run: Run, old: Path, new: Path, change: dict[str, object], told: str
) -> None:
    data = json.loads((new / FILE_NAME).read_text())
    (new / FILE_NAME).write_text(json.dumps(data | change))
    code, _, err = run(old, new)
    assert code == 2
    assert f"{new / FILE_NAME} is not a manifest that this version can read" in err
    assert told in err


def test_a_manifest_that_a_later_version_added_sections_to_is_compared(
    run: Run, old: Path, new: Path
) -> None:
    data = json.loads((new / FILE_NAME).read_text())
    (new / FILE_NAME).write_text(json.dumps(data | {"audited": {"cloud": "x"}}))
    assert run(old, new)[0] == 1


def test_json_tells_the_same(run: Run, old: Path, new: Path) -> None:
    code, out, _ = run(old, new, "--json")
    told = json.loads(out)
    assert code == 1
    assert (told["old"]["build"], told["new"]["build"]) == (older().build, newer().build)
    assert [change["name"] for change in told["packages"] if change["kind"] == "down"] == ["vim"]


def test_markdown_is_for_release_notes_and_leaves_the_making_out(
    run: Run, old: Path, new: Path
) -> None:
    code, out, _ = run(old, new, "--markdown")
    assert code == 1
    assert out.startswith(f"## pinned-scsi {older().build} → {newer().build}\n")
    assert "| `up` | `bind9` | `9.18.33-1` | `1:9.18.33-1` |" in out
    assert "### Tools" not in out


def test_a_page_is_written_where_it_is_asked_for(
    run: Run, old: Path, new: Path, tmp_path: Path
) -> None:
    code, out, _ = run(old, new, "--html", tmp_path / "page.html")
    assert code == 1
    assert "packages" in out
    assert "<h1>pinned-scsi" in (tmp_path / "page.html").read_text()


def test_a_page_that_cannot_be_written_is_told(run: Run, old: Path, new: Path) -> None:
    code, _, err = run(old, new, "--html", new / "missing/page.html")
    assert code == 2
    assert "cannot be written" in err


def test_the_disks_are_compared_where_it_is_asked_for(
    run: Run, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = placed(tmp_path / "copy", older())
    files = {old: {"/etc/a": ConfigurationFile("1", "x")}, copy: {}}
    monkeypatch.setattr(
        "builder.pipeline.disk_contents",
        lambda directory, *_: DiskContents(Configuration(files[directory]), ()),
    )
    assert run(old, copy)[0] == 0
    code, out, _ = run(old, copy, "--deep")
    assert code == 1
    assert "  removed  /etc/a" in out
    assert out.splitlines()[-1] == "They differ in configuration."


def test_changelogs_are_read_of_the_packages_in_another_version(
    run: Run, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def disk_contents(directory: Path, _: Manifest, packages: tuple[str, ...], *__: object) -> Any:
        asked.append(packages)
        entries = ("vim (9.1) x; y\n\n  * New.", "vim (8) x; y")[directory == old :]
        return DiskContents(Configuration({}), (Changelog(("vim",), entries),))

    monkeypatch.setattr("builder.pipeline.disk_contents", disk_contents)
    _, out, _ = run(old, new, "--deep")
    assert asked == [("bind9", "libssl3", "vim")] * 2
    assert "  +  * New." in out
    assert "Not in both images, or too long, are the changelogs of bind9 and libssl3." in out
    assert "changelog" not in run(old, new)[1]


def test_an_image_that_is_not_the_one_that_was_built_is_told(run: Run, old: Path) -> None:
    (old / "image.qcow2").write_bytes(b"no image")
    code, out, err = run(old, old, "--deep")
    assert (code, out) == (4, "")
    assert "image.qcow2" in err


def test_two_kinds_of_output_exclude_each_other(run: Run, old: Path, new: Path) -> None:
    code, _, err = run(old, new, "--markdown", "--json")
    assert code == 2
    assert "exclude each other" in err


def test_two_thousand_packages_are_compared_in_two_seconds(run: Run, old: Path, new: Path) -> None:
    """The bound of it, with the command's start; a tenth of it is spent."""
    packages = tuple(package(f"package-{number}", "1:2.3-4+deb12u5") for number in range(2000))
    later = tuple(package.model_copy(update={"version": "1:2.3-4+deb12u6"}) for package in packages)
    write(old, older().model_copy(update={"packages": packages}))
    write(new, newer().model_copy(update={"packages": later}))
    start = time.process_time()
    _, out, _ = run(old, new)
    assert time.process_time() - start < 2
    assert "packages: 2000 up" in out


def test_vulnerabilities_of_builds_without_bills_are_told_as_not_compared(
    run: Run, old: Path, tmp_path: Path
) -> None:
    file = debian(tmp_path / "tracker.json")
    code, out, _ = run(old, old, "--vulnerabilities", file)
    assert code == 0
    assert "it has no bill of materials" in out
    assert json.loads(run(old, old, "--vulnerabilities", file, "--json")[1])["unknown"]
