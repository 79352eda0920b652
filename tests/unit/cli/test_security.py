"""The verb ``security``, as it is called."""

from pathlib import Path

import pytest
from samples import manifest, plan

from builder.cli.program import main
from builder.store.manifest import write


def called(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(["security", *map(str, words)])
    said = capsys.readouterr()
    return int(str(end.value.code)), said.out, said.err


@pytest.fixture
def rocky(tmp_path: Path) -> Path:
    """A build that no archive can be asked for, without a network."""
    write(tmp_path, manifest(plan("rocky-9")))
    return tmp_path


def test_exceptions_without_vulnerabilities_are_refused(
    rocky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rocky / "manifest.json"
    status, _, err = called(capsys, rocky, "--exceptions", file)
    assert (status, "--exceptions needs --vulnerabilities" in err) == (2, True)


def test_what_is_unknown_is_told_and_ends_with_3(
    rocky: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = called(capsys, rocky)
    assert status == 3
    assert "unknown: security updates" in out
    assert "What rocky-9 has for updates is unknown: its packages are not apt's." in out


def test_json_has_all_of_it(
    rocky: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = called(capsys, rocky, "--json")
    assert status == 3
    assert '"updates": []' in out
    assert '"vulnerabilities": null' in out


def test_a_build_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(capsys, "nothing", "--output", tmp_path)[0] == 2
