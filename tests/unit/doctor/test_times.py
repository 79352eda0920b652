"""Expected times, by the manifests of earlier builds."""

from pathlib import Path

from reports import PLAN, proven
from samples import manifest

from builder.doctor import times
from builder.doctor.finding import Finding
from builder.store import manifest as store
from builder.store.build_directory import point_latest_at
from builder.store.manifest import Manifest


def stored(dist: Path, build: Manifest) -> None:
    directory = dist / build.planned().profile / build.build
    directory.mkdir(parents=True)
    store.write(directory, build)
    point_latest_at(directory)


def told(dist: Path, profile: str | None) -> list[Finding]:
    return [*times.expected(dist, profile)]


def test_without_an_earlier_build_it_says_so(tmp_path: Path) -> None:
    (found,) = told(tmp_path, "base")
    assert found.seen == f"There is no earlier build of base in {tmp_path}."
    (found,) = told(tmp_path, None)
    assert "of any profile" in found.seen


def test_the_latest_build_tells_how_long_it_took(tmp_path: Path) -> None:
    build = proven().model_copy(update={"timings": {"packages": 60.0, "disk": 22.0}})
    stored(tmp_path, build)
    (found,) = told(tmp_path, "pinned-scsi")
    assert found.seen.startswith("pinned-scsi: built in 1m22s, proven in boots of 1m22s, ")
    assert found.seen.endswith(f"(tcg), by the build {build.build}.")
    assert found.facts["build_seconds"] == 82.0
    assert found.facts["boot_seconds"] == {boot.name: 82.0 for boot in PLAN.boots}


def test_without_a_profile_each_has_its_time_and_what_cannot_be_read_has_none(
    tmp_path: Path,
) -> None:
    stored(tmp_path, proven())
    stored(tmp_path, manifest())
    torn = tmp_path / "torn" / "20260102T030405Z-aaaaaa"
    torn.mkdir(parents=True)
    (torn / store.FILE_NAME).write_text('{"half')
    point_latest_at(torn)
    assert [found.facts["profile"] for found in told(tmp_path, None)] == ["base", "pinned-scsi"]
    assert "no earlier build of torn" in told(tmp_path, "torn")[0].seen


def test_a_build_that_was_not_proven_has_no_times_of_boots(tmp_path: Path) -> None:
    stored(tmp_path, manifest())
    (found,) = told(tmp_path, "base")
    assert "proven" not in found.seen
