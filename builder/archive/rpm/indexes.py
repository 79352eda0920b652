"""Fetches the indexes of a repository, and keeps them between runs.

Nothing is taken for an index but what the repository's list names, with its size and checksum.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from builder.archive.index_directory import writing
from builder.archive.rpm.download import DownloadError, Headers, download
from builder.archive.rpm.metadata import Index, indexes_of
from builder.archive.rpm.repositories import Repository
from builder.errors import HostError
from builder.host.files import BLOCK, replace_text, temporary_name

KINDS = frozenset({"primary", "updateinfo", "modules"})
"""The indexes that are asked for: what packages there are, which of them close holes, and which of
them are seen only where their stream of a module is enabled."""

LIST_LIMIT = 1 << 20
"""Bytes of a list of indexes: it has a few kilobytes."""

_CONDITIONS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""What a mirror said of a list, and what it is asked by the next time."""


@dataclass(frozen=True)
class KeptRepository:
    """A repository, and the directory for its indexes, below one whose lock is held."""

    repository: Repository
    directory: Path
    until: float
    """The moment of ``time.monotonic`` at which nothing more is waited for."""

    def list(self) -> bytes:
        """The repository's list of indexes, as it is now.

        Raises ``HostError`` where it cannot be had.
        """
        with self._writing():
            self.directory.mkdir(exist_ok=True)
            for left in self.directory.glob(".*"):  # of a run that was killed while it wrote
                left.unlink()
        path, notes = self.directory / "repomd.xml", self.directory / "repomd.json"
        kept = path.read_bytes() if path.is_file() else b""
        conditions = _conditions(notes, kept)
        fetched = io.BytesIO()
        said = self._download("repodata/repomd.xml", fetched, LIST_LIMIT, conditions)
        if said is None:
            return kept
        content = fetched.getvalue()
        with self._writing():
            with _replacing(path) as file:
                file.write(content)
            dates = {name: said[name] for name in _CONDITIONS if name in said}
            replace_text(notes, json.dumps({"of": _digest_of(content), "said": dates}))
        return content

    def indexes(self, repomd: bytes) -> Mapping[str, Path]:
        """The indexes that a list names, by their kind, fetched where they are not kept.

        Raises ``HostError`` where one cannot be had, or is not what the list says.
        """
        try:
            named = indexes_of(repomd, KINDS)
        except ValueError as error:
            raise HostError(
                f"{self.repository.address} is not a repository of RPM packages that can be read.",
                details=[f"repodata/repomd.xml: {error}."],
                hint="So it is unknown what is new. Name another mirror, or tell the one"
                " who runs it.",
            ) from error
        found = {kind: self._index(kind, index) for kind, index in named.items()}
        keep = {self.directory / "repomd.xml", self.directory / "repomd.json", *found.values()}
        with self._writing():
            for path in set(self.directory.iterdir()) - keep:
                path.unlink()
        return found

    def _index(self, kind: str, index: Index) -> Path:
        path = self.directory / f"{index.digest}-{kind}{index.form}"
        with self._writing():
            if path.is_file() and _checksum(path, index.algorithm) == index.digest:
                return path
            with _replacing(path) as file:
                self._download(index.location, file, index.size, {})
                file.flush()
                if _checksum(Path(file.name), index.algorithm) != index.digest:
                    raise HostError(
                        f"An index of {self.repository.address} is not what its list says.",
                        details=[f"{index.location} has another {index.algorithm}."],
                        hint="So it is unknown what is new. The mirror may be changing,"
                        " or broken: run the same command again in a while, or name another"
                        " mirror.",
                    )
        return path

    def _download(
        self, path: str, into: IO[bytes], most: int, conditions: Headers
    ) -> Headers | None:
        address = f"{self.repository.address}/{path}"
        try:
            return download(address, into, most=most, until=self.until, conditions=conditions)
        except DownloadError as error:
            raise HostError(
                f"Could not fetch the package indexes of {self.repository.address}.",
                details=[f"{path}: {error}"],
                hint="So it is unknown what is new. See that the mirror answers; then"
                " run the same command again.",
            ) from error

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return writing(self.directory.parent)


def _conditions(notes: Path, kept: bytes) -> dict[str, str]:
    """What a list may be asked for by, where all of it is still there as it was."""
    try:
        kept_notes = json.loads(notes.read_bytes())
        if kept_notes["of"] == _digest_of(kept):
            return {_CONDITIONS[name]: str(value) for name, value in kept_notes["said"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return {}


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checksum(path: Path, algorithm: str) -> str:
    checksum = hashlib.new(algorithm)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            checksum.update(block)
    return checksum.hexdigest()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file under a temporary name, which gets its own when all has gone well."""
    partial = temporary_name(path)
    try:
        with partial.open("xb") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
