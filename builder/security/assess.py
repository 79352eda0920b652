"""The security of a build: the archive is asked, and a file of known vulnerabilities read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from builder.archive.security import Lag, security_lag
from builder.errors import HostError
from builder.host.paths import cache_directory
from builder.sbom.read import packages_with_sources
from builder.security import exceptions, tracker_file, vex
from builder.security.inventory import Inventory, inventory
from builder.security.judgement import Judgement, Unknown, doubts
from builder.security.tracker_file import Tracker
from builder.security.vex import Statement
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress

UPDATES, VULNERABILITIES = "security updates", "known vulnerabilities"


@dataclass(frozen=True)
class Known:
    """What a file knows of a build."""

    image: Inventory
    tracker: Tracker
    doubts: Sequence[str]
    """Why there may be more, a sentence each."""


def assess(
    directory: Path,
    build: Manifest,
    progress: Progress,
    *,
    vulnerabilities: Path | None,
    vex_file: Path | None,
) -> Judgement:
    """What the build lacks, and which vulnerabilities are known of it.

    What cannot be found out is part of the judgement. Raises ``InputError`` for files that are not
    what they should be, for a bill of materials that is not the build's, and for wrong mirrors.
    """
    now = datetime.now(UTC)
    statements = vex.read(vex_file) if vex_file else ()
    unknown: list[Unknown] = []
    knowledge = None
    if vulnerabilities is not None:
        progress.phase(f"reading {vulnerabilities.name}")
        knowledge = _known(directory, build, vulnerabilities, unknown, now)
    progress.phase("asking the archive")
    try:
        lag = security_lag(build, cache=cache_directory())
    except HostError as error:
        lag = Lag(())
        unknown.append(Unknown.of(UPDATES, error))
    unknown += [Unknown(UPDATES, reason) for reason in lag.unknown]
    judgement = Judgement(
        profile=build.planned().profile,
        build=build.build,
        at=now,
        updates=lag.updates,
        unknown=tuple(unknown),
    )
    return judgement if knowledge is None else _with(judgement, knowledge, statements)


def known_vulnerabilities(directory: Path, build: Manifest, file: Path, *, now: datetime) -> Known:
    """What a file of known vulnerabilities tells of a build.

    Raises ``HostError`` where that cannot be known, ``InputError`` as ``assess``.
    """
    distribution = build.planned().distribution
    if distribution.package_format is None:
        raise HostError(
            f"Which known vulnerabilities build {build.build} has is unknown: nothing orders the"
            f" versions of {distribution.name}.",
            hint="Ask a scanner that knows it, with the build's bill of materials.",
        )
    packages = packages_with_sources(directory, build)
    if not packages:
        raise HostError(
            f"Which known vulnerabilities build {build.build} has is unknown: it has no bill of"
            " materials, which tells the source packages.",
            hint="Build the image again, or adopt it again where it was built elsewhere.",
        )
    image = inventory(packages, distribution, build.image.sha256)
    tracker = tracker_file.read(file, image, now=now)
    return Known(image, tracker, doubts(tracker, distribution.name, now=now))


def _known(
    directory: Path, build: Manifest, file: Path, unknown: list[Unknown], now: datetime
) -> Known | None:
    try:
        knowledge = known_vulnerabilities(directory, build, file, now=now)
    except HostError as error:
        unknown.append(Unknown.of(VULNERABILITIES, error))
        return None
    unknown += [Unknown(VULNERABILITIES, doubt) for doubt in knowledge.doubts]
    return knowledge


def _with(judgement: Judgement, knowledge: Known, statements: Sequence[Statement]) -> Judgement:
    found = knowledge.tracker.findings
    judged = exceptions.sort(
        (finding for finding in found if not finding.negligible),
        statements,
        knowledge.image,
        now=judgement.at,
    )
    return replace(
        judgement,
        tracker=knowledge.tracker,
        counting=judged.counting,
        negligible=tuple(finding for finding in found if finding.negligible),
        excepted=judged.excepted,
        expired=judged.expired,
    )
