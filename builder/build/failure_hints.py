"""Why a build failed, where the last words of its programs tell."""

import re
import socket
from collections.abc import Callable
from pathlib import Path

from builder.errors import BuilderError, HostError, InterruptedByUser

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
# Of a hook that runs in the chroot, where resolv.conf is the image's matter as well as the host's.
_UNRESOLVED = re.compile(
    r"\A(?!The hook root\.d/).*"
    r"(?:Could not resolve(?: host:)?|Temporary failure resolving) '?(?P<name>[A-Za-z0-9._-]+)",
    re.DOTALL,
)
_NOT_DELIVERED = re.compile(r"Failed to fetch|\b404 +Not Found|Hash Sum mismatch")
_NO_PACKAGE = re.compile(
    r"Unable to locate package|has no installation candidate|Couldn't find any package"
    r"|Unable to find a match|No provider of '|Package '[^']+' not found"
)


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
    in_memory: bool,
    resolves: Callable[[str], bool] = resolves,
) -> BuilderError:
    """The error with what to do next, as a ``HostError`` where the cause lies outside the build.

    ``log`` is where the full log stays; ``in_memory`` tells that the build's scratch files were in
    a tmpfs, so that "no space" may mean memory. ``resolves`` is asked whether the host finds a name
    that the build has not found.
    """
    if isinstance(error, InterruptedByUser):
        return error
    text = "\n".join([error.message, *error.details])
    unresolved = _UNRESOLVED.match(text)
    if unresolved and resolves(unresolved["name"]):
        kind, remedy = None, _lost_resolver(unresolved["name"])
    else:
        kind, remedy = _cause(text, in_memory=in_memory)
    hints = (error.hint, remedy, f"The full log is {log}.")
    return (kind or type(error))(
        error.message, details=error.details, hint=" ".join(hint for hint in hints if hint)
    )


def _lost_resolver(name: str) -> str:
    return (
        f"This host finds {name} by its name: the hook, or a package that it has installed, has "
        "replaced the chroot's /etc/resolv.conf (an element writes what the image shall have to "
        "/etc/resolv.conf.ORIG instead). Only if the host's name server failed for a moment, run "
        "the same command again."
    )


def _remedy_in_packages(text: str) -> str:
    if _NO_PACKAGE.search(text):
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


def _cause(text: str, *, in_memory: bool) -> tuple[type[BuilderError] | None, str]:
    if _NO_SPACE.search(text):
        memory = "free memory, of which a build's files may take 80 %, or " if in_memory else ""
        return HostError, (
            f"Remedy: {memory}make room on the disk, or choose other directories with --output and "
            "GUEST_IMAGE_CACHE."
        )
    if in_packages := _remedy_in_packages(text):
        return None, in_packages
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
