"""Servers and volumes that a proof which was killed has left, and their end.

A proof has an id, which they tell as metadata, and a directory on its machine that is locked as
long as it is at work. In it they are noted, because no user can list a soft-deleted server. A
volume can be deleted only when its server has gone.
"""

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.cloud.api.model import Server, Volume
from builder.cloud.server.servers import PROOF, Servers
from builder.cloud.server.volumes import Volumes
from builder.errors import BuilderError, CloudError, HostError
from builder.host.files import replace_text
from builder.host.locking import is_locked, locked, remove_leftovers
from builder.host.paths import cache_directory

ELSEWHERE_LIMIT = timedelta(hours=3)
"""How old a server of another machine's proof may be: no proof takes so long."""
END_LIMIT = 180.0
"""Seconds in which a deleted server is gone."""
_POLL = 2.0
_FILE = "left.json"
_DELETABLE = frozenset({"available", "error"})
"""Statuses of a volume that Cinder deletes for a user."""


@dataclass
class Proof:
    """A proof at work. Its servers and volumes are noted when they are made."""

    id: str
    directory: Path
    endpoint: str
    servers: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)

    def note(self, *, server: str = "", volume: str = "") -> None:
        """Remember a server or a volume; it is on disk when this returns."""
        self.servers += [server] if server else []
        self.volumes += [volume] if volume else []
        self._write()

    def forget(self, *, server: str = "", volume: str = "") -> None:
        """Forget one that is gone."""
        self.servers = [kept_id for kept_id in self.servers if kept_id != server]
        self.volumes = [kept_id for kept_id in self.volumes if kept_id != volume]
        self._write()

    def _write(self) -> None:
        noted = {"endpoint": self.endpoint, "servers": self.servers, "volumes": self.volumes}
        replace_text(self.directory / _FILE, json.dumps(noted))


@dataclass(frozen=True)
class _Noted:
    """What a proof that is over has noted."""

    servers: tuple[str, ...]
    volumes: tuple[str, ...]


def state_directory() -> Path:
    """Where proofs on this machine see each other."""
    return cache_directory() / "cloud-proofs"


@contextlib.contextmanager
def at_work(home: Path, endpoint: str) -> Iterator[Proof]:
    """A new proof in the cloud whose Glance is at ``endpoint``.

    The directory goes with the block only where nothing is left. Raises ``HostError`` where it
    cannot be made.
    """
    own = uuid.uuid4().hex
    directory = home / own
    with contextlib.ExitStack() as locks:
        try:
            home.mkdir(parents=True, exist_ok=True)
            with locked(home):  # so that nobody takes it for a leftover before it is locked
                directory.mkdir()
                locks.enter_context(locked(directory))
        except OSError as error:
            raise HostError(
                f"Could not make a directory in {home}.",
                details=[error.strerror or str(error)],
                hint="Choose another place for what is kept between runs: GUEST_IMAGE_CACHE.",
            ) from error
        proof = Proof(own, directory, endpoint)
        try:
            yield proof
        finally:
            if not proof.servers and not proof.volumes:
                shutil.rmtree(directory, ignore_errors=True)


def is_left(resource: Server | Volume, home: Path, *, now: datetime) -> bool:
    """Whether the proof that made a server or a volume is over.

    Of one on another machine only the age tells.
    """
    proof = resource.metadata.get(PROOF, "")
    directory = home / proof
    if not proof.isalnum() or not directory.is_dir():
        return now - resource.created > ELSEWHERE_LIMIT
    return not is_locked(directory)


def remove_left(
    servers: Servers, volumes: Volumes, endpoint: str, home: Path
) -> tuple[list[str], list[str]]:
    """Delete what proofs that are over have left in a cloud.

    Returns what is gone ("server …", "volume …"), and a sentence for each that stays.
    """
    noted = _forgotten(home, endpoint)
    gone, stay = _remove(
        servers.of_proofs(),
        [server for notes in noted.values() for server in notes.servers],
        home,
        lambda server: end(servers, server),
    )
    try:
        present = volumes.of_proofs()
    except CloudError as error:
        present, words = [], " ".join(str(error).split())
        stay.append(f"Whether a proof has left volumes is not known: {words}")
    gone_volumes, staying_volumes = _remove(
        present,
        [volume for notes in noted.values() for volume in notes.volumes],
        home,
        lambda volume: end_volume(volumes, volume),
    )
    for directory, notes in noted.items():
        if {*notes.servers} <= {*gone} and {*notes.volumes} <= {*gone_volumes}:
            (directory / _FILE).unlink(missing_ok=True)
    if home.is_dir():
        with locked(home):
            remove_leftovers(file for file in home.iterdir() if not (file / _FILE).exists())
    named = [f"server {each}" for each in gone] + [f"volume {each}" for each in gone_volumes]
    return named, stay + staying_volumes


def _remove(
    present: Sequence[Server | Volume], noted: Sequence[str], home: Path, end: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """End those of one kind that are left; the ids of those that are gone, and why others stay."""
    now = datetime.now(UTC)
    left = {resource.id for resource in present if is_left(resource, home, now=now)}
    stay = [
        f"{resource.name} ({resource.id}) is of a proof that may be at work."
        for resource in present
        if resource.id not in left
    ]
    reasons = {each: end(each) for each in dict.fromkeys([*sorted(left), *noted])}
    gone = [each for each, reason in reasons.items() if not reason]
    return gone, stay + [reason for reason in reasons.values() if reason]


def end(servers: Servers, server: str, sleep: Callable[[float], None] = time.sleep) -> str:
    """Delete a server for good and wait until it is gone; why it is not, or the empty string."""
    deadline = time.monotonic() + END_LIMIT
    try:
        servers.end(server)
        while (found := servers.get(server)) is not None and found.status != "DELETED":
            if time.monotonic() > deadline:
                return (
                    f"{found.name} ({server}) is {found.status} {END_LIMIT:.0f} s after it was"
                    f" deleted. {found.reason}".rstrip()
                )
            sleep(_POLL)
    except CloudError as error:
        return f"Server {server} could not be deleted: {' '.join(str(error).split())}"
    return ""


def end_volume(volumes: Volumes, volume: str, sleep: Callable[[float], None] = time.sleep) -> str:
    """Delete a volume and wait until it is gone; why it is not, or the empty string.

    One that a server has is waited for: Nova lets it go with the server.
    """
    deadline, asked = time.monotonic() + END_LIMIT, False
    try:
        while (found := volumes.get(volume)) is not None:
            if asked and found.status.startswith("error"):
                return f"Volume {volume} could not be deleted: it is {found.status}."
            if not asked and found.status in _DELETABLE:
                volumes.delete(volume)
                asked = True
                continue
            if time.monotonic() > deadline:
                return f"Volume {volume} is still {found.status} after {END_LIMIT:.0f} s."
            sleep(_POLL)
    except CloudError as error:
        return f"Volume {volume} could not be deleted: {' '.join(str(error).split())}"
    return ""


def _forgotten(home: Path, endpoint: str) -> dict[Path, _Noted]:
    """The directories of this machine's proofs that are over, with what is noted in them."""
    found = {}
    for file in home.glob(f"*/{_FILE}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, BuilderError):
            noted = json.loads(file.read_text(encoding="utf-8"))
            if noted["endpoint"] == endpoint and not is_locked(file.parent):
                servers, volumes = map(str, noted["servers"]), map(str, noted["volumes"])
                found[file.parent] = _Noted(tuple(servers), tuple(volumes))
    return found
