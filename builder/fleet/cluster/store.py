"""Where workers share builds: a directory, SFTP, or whatever else fsspec has a file system for.

``IMAGE/BUILD/`` has a build's files and ``IMAGE/latest`` the name of the latest. A build's manifest
arrives last and ``latest`` after it, so what a killed worker has sent in part is no build.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from fsspec.core import url_to_fs
from paramiko import HostKeys, MissingHostKeyPolicy, PKey, SSHClient, SSHException

from builder.errors import HostError, ImageError, InputError
from builder.host.files import sha256_of, temporary_name
from builder.redaction import redacted
from builder.store import manifest
from builder.store.build_directory import LATEST, point_latest_at

KNOWN_HOSTS = Path("~/.ssh/known_hosts")

CONNECT = 30.0
"""Seconds that a server has to answer."""

_NAME = re.compile(r"[0-9TZ]+-[0-9a-f]+(-[0-9]+)?")
_PARTIAL = ".partial"


class _KnownHosts(MissingHostKeyPolicy):  # type: ignore[misc]  # it ships no types
    """Trusts the hosts that ssh knows: paramiko by itself would trust anyone the first time."""

    def missing_host_key(self, _client: SSHClient, hostname: str, key: PKey) -> None:
        """Raise ``SSHException`` for a key that is not in the user's file."""
        file = KNOWN_HOSTS.expanduser()
        hosts = HostKeys(str(file) if file.exists() else None)
        if not hosts.check(hostname, key):
            raise SSHException(f"the host key of {hostname} is not in {file}")


class Store:
    """The builds that all workers of a fleet can have."""

    def __init__(self, url: str) -> None:
        """Open it. Raises ``InputError`` for an address of no store, ``HostError`` as all else."""
        self.url = redacted(url)
        scheme = urlsplit(url).scheme
        # A line that was cut is not taken once more: fsspec would keep it.
        options: dict[str, Any] = {"skip_instance_cache": True}  # Any: fsspec's
        if scheme in {"sftp", "ssh"}:
            options |= {"host_key_policy": _KnownHosts, "timeout": CONNECT}
        with self._reached():
            try:
                self._files, root = url_to_fs(url, **options)
            except (ValueError, ImportError) as error:
                raise InputError(
                    f"'{self.url}' is not the address of a store.",
                    details=[str(error)],
                    hint="Write a directory, file:///DIRECTORY, or sftp://USER@HOST/DIRECTORY.",
                ) from error
        self._root = PurePosixPath(root)

    def fetch(self, image: str, dist: Path) -> None:
        """Let the latest build of an image be here, too, unless the latest here is later.

        Raises ``HostError`` where the store does not answer, ``ImageError`` where the image is not
        the one that its manifest tells of.
        """
        with self._reached():
            name = self._latest(image)
            if name is None:
                return
            home = dist / image
            home.mkdir(parents=True, exist_ok=True)
            target, remote = home / name, self._root / image / name
            if target.exists():
                self._get(remote / manifest.FILE_NAME, target / manifest.FILE_NAME)
                point_latest_at(target)
                return
            partial = temporary_name(target)
            try:
                partial.mkdir()
                for file in self._names(remote):
                    self._files.get_file(str(remote / file), str(partial / file))
                self._require_whole(partial)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            point_latest_at(target)

    def push(self, image: str, dist: Path) -> None:
        """Let the store have the latest build of an image, as it is here. Raises ``HostError``."""
        latest = dist / image / LATEST
        if not (latest / manifest.FILE_NAME).is_file():
            return
        build = latest.resolve()
        remote = self._root / image / build.name
        with self._reached():
            self._files.makedirs(str(remote), exist_ok=True)
            sizes = self._sizes(remote)
            changing = {manifest.FILE_NAME, "report.html"}
            files = [path for path in sorted(build.iterdir()) if path.is_file()]
            files.sort(key=lambda path: path.name == manifest.FILE_NAME)  # it comes last
            for path in files:
                if path.name in changing or sizes.get(path.name) != path.stat().st_size:
                    self._put(remote / path.name, path)
            marker = temporary_name(dist / image / "marker")
            try:
                marker.write_text(build.name, encoding="ascii")
                self._put(self._root / image / LATEST, marker)
            finally:
                marker.unlink(missing_ok=True)
            self._remove_unfinished(image)

    def _latest(self, image: str) -> str | None:
        path = str(self._root / image / LATEST)
        if not self._files.exists(path):
            return None
        name = str(self._files.cat_file(path).decode(errors="replace").strip())
        if not _NAME.fullmatch(name):
            raise ImageError(
                f"{self.url} has no build of {image} that can be named.",
                details=[f"{LATEST} says {name[:64]!r}."],
                hint="Somebody else writes there. Give the fleet a store of its own.",
            )
        return name

    def _put(self, remote: PurePosixPath, path: Path) -> None:
        """Send a file; what has its name is whole."""
        partial = f"{remote}{_PARTIAL}"
        self._files.put_file(str(path), partial)
        self._files.mv(partial, str(remote))

    def _get(self, remote: PurePosixPath, path: Path) -> None:
        partial = temporary_name(path)
        try:
            self._files.get_file(str(remote), str(partial))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _sizes(self, directory: PurePosixPath) -> dict[str, int]:
        listed = self._files.ls(str(directory), detail=True)
        return {PurePosixPath(entry["name"]).name: entry["size"] for entry in listed}

    def _names(self, directory: PurePosixPath) -> Iterator[str]:
        """The files of a build: none that could lie elsewhere, and none that is half there."""
        for name in self._sizes(directory):
            if not name.startswith(".") and not name.endswith(_PARTIAL):
                yield name

    def _require_whole(self, build: Path) -> None:
        told = manifest.read(build)
        file = build / told.image.name
        if not file.is_file() or sha256_of(file) != told.image.sha256:
            raise ImageError(
                f"The image of build {told.build} arrived otherwise than it was made.",
                details=[f"It comes from {self.url}."],
                hint="Run the same command again; should it say the same, remove the build there.",
            )

    def _remove_unfinished(self, image: str) -> None:
        """Remove what killed workers have sent in part; only one at a time works at an image."""
        home = self._root / image
        for entry in self._files.ls(str(home), detail=True):
            path = PurePosixPath(entry["name"])
            if entry["type"] == "directory" and manifest.FILE_NAME not in self._sizes(path):
                self._files.rm(str(path), recursive=True)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raise ``HostError`` where the store, or the way to it, fails."""
        try:
            yield
        except (OSError, SSHException, EOFError) as error:
            raise HostError(
                f"The store {self.url} could not be used.",
                details=[str(error) or type(error).__name__],
                hint="See that it can be reached and written; then run the same command again.",
            ) from error
