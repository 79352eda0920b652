"""The verb ``catalogue``: what it says, and its exit code."""

from collections.abc import Callable
from pathlib import Path

import pytest
from listed import BASE, proven_build, store_build

from builder.cli.program import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    store_build(tmp_path / "dist", proven_build(BASE), "a report")

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["catalogue", "--builds", str(tmp_path / "dist"), *words])
        said = capsys.readouterr()
        return int(str(end.value.code)), said.out, said.err

    return call


def test_it_says_where_the_catalogue_is(run: Run, tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert run("--output", str(site))[:2] == (0, f"{site}\n")
    assert (site / "index.html").is_file()


def test_a_build_that_is_broken_is_named_and_the_others_are_listed(
    run: Run, tmp_path: Path
) -> None:
    broken = store_build(tmp_path / "dist", proven_build(), "a report")
    (broken / "image.qcow2").write_bytes(b"another")
    code, _, err = run("--output", str(tmp_path / "site"))
    assert code == 4
    assert f"Build {broken.name} of pinned-scsi is not listed" in err
    assert (tmp_path / "site" / "images" / "base").is_dir()
    assert not (tmp_path / "site" / "images" / "pinned-scsi").exists()


def test_a_manifest_that_cannot_be_read_is_wrong_input(run: Run, tmp_path: Path) -> None:
    broken = store_build(tmp_path / "dist", proven_build(), "a report")
    (broken / "manifest.json").write_bytes(b"\x00")
    code, _, err = run("--output", str(tmp_path / "site"))
    assert code == 2
    assert str(broken) in err
    assert "Traceback" not in err


def test_somebody_elses_directory_is_left_alone(run: Run, tmp_path: Path) -> None:
    code, _, err = run("--output", str(tmp_path))
    assert code == 2
    assert "cannot become a catalogue" in err
    assert [path.name for path in tmp_path.iterdir()] == ["dist"]


@pytest.mark.parametrize("option", ["--url", "--base-url"])
@pytest.mark.parametrize("address", ["images.example", "ftp://x/", "https://", "https://x/?a=1"])
def test_an_address_that_is_none_is_refused(
    run: Run, tmp_path: Path, option: str, address: str
) -> None:
    code, _, err = run("--output", str(tmp_path / "site"), option, address)
    assert code == 2
    assert f"'{address}' is not an address" in err
    assert not (tmp_path / "site").exists()


def test_an_address_may_end_with_a_slash_or_not(run: Run, tmp_path: Path) -> None:
    for address in ("https://x/a", "https://x/a/"):
        assert run("--output", str(tmp_path / "site"), "--url", address)[0] == 0
        assert "url: https://x/a/images/" in (tmp_path / "site" / "image-manager.yml").read_text()
