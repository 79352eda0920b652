"""Asks repositories of RPM packages what they have for an image.

What they answered is kept beside their indexes, and holds as long as they and the image are the
same.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.archive.index_directory import index_directory
from builder.archive.kept_answer import keep_answer, read_answer
from builder.archive.rpm.answer import Resolution, installed_rpms
from builder.archive.rpm.indexes import KeptRepository
from builder.archive.rpm.libsolv import load_libsolv
from builder.archive.rpm.repositories import Archive, archive_of
from builder.archive.rpm.resolver import resolve
from builder.archive.rpm.solving import Question
from builder.archive.update import Update
from builder.distribution import Distribution
from builder.errors import HostError
from builder.plan.model import Plan
from builder.store.sections import Package

UPDATE_LIMIT = 300.0
"""Seconds for the indexes of all repositories: some forty megabytes at first."""

_FORM = 1
"""Rises when an answer of an earlier version means something else."""

_SHOWN = 5
"""Problems of a resolver that are told."""


def rpm_updates(
    plan: Plan, packages: Sequence[Package], mirrors: Mapping[str, str], *, cache: Path
) -> tuple[Update, ...]:
    """What a new image would have otherwise, by libsolv; the rest as for ``updates``."""
    own = plan.distribution
    archive = archive_of(own, mirrors)
    load_libsolv()  # before megabytes are fetched for it
    addresses = json.dumps([repository.address for repository in archive.repositories])
    with index_directory(cache, own, addresses) as directory:
        until = time.monotonic() + UPDATE_LIMIT
        repositories = [
            KeptRepository(repository, directory / repository.name, until)
            for repository in archive.repositories
        ]
        lists = [repository.list() for repository in repositories]
        key = _key(packages, lists)
        path = directory / f"answer-{plan.profile}.json"
        kept = read_answer(path)
        if kept.key == key:
            return kept.updates
        question = Question(
            tuple(
                repository.indexes(repomd)
                for repository, repomd in zip(repositories, lists, strict=True)
            ),
            installed_rpms(packages),
            own.architecture,
            archive.release_package,
            archive.strict,
        )
        resolution = resolve(question)
        _require_credible(resolution, own, archive)
        keep_answer(path, key, resolution.updates)
        return resolution.updates


def _key(packages: Sequence[Package], lists: Sequence[bytes]) -> str:
    names = [(package.name, package.version, package.architecture) for package in packages]
    digests = [hashlib.sha256(repomd).hexdigest() for repomd in lists]
    return hashlib.sha256(json.dumps([_FORM, names, digests]).encode()).hexdigest()


def _require_credible(resolution: Resolution, own: Distribution, archive: Archive) -> None:
    """Raise ``HostError`` where the archive is another one, or no new image can be made of it."""
    versions = {_upstream(version) for version in resolution.releases}
    if not any(_is_release(version, own.os_version) for version in versions):
        found = ", ".join(sorted(versions)) or "none"
        wanted = f"{archive.release_package} is to be of {own.os_version}; there is {found}."
        raise HostError(
            f"The repositories of {own.name} do not have its packages.",
            details=[
                wanted,
                *(repository.address for repository in archive.repositories),
            ],
            hint="So it is unknown what is new. Name another mirror, or tell the one who runs it.",
        )
    if resolution.problems:
        raise HostError(
            f"The image's packages cannot be brought to what {own.name} has now.",
            details=resolution.problems[:_SHOWN],
            hint="So it is unknown what is new, and a build would probably fail. The mirror"
            " may be changing: run the same command again in a while.",
        )


def _upstream(version: str) -> str:
    """A version without its epoch and without what the distribution added."""
    return version.rpartition(":")[2].partition("-")[0]


def _is_release(version: str, wanted: str) -> bool:
    return version == wanted or version.startswith(f"{wanted}.")
