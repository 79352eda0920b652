"""A directory that others read meanwhile is replaced at once, and nothing else is."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from waiting import wait_until

from builder.catalogue.versions import new_version, place_of
from builder.errors import HostError, InputError
from builder.host.locking import is_locked


def write(output: Path, text: str) -> None:
    with new_version(place_of(output)) as version:
        (version / "index.html").write_text(text)


def versions(output: Path) -> list[Path]:
    home = place_of(output).home
    return [*home.iterdir()] if home.exists() else []


def test_a_directory_is_made_and_replaced_and_the_one_before_stays(tmp_path: Path) -> None:
    site = tmp_path / "www" / "site"
    for number in range(4):
        write(site, f"version {number}")
        assert (site / "index.html").read_text() == f"version {number}"
    assert sorted((path / "index.html").read_text() for path in versions(site)) == [
        "version 2",
        "version 3",
    ]
    assert sorted(path.name for path in site.parent.iterdir()) == [".site.versions", "site"]


def test_who_reads_meanwhile_always_finds_a_whole_one(tmp_path: Path) -> None:
    site = tmp_path / "site"
    text = "x" * 100_000
    write(site, text)
    done, seen, wrong = threading.Event(), [], []

    def read() -> None:
        while not done.is_set():
            try:
                if (site / "index.html").read_text() == text:
                    seen.append(1)
                else:
                    wrong.append("half")
            except OSError as error:
                wrong.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(40):
            write(site, text)
            begun = len(seen) + 1  # the one that began before ends; a version stays for one turn
            wait_until(lambda begun=begun: wrong or len(seen) > begun, "the next reading")
    finally:
        done.set()
        reader.join()
    assert wrong == []


def test_who_has_opened_a_directory_reads_that_version_to_its_end(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site, "old")
    opened = site.resolve()
    write(site, "new")
    assert (opened / "index.html").read_text() == "old"


def test_nothing_changes_where_the_new_one_fails(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site, "old")
    with (
        pytest.raises(HostError, match="what was there is there still"),
        new_version(place_of(site)) as version,
    ):
        (version / "none" / "file").write_text("")
    assert (site / "index.html").read_text() == "old"
    assert len(versions(site)) == 1


def test_a_first_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_version(place_of(tmp_path / "site")):
        raise KeyboardInterrupt
    assert [*tmp_path.iterdir()] == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site, "old")
    (place_of(site).home / ".20260101T000000Z.killed").mkdir()
    write(site, "new")
    assert len(versions(site)) == 2


def test_an_empty_directory_may_be_there(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    write(site, "new")
    assert (site / "index.html").read_text() == "new"


def test_nobody_else_writes_meanwhile(tmp_path: Path) -> None:
    site = tmp_path / "site"
    with new_version(place_of(site)):
        assert is_locked(place_of(site).home)
    assert not is_locked(place_of(site).home)


def a_full_directory(path: Path) -> None:
    path.mkdir()
    (path / "index.html").write_text("somebody else's")


def a_file(path: Path) -> None:
    path.write_text("somebody else's")


def a_foreign_link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


def a_dangling_link(path: Path) -> None:
    path.symlink_to("/nowhere")


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (a_full_directory, "files that are of no catalogue"),
        (a_file, "It is a file"),
        (a_foreign_link, "It is a link to elsewhere"),
        (a_dangling_link, "It is a link to /nowhere"),
    ],
)
def test_what_is_no_catalogue_is_refused_and_left_alone(
    there: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    there(tmp_path / "site")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refusal:
        place_of(tmp_path / "site")
    assert told in str(refusal.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mounted_file_system_is_refused() -> None:
    with pytest.raises(InputError, match="cannot become a catalogue") as refusal:
        place_of(Path("/proc"))
    assert "A file system is mounted there" in str(refusal.value)


@pytest.mark.parametrize("output", [".", "..", "/"])
def test_the_directory_one_is_in_is_refused(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="cannot become a catalogue"):
        place_of(Path(output))


def test_a_link_whose_versions_are_gone_leads_to_new_ones(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site, "old")
    place_of(site).home.rename(tmp_path / "gone")
    write(site, "new")
    assert (site / "index.html").read_text() == "new"


def test_a_parent_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HostError) as refusal:
        write(tmp_path / "file" / "site", "new")
    assert "could not be written" in str(refusal.value)
