"""Why a build failed, where the last words of its programs tell."""

import contextlib
import errno
import re
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from builder.build.space_needs import told
from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.host.room import Room
from builder.redaction import Secrets

_NO_SPACE = re.compile(
    r"No space left on device|You don't have enough free space|Disk quota exceeded"
)
# systemctl, and apt where two packages exclude each other, or one would take away systemd.
_NO_UNIT = re.compile(r"Unit file (?P<unit>\S+) does not exist")
_EXCLUDED = re.compile(r"held broken packages|Essential packages were removed")
_KILLED = re.compile(r"exit code (137|-9)\b|Cannot allocate memory|[Oo]ut of memory")
# What apt, dnf, zypper and podman say, in this order.
_NO_MIRROR = re.compile(
    r"Could not (resolve|connect)|Temporary failure|Unable to connect|Connection (failed|refused|"
    r"timed out)|Network is unreachable"
    r"|Cannot download|Failed to download metadata|Download \(curl\) error"
    r"|pinging container registry"
)
# What apt says of an archive's signed dates, and what TLS says of a certificate's, in this order.
_SIGNED_LATER = re.compile(r"not valid yet|not yet valid|Not live until")
_SIGNED_TOO_EARLY = re.compile(
    r"Release file for \S+ is expired|certificate has expired|uses expired certificate"
)
# Of a hook that runs in the chroot, where resolv.conf is the image's matter as well as the host's.
_UNRESOLVED = re.compile(
    r"\A(?!The hook root\.d/).*"
    r"(?:Could not resolve(?: host:)?|Temporary failure resolving) '?(?P<name>[A-Za-z0-9._-]+)",
    re.DOTALL,
)
_NOT_DELIVERED = re.compile(r"Failed to fetch|\b404 +Not Found|Hash Sum mismatch")
# With a name that is not found apt fails only when it looks for the lists that it has not got.
_NOT_FETCHED = re.compile(r"^[EW]: (Failed to fetch|Release file for) ")
_NO_PACKAGE = re.compile(
    r"Unable to locate package|has no installation candidate|Couldn't find any package"
    r"|Unable to find a match|No provider of '|Package '[^']+' not found"
)


Measured = Callable[[], Sequence[Room]]
"""What the places that a build writes to have left, as they are when it is asked."""


@contextlib.contextmanager
def told_when_full(profile: str, measured: Measured) -> Iterator[None]:
    """Tell of a place that has become full where it is this program that could not write."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sentences, remedy = told(measured())
        raise HostError(
            f"The disk became full during the build of '{profile}'.",
            details=[str(error), *sentences],
            hint=remedy,
        ) from error


@contextlib.contextmanager
def explained_failures(
    profile: str, log: Path, hidden: Secrets, measured: Measured
) -> Iterator[None]:
    """Say of a failure what helps, while what the build has written still takes its room.

    ``log`` is where the full log stays. What is ``hidden`` is in no error.
    """
    try:
        with told_when_full(profile, tuple):
            yield
    except BuilderError as error:
        hidden.redact_error(error)
        raise explained(error, log=log, rooms=measured()) from error


def resolves(name: str) -> bool:
    """Whether this host finds a machine of this name now."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):
        return False


def explained(
    error: BuilderError,
    *,
    log: Path,
    rooms: Sequence[Room],
    resolves: Callable[[str], bool] = resolves,
    now: datetime | None = None,
) -> BuilderError:
    """The error with what to do next, as a ``HostError`` where the cause lies outside the build.

    ``log`` is where the full log stays; ``rooms`` are the places that the build has written to, as
    they were when it failed. ``resolves`` is asked whether the host finds a name that the build has
    not found. ``now`` is what this host's clock says.
    """
    if isinstance(error, InterruptedByUser):
        return error
    text = "\n".join([error.message, *error.details])
    unresolved = _UNRESOLVED.match(text)
    details: Sequence[str] = ()
    if _NO_SPACE.search(text) or any(room.is_nothing for room in rooms):
        kind: type[BuilderError] | None = HostError
        details, remedy = told(rooms)
    elif unresolved and resolves(unresolved["name"]):
        kind, remedy = None, _lost_resolver(unresolved["name"])
    else:
        kind, remedy = _cause(text, now or datetime.now(UTC))
    hints = (error.hint, remedy, f"The full log is {log}.")
    return (kind or type(error))(
        error.message,
        details=(*error.details, *details),
        hint=" ".join(hint for hint in hints if hint),
    )


def tells_why(line: str) -> bool:
    """Whether a package manager tells with this line why it will fail, however much it says yet."""
    return any(pattern.search(line) for pattern in (_NO_SPACE, _NOT_FETCHED))


def _lost_resolver(name: str) -> str:
    return (
        f"This host finds {name} by its name: the hook, or a package that it has installed, has "
        "replaced the chroot's /etc/resolv.conf (an element writes what the image shall have to "
        "/etc/resolv.conf.ORIG instead). Only if the host's name server failed for a moment, run "
        "the same command again."
    )


def _remedy_in_packages(text: str) -> str:
    # Of an archive that was not reached every package is missing.
    if _NO_PACKAGE.search(text) and not (_NO_MIRROR.search(text) or _NOT_DELIVERED.search(text)):
        return "The mirror has no such package: if the profile names it, correct 'packages'."
    if no_unit := _NO_UNIT.search(text):
        return (
            f"The package that brings {no_unit['unit']} is not there: another one has taken its "
            "place, which the profile names under 'packages', or which one of these depends on. "
            "The log says which after 'The following packages will be REMOVED'."
        )
    if _EXCLUDED.search(text):
        return (
            "Packages exclude each other: remove one of those that the log names from 'packages' "
            "of the profile."
        )
    return ""


def _remedy_of_clock(text: str, now: datetime) -> str:
    clock = f"{now:%Y-%m-%d %H:%M} UTC"
    if _SIGNED_LATER.search(text):
        return (
            "The mirror's files were signed in the future of this host's clock, which says"
            f" {clock}: set it ('timedatectl' shows whether it is synchronised), and run the same"
            " command again."
        )
    if _SIGNED_TOO_EARLY.search(text):
        return (
            f"What the mirror has was valid until a date before {clock}, as this host's clock says."
            " If that is the time, the mirror is updated no more: name another one under 'mirrors'"
            " in the profile. If not, set the clock, and run the same command again."
        )
    return ""


def _cause(text: str, now: datetime) -> tuple[type[BuilderError] | None, str]:
    if remedy := _remedy_in_packages(text):
        return None, remedy
    if remedy := _remedy_of_clock(text, now):
        return HostError, remedy
    if _NO_MIRROR.search(text):
        return HostError, (
            "The package mirror cannot be reached: check the network, or name another one under "
            "'mirrors' in the profile or in DIB_DISTRIBUTION_MIRROR and DIB_DEBIAN_SECURITY_MIRROR."
        )
    if _NOT_DELIVERED.search(text):
        return HostError, (
            "The package mirror answers and does not deliver: it may be in the midst of an update, "
            "or lack this release. Try again later, or name another one under 'mirrors' in the "
            "profile or in DIB_DISTRIBUTION_MIRROR and DIB_DEBIAN_SECURITY_MIRROR."
        )
    if _KILLED.search(text):
        return HostError, (
            "The kernel may have ended it for want of memory ('dmesg' tells): end other programs, "
            "or give the machine more."
        )
    return None, ""
