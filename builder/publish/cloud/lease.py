"""Whether the publisher of a draft is still at work.

Publishers that share a home (a directory of one machine's user) see each other's locks; of the
others only the time tells since the draft was last changed, by the cloud's own clock.
"""

import contextlib
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from builder.errors import HostError
from builder.host.files import replace_text
from builder.host.locking import is_locked, locked, remove_leftovers
from builder.host.paths import cache_directory
from builder.publish.cloud.image import PUBLISHER, CloudImage

IDLE_LIMIT = timedelta(minutes=10)
"""How long a publisher elsewhere may let a draft be that gets no data."""
UPLOAD_LIMIT = timedelta(hours=24)
"""How long an upload from elsewhere may take."""
UPLOADING = frozenset({"saving", "uploading", "importing"})

_IDENTITY = "identity"
_PREFIX = "publisher-"


@contextlib.contextmanager
def held(home: Path) -> Iterator[str]:
    """A name for this publisher, which is known to be at work as long as the block lasts.

    Raises ``HostError`` where the home cannot be made or written.
    """
    own = uuid.uuid4().hex
    directory = home / f"{_PREFIX}{own}"
    with contextlib.ExitStack() as stack:
        try:
            home.mkdir(parents=True, exist_ok=True)
            # Made and locked under the lock of its home, so that nobody takes it for a leftover.
            with locked(home):
                remove_leftovers(home.glob(f"{_PREFIX}*"))
                name = f"{_identity(home)}-{own}"
                directory.mkdir()
                stack.enter_context(locked(directory))
        except OSError as error:
            raise HostError(
                f"Could not make or write the directory {home}.",
                details=[error.strerror or str(error)],
                hint="Make it yours (sudo chown -R $USER), or choose another place for what is kept"
                " between runs: GUEST_IMAGE_CACHE.",
            ) from error
        try:
            yield name
        finally:
            # Another may have emptied the cache meanwhile; what is left the next run removes.
            with contextlib.suppress(OSError):
                directory.rmdir()


def at_work(draft: CloudImage, home: Path, *, now: datetime) -> bool:
    """Whether the draft's publisher must be taken for alive."""
    where, _, own = draft.properties.get(PUBLISHER, "").partition("-")
    if where != _identity(home):
        limit = UPLOAD_LIMIT if draft.status in UPLOADING else IDLE_LIMIT
        return now - draft.updated < limit
    return is_locked(home / f"{_PREFIX}{own}")


def _identity(home: Path) -> str:
    """What tells this home from those of other machines."""
    path = home / _IDENTITY
    if not path.exists() or not path.read_text(encoding="ascii"):  # as a full disk leaves it
        home.mkdir(parents=True, exist_ok=True)
        replace_text(path, uuid.uuid4().hex)
    return path.read_text(encoding="ascii")


def state_directory() -> Path:
    """Where publishers on this machine see each other."""
    return cache_directory() / "publishers"
