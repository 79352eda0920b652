"""How long it took before: the best that can be said of how long it will take."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from builder.doctor.finding import Finding, good
from builder.errors import InputError
from builder.report.units import duration
from builder.store import manifest
from builder.store.build_directory import LATEST
from builder.store.manifest import Manifest
from builder.words import enumeration

_SUBJECT = "expected time"


def expected(dist: Path, profile: str | None) -> Iterator[Finding]:
    """The times of the latest build of a profile, or of every profile that was built here."""
    found = [*_latest(dist, profile)]
    if not found:
        yield good(_SUBJECT, f"There is no earlier build of {profile or 'any profile'} in {dist}.")
    for build in found:
        yield _of(build)


def _latest(dist: Path, profile: str | None) -> Iterator[Manifest]:
    for link in sorted(dist.glob(f"{profile or '*'}/{LATEST}")):
        with suppress(InputError):  # of another version: it does not tell
            yield manifest.read(link)


def _of(build: Manifest) -> Finding:
    profile, seconds = build.planned().profile, sum(build.timings.values())
    boots = {boot.name: boot.until_ssh + boot.probes for boot in build.boots}
    told = f"{profile}: built in {duration(seconds)}"
    if boots:
        kinds = enumeration(sorted({boot.accelerator for boot in build.boots}), "and")
        told += (
            f", proven in boots of {enumeration(map(duration, boots.values()), 'and')} ({kinds})"
        )
    return good(
        _SUBJECT,
        f"{told}, by the build {build.build}.",
        profile=profile,
        build=build.build,
        build_seconds=round(seconds, 1),
        boot_seconds={name: round(taken, 1) for name, taken in boots.items()},
    )
