"""The disk as it is when cloud-init has written its files: ``write_files`` of its configuration.

Source: cloud-init's ``cloudinit/config/cc_write_files.py``.
"""

import base64
import binascii
import posixpath
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from builder.feature import Filesystem, Kernel, RegistryValue, Volume
from builder.linux import cloudconfig
from builder.linux.cloudconfig import last, scalar
from builder.linux.unitfile import YES

_KEY = "write_files"
_BASE64 = ("b64", "base64")
_GZIP = ("gz", "gzip")
_LIMIT = 1 << 20  # bytes: no sound configuration has a larger file in it


@dataclass(frozen=True)
class _WrittenFile:
    path: str
    content: bytes
    appended: bool
    place: str


@dataclass(frozen=True)
class _Overlay:
    """A disk on which some files have another content. What is written below a link is not."""

    _disk: Filesystem
    _files: Mapping[str, bytes]

    def exists(self, path: str) -> bool:
        return bool(self._files.keys() & {path}) or bool(self.list(path)) or self._disk.exists(path)

    def read_bytes(self, path: str) -> bytes:
        return self._files[path] if path in self._files else self._disk.read_bytes(path)

    def read_text(self, path: str) -> str:
        return self.read_bytes(path).decode(errors="replace")

    def readlink(self, path: str) -> str | None:
        return None if path in self._files else self._disk.readlink(path)

    def list(self, path: str) -> tuple[str, ...]:
        prefix = path.rstrip("/") + "/"
        own = {
            name.removeprefix(prefix).partition("/")[0]
            for name in self._files
            if name.startswith(prefix)
        }
        return tuple(sorted(own.union(self._disk.list(path))))

    def glob(self, pattern: str) -> tuple[str, ...]:
        own = {path for path in self._files if _matches(path, pattern)}
        return tuple(sorted(own.union(self._disk.glob(pattern))))

    def files(self, directory: str) -> tuple[str, ...]:
        prefix = directory.rstrip("/") + "/"
        own = {path for path in self._files if path.startswith(prefix)}
        return tuple(sorted(own.union(self._disk.files(directory))))

    def kernels(self) -> tuple[Kernel, ...]:
        return self._disk.kernels()

    def volumes(self) -> tuple[Volume, ...]:
        return self._disk.volumes()

    def registry(self, hive: str, key: str) -> Mapping[str, RegistryValue]:
        return self._disk.registry(hive, key)


def added(disk: Filesystem, find: Callable[[Filesystem], Iterable[str]]) -> Iterator[str]:
    """Yield what is found only when cloud-init has written its files, with where it is told to."""
    written = tuple(_written(disk))
    if not written:
        return
    contents: dict[str, bytes] = {}
    for file in written:
        before = contents.get(file.path, _present(disk, file.path)) if file.appended else b""
        contents[file.path] = before + file.content
    places = {file.path: file.place for file in written}
    present = frozenset(find(disk))
    for finding in find(_Overlay(disk, contents)):
        if finding not in present:
            path = next((path for path in places if finding.startswith(path)), written[0].path)
            yield f"{places[path]}: cloud-init writes {finding}"


def _written(disk: Filesystem) -> Iterator[_WrittenFile]:
    found = cloudconfig.documents(disk)
    for documents in (found, *((embedded,) for embedded in cloudconfig.embedded(found))):
        document = last(documents, _KEY)
        files = document.get(_KEY) if document is not None else None
        for number, file in enumerate(files if isinstance(files, list) else ()):
            if document is None or not isinstance(file, dict) or file.get("content") is None:
                continue  # what comes from elsewhere is not known
            if scalar(file.get("path")):
                yield _WrittenFile(
                    posixpath.normpath("/" + scalar(file["path"]).lstrip("/")),
                    _decoded(file.get("content"), scalar(file.get("encoding")).lower().strip()),
                    scalar(file.get("append")).lower() in YES,
                    document.place(_KEY, number, "path"),
                )


def _decoded(content: Any, encoding: str) -> bytes:  # Any: YAML
    """The bytes; none where they are not of that encoding."""
    data = content if isinstance(content, bytes) else scalar(content).encode()
    compression, _, outer = encoding.partition("+")
    try:
        if (outer or compression) in _BASE64:
            data = base64.b64decode(data)
        if compression in _GZIP:
            data = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(data, _LIMIT)
    except (binascii.Error, zlib.error):
        return b""
    return data


def _present(disk: Filesystem, path: str) -> bytes:
    try:
        return disk.read_bytes(path)
    except FileNotFoundError:
        return b""


def _matches(path: str, pattern: str) -> bool:
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))
