"""Where workers share builds.

``IMAGE/BUILD/`` has a build's files and ``IMAGE/latest`` the name of the latest. A build's manifest
arrives last and ``latest`` after it, so what a killed worker has sent in part is no build. No clock
tells which build is the latest: those of many machines differ.
"""

import re
import shutil
from pathlib import Path

from builder.errors import ImageError
from builder.fleet.cluster.files import PARTIAL, files_at
from builder.fleet.cluster.fitness import require_room
from builder.fleet.perform import SESSIONS
from builder.host.files import replace_text, sha256_of, temporary_name
from builder.host.room import LITTLE, Room
from builder.store import manifest
from builder.store.build_directory import LATEST, REPORT, set_latest

SEEN = "latest-in-store"
"""What the store had when this machine last looked, beside an image's logs."""

_NAME = re.compile(r"[0-9TZ]+-[0-9a-f]+(-[0-9]+)?")


class Store:
    """The builds that all workers of a fleet can have."""

    def __init__(self, url: str) -> None:
        """Open it. Raises ``InputError`` for an address of no store, ``HostError`` as all else."""
        self.files = files_at(url)

    def fetch(self, image: str, dist: Path) -> None:
        """Let the latest build of an image be the latest here, too.

        One that was made here since the store had its own, and could not be sent, stays the latest.
        Raises ``HostError`` where the store does not answer, ``ImageError`` where the image is not
        the one that its manifest tells of, ``UnfitError`` where this machine has no room for it.
        """
        with self.files.reached():
            name = self._latest(image)
            if name is None:
                return
            home = dist / image
            home.mkdir(parents=True, exist_ok=True)
            target, remote = home / name, f"{image}/{name}"
            if target.exists():
                self._get(f"{remote}/{manifest.FILE_NAME}", target / manifest.FILE_NAME)
            else:
                self._fetch_build(remote, target)
            if _seen(image, dist) != name or not (home / LATEST).exists():
                set_latest(target)
                _see(image, dist, name)

    def push(self, image: str, dist: Path) -> None:
        """Let the store have the latest build of an image, as it is here. Raises ``HostError``."""
        latest = dist / image / LATEST
        if not (latest / manifest.FILE_NAME).is_file():
            return
        build = latest.resolve()
        remote = f"{image}/{build.name}"
        with self.files.reached():
            sizes = self.files.sizes(remote)
            changing = {manifest.FILE_NAME, REPORT}
            files = [path for path in sorted(build.iterdir()) if path.is_file()]
            files.sort(key=lambda path: path.name == manifest.FILE_NAME)  # it comes last
            for path in files:
                if path.name in changing or sizes.get(path.name) != path.stat().st_size:
                    self.files.put(f"{remote}/{path.name}", path)
            self.files.write(f"{image}/{LATEST}", build.name.encode())
            self._remove_unfinished(image)
        _see(image, dist, build.name)

    def _latest(self, image: str) -> str | None:
        content = self.files.read(f"{image}/{LATEST}")
        if content is None:
            return None
        name = content.decode(errors="replace").strip()
        if not _NAME.fullmatch(name):
            raise ImageError(
                f"{self.files.url} has no build of {image} that can be named.",
                details=[f"{LATEST} says {name[:64]!r}."],
                hint="Somebody else writes there. Give the fleet a store of its own.",
            )
        return name

    def _fetch_build(self, remote: str, target: Path) -> None:
        """Let a build be here when all of it is."""
        partial = temporary_name(target)
        # None that could lie elsewhere, and none that is half there.
        sizes = {
            name: size
            for name, size in self.files.sizes(remote).items()
            if not name.startswith(".") and not name.endswith(PARTIAL)
        }
        require_room(
            Room.of(
                target.parent,
                needed=sum(sizes.values()) + LITTLE,
                work=f"{target.name} from the store",
                remedy="make room, or choose another directory with --output",
            )
        )
        try:
            partial.mkdir()
            for name in sizes:
                self.files.get(f"{remote}/{name}", partial / name)
            self._require_whole(partial)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _get(self, remote: str, path: Path) -> None:
        partial = temporary_name(path)
        try:
            self.files.get(remote, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _require_whole(self, build: Path) -> None:
        told = manifest.read(build)
        file = build / told.image.name
        if not file.is_file() or sha256_of(file) != told.image.sha256:
            raise ImageError(
                f"The image of build {told.build} arrived otherwise than it was made.",
                details=[f"It comes from {self.files.url}."],
                hint="Run the same command again; should it say the same, remove the build there.",
            )

    def _remove_unfinished(self, image: str) -> None:
        """Remove what killed workers have sent in part; only one at a time works at an image."""
        for name in self.files.directories(image):
            build = f"{image}/{name}"
            if manifest.FILE_NAME not in self.files.sizes(build):
                self.files.remove(build)
        self.files.remove_partial(image)


def _seen(image: str, dist: Path) -> str:
    path = dist / SESSIONS / image / SEEN
    return path.read_text(encoding="ascii") if path.is_file() else ""


def _see(image: str, dist: Path, name: str) -> None:
    path = dist / SESSIONS / image / SEEN
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, name)
