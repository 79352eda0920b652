"""What the verbs write besides what they print."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from samples import SHA256, WHEN, complete, manifest, plan

from builder.store.manifest import Manifest, write
from builder.store.sections import BootRecord

PLAN = plan("base")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build directory; proving it finds all as it should be, without a guest."""
    directory = tmp_path / "build"
    directory.mkdir()
    write(directory, manifest(PLAN))

    def prove(*_: object, **__: object) -> Manifest:
        return manifest(PLAN).with_evidence(complete(PLAN))

    monkeypatch.setattr("builder.pipeline.prove", prove)
    monkeypatch.setattr("builder.pipeline.require_for_proof", lambda _: None)
    return directory


def test_prove_writes_junit_xml_where_it_is_asked_to(run: Run, build: Path) -> None:
    code, _, _ = run("prove", build, "--junit", build / "proof.xml")
    assert code == 0
    root = ET.parse(build / "proof.xml").getroot()  # noqa: S314 - our own
    assert root.get("failures") == "0"


def test_adopting_asks_for_all_that_a_boot_may_need_before_it_looks_at_the_image(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("builder.pipeline.adopt", lambda *_, **__: pytest.fail("adopted"))
    monkeypatch.setattr("builder.proof.requirements.TUN", tmp_path / "tun")
    monkeypatch.setattr("builder.vm.firmware.FIRMWARE_DESCRIPTORS", tmp_path)
    code, _, err = run("adopt", tmp_path / "some.qcow2")
    assert code == 3
    assert "ovmf" in err
    assert f"It lacks {tmp_path}/tun" in err


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/dev/null", "is not a regular file"),
        ("", "is not a regular file"),  # a variable that is not set
        ("{}/missing/proof.xml", "cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_before_the_proof(
    run: Run, build: Path, monkeypatch: pytest.MonkeyPatch, path: str, cause: str
) -> None:
    monkeypatch.setattr("builder.pipeline.prove", lambda *_, **__: pytest.fail("proved"))
    code, _, err = run("prove", build, "--junit", path.format(build))
    assert code == 2
    assert cause in err
    assert Path("/dev/null").is_char_device()


def test_report_writes_html_only_when_it_is_asked_to(run: Run, build: Path) -> None:
    run("report", build)
    assert not (build / "report.html").exists()
    run("report", build, "--html")
    assert (build / "report.html").is_file()


def test_report_writes_html_to_a_file_that_is_named(run: Run, build: Path, tmp_path: Path) -> None:
    code, out, _ = run("report", build, "--html", tmp_path / "mine.html")
    assert code == 1  # nothing is proven
    assert out.startswith("base  ")
    assert "<title>base" in (tmp_path / "mine.html").read_text()
    assert not (build / "report.html").exists()


def test_a_report_tells_what_the_boots_consoles_showed(run: Run, build: Path) -> None:
    console = (
        "[    0.000000] Linux version 6.1\n"
        f"[    5.5] rtc_cmos: setting system clock to {WHEN + timedelta(seconds=15):%FT%T} UTC\n"
    )
    (build / "bios-console.log").write_text(console)
    record = BootRecord(
        name="bios", accelerator="tcg", until_ssh=70, probes=9, image_sha256=SHA256, at=WHEN
    )
    write(build, manifest(PLAN).with_evidence(complete(PLAN), [record]))
    run("report", build, "--html")
    assert "firmware and boot loader" in (build / "report.html").read_text()
