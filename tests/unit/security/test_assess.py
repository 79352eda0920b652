"""What is known of a build's security, with an archive that does not answer."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from comparisons import adopted
from image_sources import image
from samples import WHEN, manifest, plan
from tracker_files import LACKED, debian
from vex_files import open_vex

from builder.archive.dates import Since
from builder.archive.lag import Missing
from builder.archive.security import Lag
from builder.errors import HostError, InputError
from builder.sbom.facts import Contents, Software
from builder.sbom.write import CYCLONEDX, subject_of, write_bills
from builder.security import assess as subject
from builder.security.assess import assess
from builder.security.judgement import Judgement
from builder.security.text import judgement_text
from builder.store.manifest import Manifest
from builder.terminal.output import rendered
from builder.terminal.progress import Progress

UPDATE = Missing("openssl", "3.0.11-1", "3.0.12-1", Since(WHEN - timedelta(days=9), dated=True))
Golden = Callable[[str, str], None]


def build(directory: Path, profile: str = "base") -> Manifest:
    of = plan(profile)
    recorded = manifest(of)
    packages = tuple(
        Software(name, version, "amd64", source=source.name, source_version=source.version)
        for sources in image().sources.values()
        for source in sources
        for name, version in source.packages
    )
    bills = write_bills(directory, subject_of(recorded, of), Contents("deb", packages, ()))
    return recorded.model_copy(update={"sbom": bills})


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What an archive of security updates has."""

    def has(lag: Lag | HostError) -> None:
        def answer(*_: object, **__: object) -> Lag:
            if isinstance(lag, HostError):
                raise lag
            return lag

        monkeypatch.setattr(subject, "security_lag", answer)

    has(Lag(()))
    return has


def judged(
    directory: Path, *, file: Path | None = None, exceptions: object = None, **fields: Any
) -> Judgement:
    vex_file = directory / "vex.json"
    vex_file.write_text(json.dumps(exceptions))
    return assess(
        directory,
        build(directory).model_copy(update=fields),
        Progress(io.StringIO()),
        vulnerabilities=file,
        vex_file=vex_file if exceptions else None,
    )


def unknown(judgement: Judgement) -> str:
    assert (judgement.exit_code, judgement.updates, judgement.counting) == (3, (), ())
    (left,) = judgement.unknown
    return f"{left.subject}: {left.reason}"


def test_a_build_that_lacks_nothing_is_well(tmp_path: Path, archive: Callable[..., None]) -> None:
    judgement = judged(tmp_path)
    assert judgement.exit_code == 0
    assert judgement.to_json()["vulnerabilities"] is None


def test_an_update_that_is_lacking_is_told(tmp_path: Path, archive: Callable[..., None]) -> None:
    archive(Lag((UPDATE,), ("Packages of i386 were not asked for.",)))
    judgement = judged(tmp_path)
    assert judgement.exit_code == 1
    assert judgement.to_json()["updates"] == [
        {
            "package": "openssl",
            "installed": "3.0.11-1",
            "fixed": "3.0.12-1",
            "since": "2025-12-24T03:04:05+00:00",
            "dated": True,
        }
    ]


def test_an_archive_that_does_not_answer_leaves_it_unknown(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    archive(HostError("Could not fetch the package indexes."))
    judgement = judged(tmp_path)
    assert unknown(judgement) == "security updates: Could not fetch the package indexes."
    recorded = judged(tmp_path, file=debian(tmp_path / "tracker.json"))
    assert (recorded.exit_code, len(recorded.counting)) == (1, 2)


def test_what_was_not_asked_for_leaves_it_unknown(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    archive(Lag((), ("Packages of i386 were not asked for.",)))
    assert "Packages of i386" in unknown(judged(tmp_path))


def test_known_vulnerabilities_count_but_for_what_the_distribution_calls_unimportant(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    judgement = judged(tmp_path, file=debian(tmp_path / "tracker.json"))
    assert [finding.name for finding in judgement.counting] == [LACKED, "CVE-2026-300"]
    assert [finding.name for finding in judgement.negligible] == ["CVE-2026-200"]
    assert judgement.exit_code == 1


def exceptions(days: int) -> dict[str, Any]:
    until = f"expires {WHEN + timedelta(days=days):%Y-%m-%d}"
    both = [
        open_vex(status_notes=until, vulnerability={"name": name}, products=[{"@id": purl}])
        for name, purl in ((LACKED, "pkg:deb/debian/openssl"), ("CVE-2026-300", "pkg:deb/vim"))
    ]
    return {**both[0], "statements": [document["statements"][0] for document in both]}


def test_exceptions_take_them_away_until_they_expire(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    file = debian(tmp_path / "tracker.json")
    held = judged(tmp_path, file=file, exceptions=exceptions(days=10_000))
    assert (held.exit_code, len(held.excepted)) == (0, 2)
    ended = judged(tmp_path, file=file, exceptions=exceptions(days=-1))
    assert (ended.exit_code, len(ended.expired), len(ended.counting)) == (1, 2, 2)


def test_an_old_file_that_knows_nothing_leaves_it_unknown(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    path = tmp_path / "tracker.json"
    fixed = {"status": "resolved", "fixed_version": "1"}
    path.write_text(json.dumps({"vim": {"CVE-2020-1": {"releases": {"bookworm": fixed}}}}))
    assert "is old: it knows nothing that is newer than 2021-01-01" in unknown(
        judged(tmp_path, file=path)
    )


def test_of_an_image_of_another_distribution_a_tracker_tells_nothing(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    rocky = manifest(plan("rocky-9")).plan
    judgement = judged(tmp_path, file=debian(tmp_path / "tracker.json"), plan=rocky)
    assert "has nothing at all of rocky-9" in unknown(judgement)


def test_versions_that_nothing_orders_are_plainly_unknown(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    judgement = judged(tmp_path, file=debian(tmp_path / "tracker.json"), plan=adopted().plan)
    assert "nothing orders the versions of windows-2022" in unknown(judgement)
    assert judgement.to_json()["vulnerabilities"] is None


def test_a_build_without_a_bill_of_materials_is_unknown(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    judgement = judged(tmp_path, file=debian(tmp_path / "tracker.json"), sbom=())
    assert "it has no bill of materials" in unknown(judgement)


def test_wrong_files_are_refused(tmp_path: Path, archive: Callable[..., None]) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    with pytest.raises(InputError, match="not a file of known vulnerabilities"):
        judged(tmp_path, file=wrong)
    with pytest.raises(InputError, match="has no exceptions that count"):
        judged(tmp_path, file=debian(tmp_path / "tracker.json"), exceptions={"a": 1})


def test_a_truncated_bill_of_materials_is_refused(
    tmp_path: Path, archive: Callable[..., None]
) -> None:
    recorded = build(tmp_path)
    path = tmp_path / CYCLONEDX
    path.write_bytes(path.read_bytes()[:-1])
    file = debian(tmp_path / "tracker.json")
    with pytest.raises(InputError, match="does not tell what it consists of"):
        assess(tmp_path, recorded, Progress(io.StringIO()), vulnerabilities=file, vex_file=None)


@pytest.mark.parametrize(
    ("name", "lag", "asked"),
    [
        ("all", Lag((UPDATE,)), True),
        ("nothing", Lag(()), False),
        ("unknown", HostError("Nobody answers."), False),
    ],
)
def test_a_judgement_as_people_read_it(
    name: str,
    lag: Lag | HostError,
    asked: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    archive: Callable[..., None],
    golden: Golden,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive(lag)
    monkeypatch.setattr(subject, "datetime", _Clock)
    file = debian(tmp_path / "tracker.json") if asked else None
    told = judged(tmp_path, file=file, exceptions=exceptions(days=-1) if asked else None)
    golden(rendered(judgement_text(told), None), f"security/{name}.txt")


class _Clock:
    @staticmethod
    def now(_: object) -> Any:
        return WHEN
