"""Finds the proven builds below a directory, and what is wrong with others."""

from dataclasses import dataclass, replace
from pathlib import Path

from builder.catalogue.checked import Checked
from builder.catalogue.entry import BESIDE, Entry, entry_of
from builder.catalogue.place import is_regular
from builder.errors import BuilderError, InputError
from builder.store import manifest
from builder.store.build_directory import build_directories
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class Found:
    """What there is to list, and what is not listed."""

    entries: tuple[Entry, ...]
    unproven: int
    """Builds that lack proof."""
    errors: tuple[BuilderError, ...]
    """What is wrong with each build that cannot be listed."""


def collect(dist: Path, checked: Checked, progress: Progress) -> Found:
    """The proven builds whose files are those that were proven.

    Raises ``InputError`` where there is none: that is a wrong directory rather than an empty
    catalogue.
    """
    found = Found((), 0, ())
    for directory in build_directories(dist):
        progress.line(f"{directory.parent.name}/{directory.name}")
        try:
            entry = _proven(directory, checked)
        except BuilderError as error:
            found = replace(found, errors=(*found.errors, error))
            continue
        if entry is None:
            found = replace(found, unproven=found.unproven + 1)
        else:
            found = replace(found, entries=(*found.entries, entry))
    if not found.entries:
        raise InputError(
            f"There is no proven build in {dist}.",
            details=[str(error) for error in found.errors],
            hint="Name with --builds where builds are kept, or prove one: guest-image prove"
            " PROFILE",
        )
    return found


def _proven(directory: Path, checked: Checked) -> Entry | None:
    """What the catalogue tells of a build; None where it is not proven."""
    build = manifest.read(directory)
    _require_own_place(directory, build)
    verdict = verdict_of(build)
    if not verdict.proven:
        return None
    sizes = checked.require(directory, build)
    beside = (name for name in BESIDE if is_regular(directory / name))
    return entry_of(directory, build, verdict, sizes=sizes, beside=beside)


def _require_own_place(directory: Path, build: Manifest) -> None:
    """A copy of a build that lies beside it would be listed twice."""
    own = build.planned().profile, build.build
    if own != (directory.parent.name, directory.name):
        raise InputError(
            f"{directory} is not listed: its manifest is that of build {own[1]} of {own[0]}.",
            hint=f"Move it to {Path(*own)} below the directory of the builds, or remove it.",
        )
