"""Why a build failed, where the last words of its programs tell."""

import re
from pathlib import Path

from builder.errors import BuilderError, HostError, InterruptedByUser

_NO_SPACE = re.compile(
    r"No space left on device|You don't have enough free space|Disk quota exceeded"
)
_KILLED = re.compile(r"exit code (137|-9)\b|Cannot allocate memory|[Oo]ut of memory")
# What apt, dnf, zypper and podman say, in this order.
_NO_MIRROR = re.compile(
    r"Could not (resolve|connect)|Temporary failure|Unable to connect|Connection (failed|refused|"
    r"timed out)|Network is unreachable"
    r"|Cannot download|Failed to download metadata|Download \(curl\) error"
    r"|pinging container registry"
)
_NOT_DELIVERED = re.compile(r"Failed to fetch|\b404 +Not Found|Hash Sum mismatch")
_NO_PACKAGE = re.compile(
    r"Unable to locate package|has no installation candidate|Couldn't find any package"
    r"|Unable to find a match|No provider of '|Package '[^']+' not found"
)


def explained(error: BuilderError, *, log: Path, in_memory: bool) -> BuilderError:
    """The error with what to do next, as a ``HostError`` where the cause lies outside the build.

    ``log`` is where the full log stays; ``in_memory`` tells that the build's scratch files were in
    a tmpfs, so that "no space" may mean memory.
    """
    if isinstance(error, InterruptedByUser):
        return error
    kind, remedy = _cause("\n".join([error.message, *error.details]), in_memory=in_memory)
    hints = (error.hint, remedy, f"The full log is {log}.")
    return (kind or type(error))(
        error.message, details=error.details, hint=" ".join(hint for hint in hints if hint)
    )


def _cause(text: str, *, in_memory: bool) -> tuple[type[BuilderError] | None, str]:
    if _NO_SPACE.search(text):
        memory = "free memory, of which a build's files may take 80 %, or " if in_memory else ""
        return HostError, (
            f"Remedy: {memory}make room on the disk, or choose other directories with --output and "
            "GUEST_IMAGE_CACHE."
        )
    if _NO_PACKAGE.search(text):
        return None, "The mirror has no such package: if the profile names it, correct 'packages'."
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
