"""Inspection of an image that this tool did not build, and that no profile describes.

Every feature's inspections are made, with default parameters, but for those that compare the disk
with a profile's wishes. Those of the foundation say whether the image is a sound guest at all, the
others which abilities it has.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from builder.adopt.distribution import distribution_of
from builder.adopt.plan import candidates
from builder.distribution import USER_NAME, Distribution
from builder.feature import Filesystem, Outcome
from builder.features.registry import FOUNDATION, Registry
from builder.host.files import sha256_of
from builder.host.scratch import scratch
from builder.image.held import held, private_copy
from builder.image.safety import ImageInfo, check_image
from builder.plan.merge import check_id
from builder.proof.checks import Check, checks_of_feature
from builder.proof.inspection import Look, examine
from builder.store.sections import Evidence
from builder.terminal.progress import Progress


def inspect_foreign(
    path: Path, registry: Registry, progress: Progress
) -> tuple[tuple[Evidence, ...], bool]:
    """Evidence of every feature's inspections, and whether the image is a sound guest by it.

    It is where the foundation's inspections have passed and every other one could be made: an
    ability that it lacks is a finding, for nobody has asked for it. Raises ``InputError`` and
    ``ImageError`` for a file that is no safe image, and ``HostError``.
    """
    progress.phase("inspection")
    with held(path) as source, scratch("copy") as directory:
        check_image(source, called=path)
        copy = directory / "image"
        private_copy(source, copy)
        return _inspect_copy(replace(check_image(copy, called=path), path=copy), registry, progress)


def _inspect_copy(
    info: ImageInfo, registry: Registry, progress: Progress
) -> tuple[tuple[Evidence, ...], bool]:
    def checks(distribution: Distribution) -> Iterator[Check]:
        for feature, parameters in candidates(registry, distribution):
            wanted = {
                check_id(feature, inspection)
                for inspection in feature.inspections
                if not inspection.compares
            }
            yield from (
                check for check in checks_of_feature(feature, parameters) if check.id in wanted
            )

    look = Look(_distribution_of, Distribution, checks)
    _, evidence = examine(info.path, info.format, look, sha256_of(info.path), progress)
    return evidence, not any(map(_is_fault, evidence))


def _distribution_of(disk: Filesystem) -> Distribution:
    """Nobody logs in here: a user whom nobody could log in as is of no account."""
    found = distribution_of(disk)
    valid = re.fullmatch(USER_NAME, found.default_user)
    return found if valid else replace(found, default_user="")


def _is_fault(result: Evidence) -> bool:
    if result.check.startswith(f"{FOUNDATION.name}/"):
        return result.outcome is not Outcome.PASSED
    return result.outcome is Outcome.ERROR
