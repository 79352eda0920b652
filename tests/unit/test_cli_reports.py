"""What the verbs write besides what they print."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from samples import complete, manifest, plan

from builder import cli
from builder.manifest import Manifest, write

PLAN = plan("base")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            cli.main([str(one) for one in arguments])
        captured = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, captured.out, captured.err

    return call


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build directory; proving it finds all as it should be, without a guest."""
    directory = tmp_path / "build"
    directory.mkdir()
    write(directory, manifest(PLAN))

    def verify(*_: object, **__: object) -> Manifest:
        return manifest(PLAN).with_evidence(complete(PLAN))

    monkeypatch.setattr("builder.verify.verify", verify)
    monkeypatch.setattr("builder.host.require_for_proof", lambda _: None)
    return directory


def test_prove_writes_junit_xml_where_it_is_asked_to(run: Run, build: Path) -> None:
    code, _, _ = run("prove", build, "--junit", build / "proof.xml")
    assert code == 0
    root = ET.parse(build / "proof.xml").getroot()  # noqa: S314 - our own
    assert root.get("failures") == "0"


@pytest.mark.parametrize(
    ("path", "cause"),
    [("/dev/null", "is no regular file"), ("{}/missing/proof.xml", "cannot be written")],
)
def test_a_file_that_cannot_be_written_is_told_before_the_proof(
    run: Run, build: Path, monkeypatch: pytest.MonkeyPatch, path: str, cause: str
) -> None:
    monkeypatch.setattr("builder.verify.verify", lambda *_, **__: pytest.fail("proved"))
    code, _, err = run("prove", build, "--junit", path.format(build))
    assert code == 2
    assert cause in err
    assert Path("/dev/null").is_char_device()
