"""Servers that a proof which was killed has left, and their end.

A proof has an id, which its servers tell as metadata, and a directory on its machine that is locked
as long as it is at work. In it stand its servers, because no user can list a soft-deleted one.
"""

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.cloud.api.model import Server
from builder.cloud.server.servers import PROOF, Servers
from builder.errors import BuilderError, CloudError, HostError
from builder.host.files import replace_text
from builder.host.locking import is_locked, locked, remove_leftovers
from builder.host.paths import cache_directory

ELSEWHERE_LIMIT = timedelta(hours=3)
"""How old a server of another machine's proof may be: no proof takes so long."""
END_LIMIT = 180.0
"""Seconds in which a deleted server is gone."""
_POLL = 2.0
_FILE = "servers.json"


@dataclass
class Proof:
    """A proof at work. Its servers are noted when they are made."""

    id: str
    directory: Path
    endpoint: str
    servers: list[str] = field(default_factory=list)

    def note(self, server: str) -> None:
        """Remember a server; it is on disk when this returns."""
        self.servers.append(server)
        text = json.dumps({"endpoint": self.endpoint, "servers": self.servers})
        replace_text(self.directory / _FILE, text)


def state_directory() -> Path:
    """Where proofs on this machine see each other."""
    return cache_directory() / "cloud-proofs"


@contextlib.contextmanager
def at_work(home: Path, endpoint: str) -> Iterator[Proof]:
    """A new proof in the cloud whose Glance is at ``endpoint``.

    The directory goes with the block only where no server is left. Raises ``HostError`` where it
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
            if not proof.servers:
                shutil.rmtree(directory, ignore_errors=True)


def is_left(server: Server, home: Path, *, now: datetime) -> bool:
    """Whether the proof that made a server is over.

    Of one on another machine only the server's age tells.
    """
    proof = server.metadata.get(PROOF, "")
    directory = home / proof
    if not proof.isalnum() or not directory.is_dir():
        return now - server.created > ELSEWHERE_LIMIT
    return not is_locked(directory)


def remove_left(servers: Servers, endpoint: str, home: Path) -> tuple[list[str], list[str]]:
    """Delete what proofs that are over have left in a cloud.

    Returns the ids of the servers that are gone, and a sentence for each that stays.
    """
    now = datetime.now(UTC)
    gone, stay, found = [], [], []
    for server in servers.of_proofs():
        if is_left(server, home, now=now):
            found.append(server.id)
        else:
            stay.append(f"{server.name} ({server.id}) is of a proof that may be at work.")
    forgotten = _forgotten(home, endpoint)
    for noted in forgotten.values():
        found += [server for server in noted if server not in found]
    for server_id in found:
        reason = end(servers, server_id)
        if reason:
            stay.append(reason)
        else:
            gone.append(server_id)
    for directory, noted in forgotten.items():
        if set(noted) <= set(gone):
            (directory / _FILE).unlink(missing_ok=True)
    if home.is_dir():
        with locked(home):
            remove_leftovers(file for file in home.iterdir() if not (file / _FILE).exists())
    return gone, stay


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


def _forgotten(home: Path, endpoint: str) -> dict[Path, list[str]]:
    """The directories of this machine's proofs that are over, with the servers noted in them."""
    found = {}
    for file in home.glob(f"*/{_FILE}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, BuilderError):
            noted = json.loads(file.read_text(encoding="utf-8"))
            if noted["endpoint"] == endpoint and not is_locked(file.parent):
                found[file.parent] = [str(server) for server in noted["servers"]]
    return found
