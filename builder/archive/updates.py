"""Asks an archive what it has for an image: which packages, and since when.

What it answered is kept beside the indexes, and holds as long as they and the image are the same.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from builder.archive.apt_answer import Update, steps
from builder.archive.apt_root import AptRoot, apt_root
from builder.archive.dates import Since, UpdateFile, Version, dates, file_of
from builder.archive.indexes import verified_indexes
from builder.archive.installed import bare_name, identity, paragraphs, status_file
from builder.archive.sources import sources_of
from builder.host.files import replace_text
from builder.plan.model import Plan
from builder.store.manifest import Package

DATES_LIMIT = 3.0
"""Seconds for the dates of updates: what is not known by then is not needed so much."""

_FORM = 2
"""Rises when an answer of an earlier version means something else."""


def updates(
    plan: Plan,
    packages: Sequence[Package],
    mirrors: Mapping[str, str],
    *,
    cache: Path,
    caller: Mapping[str, str],
) -> tuple[Update, ...]:
    """What a new image would have otherwise, by apt itself and the archive of this moment.

    ``mirrors`` are addresses by diskimage-builder's variables, ``caller`` the environment with the
    proxies. Raises ``HostError`` where that is not known: never is an old index taken for new.
    """
    sources = sources_of(plan.distribution, mirrors, plan.environment)
    with apt_root(cache, plan.distribution, sources, caller) as root:
        root.update()
        releases = [root.release(source) for source in sources]
        key = _key(packages, releases)
        kept = root.directory / f"answer-{plan.profile}.json"
        answer = _read(kept)
        if answer.get("key") == key:
            return _updates(answer)
        simulation, files = _ask(root, packages)
        since = dates(root, files, limit=DATES_LIMIT)
        dated = {_word(file): _json(since[file]) for file in files if file in since}
        answer = {"key": key, "simulation": simulation, "since": dated}
        replace_text(kept, json.dumps(answer))
        return _updates(answer)


def _key(packages: Sequence[Package], releases: Sequence[str]) -> str:
    names = [(package.name, package.version, package.architecture) for package in packages]
    return hashlib.sha256(json.dumps([_FORM, names, releases]).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:  # Any: JSON of this module's own
    """An answer that was kept; empty where there is none that can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _updates(answer: Mapping[str, Any]) -> tuple[Update, ...]:  # Any: as above
    found = []
    for step in steps(answer["simulation"]):
        date, dated = answer["since"].get(_word((step.name, step.new)), (None, False))
        found.append(Update(step, datetime.fromisoformat(date) if date else None, dated))
    return tuple(found)


def _word(version: Version) -> str:
    return " ".join(version)


def _json(since: Since) -> tuple[str, bool]:
    return since.at.isoformat(), since.dated


def _ask(root: AptRoot, packages: Sequence[Package]) -> tuple[str, dict[Version, UpdateFile]]:
    """What apt would do, and the files of the security updates among it."""
    indexes = verified_indexes(root)
    names = {bare_name(package) for package in packages}
    listed = [text for data in indexes.values() for text in paragraphs(data, names)]
    simulation = root.simulate(status_file(packages, listed))
    urgent = [step for step in steps(simulation) if step.is_security]
    wanted = {(step.name, step.new, step.architecture) for step in urgent}
    files = dict(
        file_of(source, text)
        for source, data in indexes.items()
        for text in paragraphs(data, {name for name, _, _ in wanted})
        if identity(text) in wanted
    )
    return simulation, files
