"""Stand-ins for a disk. Nothing here knows what any check wants to see."""

import fnmatch
import posixpath
from collections.abc import Mapping

from builder.feature import Kernel, RegistryValue, Volume
from builder.linux import kernels


class Link(str):
    """The target of a symbolic link, in a tree."""

    __slots__ = ()


Tree = dict[str, bytes | str | Link]
"""Paths: ``bytes`` and ``str`` are files, a ``Link`` is a symbolic link."""


class FakeFilesystem:
    """A tree of paths."""

    def __init__(
        self,
        tree: Mapping[str, bytes | str | Link],
        registry: Mapping[tuple[str, str], Mapping[str, RegistryValue]] | None = None,
        volumes: tuple[Volume, ...] = (),
    ) -> None:
        self._volumes = volumes
        self.tree = dict(tree)
        self._registry = dict(registry or {})

    def exists(self, path: str) -> bool:
        real = self._real(path)
        return real is not None and (real in self.tree or self._is_directory(real))

    def read_bytes(self, path: str) -> bytes:
        real = self._real(path)
        if real is None or real not in self.tree:
            raise FileNotFoundError(path)
        content = self.tree[real]
        return content if isinstance(content, bytes) else content.encode()

    def read_text(self, path: str) -> str:
        return self.read_bytes(path).decode(errors="replace")

    def readlink(self, path: str) -> str | None:
        parent = self._real(posixpath.dirname(path))
        content = self.tree.get(posixpath.join(parent or "/", posixpath.basename(path)))
        return str(content) if isinstance(content, Link) else None

    def list(self, path: str) -> tuple[str, ...]:
        real = self._real(path)
        if real is None:
            return ()
        prefix = real.rstrip("/") + "/"
        below = (name.removeprefix(prefix) for name in self.tree if name.startswith(prefix))
        return tuple(sorted({name.partition("/")[0] for name in below}))

    def glob(self, pattern: str) -> tuple[str, ...]:
        found = [""]
        for part in pattern.strip("/").split("/"):
            found = [
                f"{directory}/{name}"
                for directory in found
                for name in self.list(directory or "/")
                if fnmatch.fnmatchcase(name, part)
                and (not name.startswith(".") or part.startswith("."))
            ]
        return tuple(sorted(found))

    def files(self, directory: str) -> tuple[str, ...]:
        real = self._real(directory)
        if real is None:
            return ()
        below = (name for name in self.tree if name.startswith(real.rstrip("/") + "/"))
        return tuple(
            sorted(
                directory + name.removeprefix(real)
                for name in below
                if not isinstance(self.tree[name], Link)
            )
        )

    def kernels(self) -> tuple[Kernel, ...]:
        return kernels.installed(self)

    def volumes(self) -> tuple[Volume, ...]:
        return self._volumes

    def registry(self, hive: str, key: str) -> Mapping[str, RegistryValue]:
        if (hive, key) not in self._registry:
            raise FileNotFoundError(key)
        return self._registry[hive, key]

    def _is_directory(self, path: str) -> bool:
        prefix = path.rstrip("/") + "/"
        return any(name.startswith(prefix) for name in self.tree)

    def _real(self, path: str, depth: int = 0) -> str | None:
        """Resolve links in every part of a path; None where they run in a circle."""
        if depth > 40:
            return None
        current = "/"
        parts = [part for part in path.split("/") if part]
        for index, part in enumerate(parts):
            current = posixpath.join(current, part)
            content = self.tree.get(current)
            if isinstance(content, Link):
                target = posixpath.join(posixpath.dirname(current), content)
                rest = posixpath.join(target, *parts[index + 1 :])
                return self._real(posixpath.normpath(rest), depth + 1)
        return current
