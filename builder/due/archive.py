"""Asks an archive what it has for an image: which packages, and since when.

What it answered is kept beside the indexes, and holds as long as they and the image are the same.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from builder.due.apt_answer import Update, fields, steps
from builder.due.apt_root import AptRoot, apt_root
from builder.due.file_date import date_of, file_dates
from builder.due.installed import bare_name, identity, paragraphs, status_file
from builder.due.sources import Source, sources_of
from builder.errors import HostError
from builder.host.files import replace_text
from builder.plan.model import Plan
from builder.store.manifest import Package

_FORM = 1
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
        before = answer.get("since", {})
        simulation, files = _ask(root, packages)
        answer = {"key": key, "simulation": simulation, "since": _since(root, files, before)}
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
        date, dated = answer["since"].get(_version(step.name, step.new), (None, False))
        found.append(Update(step, datetime.fromisoformat(date) if date else None, dated))
    return tuple(found)


def _version(name: str, version: str) -> str:
    return f"{name} {version}"


@dataclass(frozen=True)
class _File:
    """The file of a security update."""

    source: Source
    path: str
    """Below the mirror."""


def _ask(root: AptRoot, packages: Sequence[Package]) -> tuple[str, dict[str, _File]]:
    """What apt would do, and the files of the security updates among it, by name and version."""
    indexes = _indexes(root)
    names = {bare_name(package) for package in packages}
    listed = [text for data in indexes.values() for text in paragraphs(data, names)]
    simulation = root.simulate(status_file(packages, listed))
    urgent = [step for step in steps(simulation) if step.is_security]
    wanted = {(step.name, step.new, step.architecture) for step in urgent}
    files = {}
    for source, data in indexes.items():
        for text in paragraphs(data, {name for name, _, _ in wanted}):
            if identity(text) in wanted:
                name, version, _ = identity(text)
                files[_version(name, version)] = _File(source, fields(text).get("Filename", ""))
    return simulation, files


def _since(
    root: AptRoot, files: Mapping[str, _File], before: Mapping[str, Any]
) -> dict[str, tuple[str, bool]]:
    """When each security update came, and whether its file says so; ``before`` is kept."""
    dates = file_dates(
        {
            name: f"{file.source.mirror}/{file.path}"
            for name, file in files.items()
            if name not in before
        }
    )
    found = {name: (date.isoformat(), True) for name, date in dates.items()}
    for name, file in files.items():
        indexed = date_of(fields(root.release(file.source)).get("Date", ""))
        if name in before:
            found[name] = before[name]
        elif name not in found and indexed is not None:
            found[name] = (indexed.isoformat(), False)
    return found


def _indexes(root: AptRoot) -> dict[Source, bytes]:
    """Each source's indexes, fetched once more where they are not what the archive has signed."""
    try:
        return _read_indexes(root)
    except (ValueError, OSError):
        root.forget()
        root.update()
    try:
        return _read_indexes(root)
    except (ValueError, OSError) as error:
        raise HostError(
            "The package indexes are not what their release file says, also when fetched anew.",
            details=[str(error)],
            hint="So it is unknown whether a build is due. The mirror may be changing, or broken:"
            " run the same command again in a while, or name another mirror.",
        ) from error


def _read_indexes(root: AptRoot) -> dict[Source, bytes]:
    return {
        source: b"\n\n".join(path.read_bytes() for path in root.indexes(source))
        for source in root.sources
    }
