"""Packages of a profile that would take away what an element stands on.

An element says so in its file ``package-conflicts.yaml``: lists by the family of distributions, as
in ``pkg-map``, of packages, of what they take (``takes``), and of what helps (``remedy``). With
``when: VARIABLE = VALUE`` (or ``!=``), as in ``package-installs.yaml``, an entry counts only then.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from builder.errors import InputError
from builder.features.combination import Used
from builder.host.paths import elements_path

FILE_NAME = "package-conflicts.yaml"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    packages: tuple[str, ...]
    takes: str
    remedy: str
    when: str | None = Field(default=None, pattern=r"^\w+ *!?= *\S+$")

    def counts(self, environment: Mapping[str, str]) -> bool:
        """Whether its condition is met."""
        if self.when is None:
            return True
        name, negation, value = re.split(r" *(!?)= *", self.when)
        return (environment.get(name) == value) != bool(negation)


_TABLE = TypeAdapter(dict[str, tuple[_Entry, ...]])


@dataclass(frozen=True)
class PackageConflict:
    """Why an image cannot have a package: what it would take away, and what helps."""

    takes: str
    remedy: str


def element_directories(used: Used) -> Iterator[Path]:
    """The directories of the elements that features bring; of diskimage-builder's own, none."""
    for feature, _ in used:
        for home in filter(None, (elements_path(), feature.elements_path)):
            yield from (home / name for name in feature.elements if (home / name).is_dir())


def package_conflicts(
    elements: Iterable[Path], family: str | None, environment: Mapping[str, str]
) -> dict[str, PackageConflict]:
    """What the elements cannot have beside them, by the package's name.

    ``family`` is a distribution's, ``environment`` what diskimage-builder and the elements are
    given. Raises ``InputError`` where an element's file is not as it must be.
    """
    return {
        package: PackageConflict(entry.takes, entry.remedy)
        for directory in elements
        for entry in _entries(directory / FILE_NAME, family)
        if entry.counts(environment)
        for package in entry.packages
    }


def _entries(path: Path, family: str | None) -> tuple[_Entry, ...]:
    if family is None or not path.is_file():
        return ()
    try:
        table = _TABLE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InputError(
            f"The element '{path.parent.name}' has a wrong {FILE_NAME}.",
            details=str(error).splitlines(),
            hint=f"Correct {path}.",
        ) from error
    return table.get(family, ())
