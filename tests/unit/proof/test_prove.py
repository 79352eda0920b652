"""What becomes of a proof's evidence, whatever becomes of the proof."""

import hashlib
import io
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_guest import FakeGuest
from fakes import FakeFilesystem
from samples import SHA256, complete, evidence, manifest, plan

from builder.errors import BuilderError, HostError, ImageError, InterruptedByUser
from builder.feature import Outcome
from builder.features.registry import shipped
from builder.proof import boot, inspection
from builder.proof import prove as subject
from builder.store.manifest import Manifest, read, write
from builder.store.sections import BootRecord
from builder.terminal.progress import Progress
from builder.vm.guest import GuestNotUp

PLAN = plan("base")
BOOTS = [planned.name for planned in PLAN.boots]


class Host:
    """A machine with a core for each job, on which nothing is really inspected or booted."""

    def __init__(self) -> None:
        self.failures: dict[str, Exception] = {}
        self.waiting: set[str] = set()
        self.opened = multiprocessing.Event()  # a disk is opened in a child
        number = {"major": 7, "minor": 2, "micro": 22}
        version = {"qemu": number, "package": "Debian 1:7.2"}
        self.monitor: dict[str, Any] = {"query-version": version, "query-block": []}

    @contextmanager
    def open_image(self, *_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        yield FakeFilesystem({"/etc/os-release": "ID=debian\n"})
        self.opened.set()

    @contextmanager
    def booted(self, *arguments: Any, **options: Any) -> Iterator[FakeGuest]:
        self.opened.wait(10)
        name = arguments[3].name
        if name in self.waiting:
            options["control"].cancelled.wait(10)
            raise InterruptedByUser("The boot was cancelled.")
        if name in self.failures:
            raise self.failures[name]
        kernel = "6.1.0-57-amd64\nroot=UUID=1234 ro quiet\n"
        answers = {"bios_version": "SeaBIOS\n1.16\n", "osrelease": kernel}
        yield FakeGuest(answers, qmp=self.monitor)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(inspection, "open_image", host.open_image)
    monkeypatch.setattr(boot, "booted", host.booted)
    monkeypatch.setattr(subject, "check_image", lambda _: None)
    monkeypatch.setattr(subject, "sha256_of", lambda _: SHA256)
    monkeypatch.setattr(inspection, "libguestfs_version", lambda: "1.48.6")
    return host


@pytest.fixture
def build(tmp_path: Path) -> Path:
    write(tmp_path, manifest(PLAN))
    return tmp_path


def prove(build: Path) -> Manifest:
    return subject.prove(build, shipped(), Progress(io.StringIO()), boots=True)


def outcomes(proven: Manifest, boot: str | None) -> set[Outcome]:
    return {result.outcome for result in proven.evidence if result.boot == boot}


def test_every_check_of_the_plan_has_its_evidence(build: Path, host: Host) -> None:
    proven = prove(build)
    assert {(result.check, result.boot) for result in proven.evidence} == {
        (result.check, result.boot) for result in complete(PLAN)
    }
    assert {boot.name for boot in proven.boots} == set(BOOTS)


def test_what_the_checks_ran_on_is_recorded(build: Path, host: Host) -> None:
    proven = prove(build)
    assert proven.libguestfs == "1.48.6"
    assert {(boot.qemu, boot.firmware) for boot in proven.boots} == {
        ("7.2.22 Debian 1:7.2", "SeaBIOS 1.16")
    }
    assert {(boot.kernel, boot.command_line) for boot in proven.boots} == {
        ("6.1.0-57-amd64", "root=UUID=1234 ro quiet")
    }


def test_uefi_is_recorded_by_its_file(build: Path, host: Host) -> None:
    code = build / "OVMF_CODE.fd"
    code.write_bytes(b"")
    host.monitor["query-block"] = [
        {"device": "", "inserted": {"file": "other"}},
        {"device": "pflash0", "inserted": {"file": str(code)}},
    ]
    assert {boot.firmware for boot in prove(build).boots} == {
        f"SeaBIOS 1.16 (OVMF_CODE.fd, SHA-256 {hashlib.sha256().hexdigest()})"
    }


def test_the_report_tells_of_evidence_as_soon_as_it_is_recorded(build: Path, host: Host) -> None:
    host.failures[BOOTS[0]] = HostError("There is no UEFI firmware.")
    host.waiting.add(BOOTS[1])
    with pytest.raises(HostError):
        prove(build)
    (inspected, *_) = read(build).evidence
    assert inspected.seen in unescape((build / "report.html").read_text())
    host.failures.clear()
    host.waiting.clear()
    prove(build)
    assert f"<h3>{BOOTS[0]}" in (build / "report.html").read_text()


def test_a_boot_s_record_tells_when_it_began(build: Path, host: Host) -> None:
    proven = prove(build)
    for record in proven.boots:
        first = min(result.at for result in proven.evidence if result.boot == record.name)
        assert record.at is not None
        assert 0 <= (first - record.at).total_seconds() < 10


def test_what_this_machine_lacks_ends_the_proof_and_leaves_the_evidence_of_what_has_ended(
    build: Path, host: Host
) -> None:
    host.failures[BOOTS[1]] = HostError("There is no UEFI firmware.")
    host.waiting.add(BOOTS[0])
    start = time.monotonic()
    with pytest.raises(HostError, match="no UEFI firmware"):
        prove(build)
    assert time.monotonic() - start < 5
    stored = read(build)
    assert outcomes(stored, None)
    assert not outcomes(stored, BOOTS[0]) | outcomes(stored, BOOTS[1])


def test_two_proofs_of_one_build_keep_each_other_s_evidence(
    build: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = evidence("other/check")

    def meanwhile(_: Path) -> None:
        write(build, read(build).with_evidence([other]))

    monkeypatch.setattr(subject, "check_image", meanwhile)
    monkeypatch.setattr(subject.manifest, "read", _first_stale(read(build)))
    assert other in prove(build).evidence


def _first_stale(stale: Manifest) -> Any:
    answers = iter([stale])
    return lambda directory: next(answers, None) or read(directory)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (GuestNotUp("The guest does not come up: its kernel panicked."), Outcome.FAILED),
        (BuilderError("QEMU ended with exit code 1."), Outcome.ERROR),
        (BuilderError("Could not make the guest's config drive."), Outcome.ERROR),
    ],
)
def test_only_a_guest_that_does_not_come_up_speaks_against_the_image(
    build: Path, host: Host, failure: BuilderError, outcome: Outcome
) -> None:
    host.failures[BOOTS[0]] = failure
    proven = prove(build)
    assert outcomes(proven, BOOTS[0]) == {outcome}
    assert {result.seen for result in proven.evidence if result.boot == BOOTS[0]} == {str(failure)}


def test_a_boot_that_fails_leaves_no_record_of_an_older_one(build: Path, host: Host) -> None:
    old = BootRecord(name=BOOTS[0], accelerator="tcg", until_ssh=40, probes=10, image_sha256=SHA256)
    write(build, read(build).with_evidence([], [old]))
    host.failures[BOOTS[0]] = GuestNotUp("The guest does not come up.")
    assert {boot.name for boot in prove(build).boots} == set(BOOTS[1:])


def test_an_image_that_has_changed_is_not_proven(
    build: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "sha256_of", lambda _: "0" * 64)
    with pytest.raises(ImageError, match="its SHA-256 has changed"):
        prove(build)


def test_a_directory_that_cannot_be_written_is_told_before_anything_is_done(
    build: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(HostError, match="cannot be written into"):
        prove(build)
    assert not host.opened.is_set()


def test_evidence_that_cannot_be_written_is_told(
    build: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(subject, "update", full)
    with pytest.raises(HostError, match=r"could not be written into(?s:.*)No space left"):
        prove(build)


def test_a_log_that_cannot_be_kept_is_told(
    build: Path, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    def boots(*arguments: Any, **options: Any) -> Any:
        arguments[3].mkdir()
        (arguments[3] / "console.log").touch()
        return host.booted(*arguments, **options)

    monkeypatch.setattr(boot, "booted", boots)
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(HostError, match=r"console.log could not be written(?s:.*)No space left"):
        prove(build)
