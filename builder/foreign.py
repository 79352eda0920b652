"""Inspection of an image that this tool did not build, and that no profile describes.

Every feature's inspections are made, with default parameters, but for those that compare the disk
with a profile's wishes. Those of the foundation say whether the image is a sound guest at all, the
others which abilities it has.
"""

from collections.abc import Iterator
from pathlib import Path

from builder import windows
from builder.adoption import candidates
from builder.checks import Check, checks_of_feature
from builder.digest import sha256_of
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.feature import Filesystem, Outcome
from builder.features import FOUNDATION, WINDOWS, Registry
from builder.imagefile import check_image
from builder.linux import osrelease
from builder.manifest import Evidence
from builder.plan import check_id
from builder.progress import Progress
from builder.verify import inspect


def inspect_foreign(
    path: Path, registry: Registry, progress: Progress
) -> tuple[tuple[Evidence, ...], bool]:
    """Evidence of every feature's inspections, and whether the image is a sound guest by it.

    It is where the foundation's inspections have passed and every other one could be made: an
    ability that it lacks is a finding, for nobody has asked for it. Raises ``InputError`` and
    ``ImageError`` for a file that is no safe image, and ``HostError``.
    """
    progress.phase("inspection")
    info = check_image(path)

    def checks(disk: Filesystem) -> Iterator[Check]:
        distribution = distribution_of(disk)
        for feature, parameters in candidates(registry, distribution):
            wanted = {check_id(feature, one) for one in feature.inspections if not one.compares}
            yield from (one for one in checks_of_feature(feature, parameters) if one.id in wanted)

    evidence = inspect(info.path, info.format, checks, sha256_of(path), progress)
    return evidence, not any(map(_is_fault, evidence))


def _is_fault(one: Evidence) -> bool:
    if one.check.startswith(f"{FOUNDATION.name}/"):
        return one.outcome is not Outcome.PASSED
    return one.outcome is Outcome.ERROR


def distribution_of(disk: Filesystem) -> Distribution:
    """The distribution that the disk's os-release names, whether or not it can be built here.

    A Windows is one too, as its registry names it.
    """
    release = osrelease.read(disk)
    if not release and (found := windows.release(disk)):
        return Distribution(
            name=f"{WINDOWS.name}-{found.version}",
            os_distro=WINDOWS.name,
            os_version=found.version,
            release=found.product,
            element="",
            default_user="Administrator",  # Nova's default for os_type=windows
            architecture=found.architecture,
            initramfs=None,
        )
    name, number = release.get("ID", "unknown"), release.get("VERSION_ID", "")
    for known in DISTRIBUTIONS.values():
        if (known.os_distro, known.os_version) == (name, number):
            return known
    return Distribution(
        name=f"{name}-{number}",
        os_distro=name,
        os_version=number,
        release=release.get("VERSION_CODENAME", ""),
        element="",
        default_user=name,
        architecture="x86_64",
        initramfs=None,
    )
