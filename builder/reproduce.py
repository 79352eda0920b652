"""A build is made again from what its manifest says."""

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from builder.archive.pins import pins
from builder.archive.snapshot import snapshot_of
from builder.build.build import build
from builder.compare.reproduction import Reproduction, reproduction
from builder.errors import InputError
from builder.host.paths import cache_directory
from builder.host.scratch import scratch
from builder.plan.model import Plan
from builder.proof.file_difference import file_difference
from builder.redaction import LOGIN, SECRET
from builder.sbom.read import loose_files
from builder.store import manifest
from builder.store.manifest import Manifest
from builder.store.sections import Package
from builder.terminal.progress import Progress


def reproduce(
    directory: Path, progress: Progress, *, keep: Path | None = None, at: datetime | None = None
) -> Reproduction:
    """Build what a build directory has again, with its times, ids and packages, and compare both.

    ``keep`` is where the new build stays, in place of a temporary directory; ``at`` is the moment
    of the archive that the packages are taken from, where not as the old build did. Raises
    ``InputError`` for a build that cannot be made again, ``HostError`` with the packages that the
    archive does not have any more, and otherwise as ``build`` does.
    """
    old = manifest.read(directory)
    _require_reproducible(old)
    progress.phase("asking the archive")
    plan = old.planned()
    if at is not None:
        plan = replace(plan, snapshot=at)
    snapshot = snapshot_of(plan, cache=cache_directory(), caller=os.environ)
    wanted = _pins(plan, old.packages)
    with contextlib.nullcontext(keep) if keep else scratch("reproduce") as place:
        other = build(plan, place, progress, again=old, pins=wanted, snapshot=snapshot)
        new = manifest.read(other)
        found = reproduction(old, new, loose_files(directory, old), loose_files(other, new))
        if found.same or found.first_changed is None:
            return found
        builds = (directory, old), (other, new)
        return replace(found, first=file_difference(*builds, found.first_changed, progress))


def _pins(plan: Plan, packages: Sequence[Package]) -> tuple[Package, ...]:
    """The packages that must be the same; none where apt has no part in it."""
    if plan.distribution.package_format != "deb":
        return ()
    return pins(plan, packages, cache=cache_directory(), caller=os.environ)


def _require_reproducible(old: Manifest) -> None:
    if old.adopted is not None:
        raise InputError(
            f"Build {old.build} is of an image from elsewhere, and nobody knows how it was made.",
            hint="Only what was built here, from a profile, can be built again.",
        )
    if old.source_date is None:
        raise InputError(
            f"Build {old.build} does not say which time its files have: its builder was too old.",
            hint="Build its profile again; that build can be reproduced.",
        )
    text = json.dumps(old.plan)
    if any(mark in text for mark in (LOGIN, SECRET)):
        raise InputError(
            f"The plan of build {old.build} has an address with a secret, which is not kept.",
            hint="Build its profile again where the secret is known, and compare the checksums.",
        )
