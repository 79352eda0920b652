"""Which version of this program a machine of a fleet has: all must have the same."""

import hashlib
import platform
from importlib.metadata import version

from builder.build.reuse import CODE
from builder.errors import HostError

_CHARACTERS = 8


def own_version() -> str:
    """This machine's: of the program and its code, of Dask, and of Python."""
    digest = hashlib.sha256()
    for path in sorted(CODE.rglob("*.py")):
        digest.update(f"{path.relative_to(CODE)}\0".encode() + path.read_bytes() + b"\0")
    python = ".".join(platform.python_version_tuple()[:2])
    return (
        f"guest-image-builder {version('guest-image-builder')} (code"
        f" {digest.hexdigest()[:_CHARACTERS]}), distributed {version('distributed')},"
        f" Python {python}"
    )


def require_same(own: str, schedulers: object, address: str) -> None:
    """Raise ``HostError`` where the scheduler has another version, with both."""
    if own == schedulers:
        return
    raise HostError(
        f"The scheduler at {address} is of another version than this machine.",
        details=[f"here:  {own}", f"there: {schedulers}"],
        hint="Install the same version on all machines of the fleet.",
    )
