"""Asks an archive of apt's what it has for an image: which packages, and since when.

What it answered is kept beside the indexes, and holds as long as they and the image are the same.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.archive.apt_answer import steps
from builder.archive.apt_root import AptRoot, apt_root
from builder.archive.dates import Since, UpdateFile, Version, dates, file_of
from builder.archive.indexes import verified_indexes
from builder.archive.installed import bare_name, identity, paragraphs, status_file
from builder.archive.kept_answer import keep_answer, read_answer
from builder.archive.sources import sources_of
from builder.archive.update import Step, Update
from builder.plan.model import Plan
from builder.store.sections import Package

DATES_LIMIT = 3.0
"""Seconds for the dates of updates: what is not known by then is not needed so much."""

_FORM = 3
"""Rises when an answer of an earlier version means something else."""


def apt_updates(
    plan: Plan,
    packages: Sequence[Package],
    mirrors: Mapping[str, str],
    *,
    cache: Path,
    caller: Mapping[str, str],
) -> tuple[Update, ...]:
    """What a new image would have otherwise, by apt itself; the rest as for ``updates``."""
    sources = sources_of(plan.distribution, mirrors, plan.environment, plan.snapshot)
    with apt_root(cache, plan.distribution, sources, caller) as root:
        root.update()
        releases = [root.release(source) for source in sources]
        key = _key(packages, releases)
        path = root.directory / f"answer-{plan.profile}.json"
        kept = read_answer(path)
        if kept.key == key:
            return kept.updates
        found, files = _ask(root, packages)
        since = dates(root, files, limit=DATES_LIMIT)
        told = tuple(_dated(step, since.get((step.name, step.new))) for step in found)
        keep_answer(path, key, told)
        return told


def _dated(step: Step, since: Since | None) -> Update:
    return Update(step) if since is None else Update(step, since.at, since.dated)


def _key(packages: Sequence[Package], releases: Sequence[str]) -> str:
    names = [(package.name, package.version, package.architecture) for package in packages]
    return hashlib.sha256(json.dumps([_FORM, names, releases]).encode()).hexdigest()


def _ask(
    root: AptRoot, packages: Sequence[Package]
) -> tuple[tuple[Step, ...], dict[Version, UpdateFile]]:
    """What apt would do, and the files of the security updates among it."""
    indexes = verified_indexes(root)
    names = {bare_name(package) for package in packages}
    listed = [text for data in indexes.values() for text in paragraphs(data, names)]
    found = steps(root.simulate(status_file(packages, listed)))
    urgent = [step for step in found if step.is_security]
    wanted = {(step.name, step.new, step.architecture) for step in urgent}
    files = dict(
        file_of(source, text)
        for source, data in indexes.items()
        for text in paragraphs(data, {name for name, _, _ in wanted})
        if identity(text) in wanted
    )
    return found, files
