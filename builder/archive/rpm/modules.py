"""Module streams of Red Hat's family: which packages of a repository dnf does not see. Pure.

Versions of a program that exclude each other lie in one repository, each in a stream of a module.
dnf sees the packages of enabled streams only, and then none of their names from elsewhere. The
documents are libmodulemd's ``modulemd`` and ``modulemd-defaults``.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import yaml
from pydantic import BaseModel, ConfigDict

from builder.archive.rpm.answer import Newer, Rpm

_ARTIFACT = re.compile(
    r"(?P<name>.+)-(?:0|(?P<epoch>[1-9][0-9]*)):(?P<version>[^-]+-[^-]+)\.(?P<architecture>[^-.]+)"
)
_MODULAR = ".module"
"""What the release of every package of a module has in it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Stream:
    """A stream of a module."""

    module: str
    name: str
    packages: frozenset[Rpm] = frozenset()
    is_default: bool = False


class _Artifacts(BaseModel):
    rpms: tuple[str, ...] = ()


class _Data(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: str = ""
    module: str = ""
    stream: str = ""
    artifacts: _Artifacts = _Artifacts()


class _Document(BaseModel):
    document: str = ""
    data: _Data = _Data()


def streams(documents: IO[bytes]) -> tuple[Stream, ...]:
    """The streams that an index ``modules`` names, with the packages of all their builds.

    Raises ``ValueError`` for what is no such index.
    """
    try:
        loaded = [*yaml.load_all(documents, _LOADER)]
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {str(error).partition(chr(10))[0]}") from error
    packages: dict[tuple[str, str], set[Rpm]] = {}
    defaults = set()
    for document in map(_document, loaded):
        data = document.data
        if document.document == "modulemd":
            packages.setdefault((data.name, data.stream), set()).update(_rpms(data.artifacts.rpms))
        elif document.document == "modulemd-defaults":
            defaults.add((data.module, data.stream))
    return tuple(
        Stream(module, name, frozenset(rpms), (module, name) in defaults)
        for (module, name), rpms in packages.items()
    )


def _document(loaded: Any) -> _Document:  # Any: YAML of strangers
    return _Document.model_validate({} if loaded is None else loaded)


def _rpms(artifacts: Iterable[str]) -> Iterator[Rpm]:
    for artifact in artifacts:
        match = _ARTIFACT.fullmatch(artifact)
        if match is not None:
            epoch = f"{match['epoch']}:" if match["epoch"] else ""
            yield Rpm(match["name"], f"{epoch}{match['version']}", match["architecture"])


class Visible:
    """Tells which packages dnf would see where an image has these ones."""

    def __init__(self, streams: Sequence[Stream], installed: Collection[Rpm], newer: Newer) -> None:
        enabled = [stream for rpm in installed for stream in _streams_of(rpm, streams, newer)]
        chosen = {stream.module for stream in enabled}
        enabled += [each for each in streams if each.is_default and each.module not in chosen]
        self._seen = {rpm for stream in enabled for rpm in stream.packages}
        self._modular = {rpm for stream in streams for rpm in stream.packages}
        self._taken = {rpm.name for rpm in self._seen}
        self.names = {rpm.name for rpm in self._modular}
        """All that are in question: packages of other names are seen."""

    def __call__(self, rpm: Rpm) -> bool:
        """Whether dnf would see a package."""
        if rpm in self._modular:
            return rpm in self._seen
        return rpm.name not in self._taken


def _streams_of(rpm: Rpm, streams: Sequence[Stream], newer: Newer) -> list[Stream]:
    """The streams that an installed package is of.

    Of a build that the archive no longer lists, it is the stream whose version is the nearest one
    above: a stream's versions rise, and those of later streams are higher.
    """
    found = [stream for stream in streams if rpm in stream.packages]
    if found or _MODULAR not in rpm.version:
        return found
    nearest: tuple[str, Stream] | None = None
    for stream in streams:
        for other in stream.packages:
            if (other.name, other.architecture) != (rpm.name, rpm.architecture):
                continue
            if newer(other.version, rpm.version) and (
                nearest is None or newer(nearest[0], other.version)
            ):
                nearest = other.version, stream
    return [] if nearest is None else [nearest[1]]
