"""The verb ``metrics``: where it writes, and its exit code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from builder.cli.program import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["metrics", "--builds", str(tmp_path / "dist"), *words])
        said = capsys.readouterr()
        return int(str(end.value.code)), said.out, said.err

    return call


def test_without_a_file_they_are_printed(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert out.endswith("# EOF\n")


def test_a_file_is_replaced_at_once_and_readable_for_others(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "guest_image.prom"
    file.write_text("of before")
    before = file.stat().st_ino
    with file.open() as reader:
        code, out, _ = run("--output", str(file))
        assert reader.read() == "of before"  # who reads now reads the old file to its end
    assert (code, out) == (0, "")
    assert file.read_text().endswith("# EOF\n")
    assert file.stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["guest_image.prom"]


def test_they_are_written_where_a_cloud_is_down_and_the_exit_code_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {prod: {auth: {auth_url: 'http://127.0.0.1:9/v3', username: me,"
        " password: verysecret, project_name: p}}}"
    )
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    file = tmp_path / "guest_image.prom"
    code, _, err = run("--output", str(file), "--cloud", "prod")
    assert code == 5
    assert 'guest_image_cloud_up{cloud="prod"} 0.0\n' in file.read_text()
    assert "Cloud 'prod' could not" in err
    assert "verysecret" not in err + file.read_text()


def test_a_file_that_cannot_be_written_is_refused_at_once(run: Run, tmp_path: Path) -> None:
    code, _, err = run("--output", str(tmp_path / "none" / "x.prom"))
    assert code == 2
    assert "cannot be written" in err
