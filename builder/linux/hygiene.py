"""What an image must not carry: an identity of its own, traces of its build, passwords."""

from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import package_sources
from builder.linux.files import significant_lines, text
from builder.linux.resolver import name_servers

# machine-id(5): both make the first boot write a new one.
_NO_MACHINE_ID = ("", "uninitialized")

IDENTITIES = {  # by patterns of paths
    "/etc/ssh/ssh_host_*_key*": "a host key of SSH that every guest would share",
    "/var/lib/systemd/random-seed": "a random seed that every guest would share",
    "/var/lib/cloud/instances/*": "cloud-init's state of another guest",
    "/var/lib/cloud/instance": "cloud-init's state of another guest",
    "/root/.ssh/authorized_keys": "a key that lets its owner in everywhere",
    "/home/*/.ssh/authorized_keys": "a key that lets its owner in everywhere",
}
LEFTOVERS = {  # likewise
    "/root/.*_history": "a shell history",
    "/home/*/.*_history": "a shell history",
    "/var/cache/apt/archives/*.deb": "a package cache",
    "/var/lib/apt/lists/*_*": "a list of packages that grows stale",
    "/var/cache/dnf/*": "a package cache",
    "/var/cache/yum/*": "a package cache",
    "/var/cache/zypp/packages/*": "a package cache",
    "/etc/apt/apt.conf.d/*proxy*": "the build's proxy",
    "/etc/dib-manifests/*": "a record of the build host's directories and mirrors",
    "/etc/.resolv.conf.systemd-resolved.bak": "a copy of the build's resolv.conf",
    "/etc/resolvconf/resolv.conf.d/original": "a copy of the build's resolv.conf",
    "/etc/resolv.conf.dpkg-old": "a copy of the build's resolv.conf",
    "/root/.cache/*": "what a program of the build has kept",
    "/home/*/.cache/*": "what a program of the build has kept",
    "/var/cache/ccache/*": "what a compiler of the build has kept",
    "/tmp/*": "a temporary file of the build",  # noqa: S108 - of the image
    "/var/tmp/*": "a temporary file of the build",  # noqa: S108 - of the image
}


def identities(disk: Filesystem) -> Iterator[str]:
    """Yield what would be the same in every guest of the image, and must not be."""
    machine_id = text(disk, "/etc/machine-id").strip()
    if machine_id not in _NO_MACHINE_ID:
        yield f"/etc/machine-id is set to {machine_id}"
    if disk.readlink("/var/lib/dbus/machine-id") is None and text(disk, "/var/lib/dbus/machine-id"):
        yield "/var/lib/dbus/machine-id is a file of its own"
    yield from _present(disk, IDENTITIES)


def leftovers(disk: Filesystem) -> Iterator[str]:
    """Yield what the build has left behind."""
    yield from _present(disk, LEFTOVERS)
    yield from package_sources.unreachable(disk)
    yield from package_sources.proxies(disk)
    if disk.readlink("/etc/resolv.conf") is None:
        for number, server in name_servers(disk, "/etc/resolv.conf"):
            yield f"/etc/resolv.conf:{number}: names {server}, a name server of the build"


def passwords(disk: Filesystem) -> Iterator[str]:
    """Yield the accounts that can be entered with a password, or with none. See shadow(5)."""
    for number, line in significant_lines(text(disk, "/etc/shadow")):
        user, _, rest = line.partition(":")
        password = rest.partition(":")[0]
        if not password:
            yield f"/etc/shadow:{number}: {user} needs no password"
        elif password[0] not in "!*":
            yield f"/etc/shadow:{number}: {user} has a password"


def _present(disk: Filesystem, patterns: dict[str, str]) -> Iterator[str]:
    for pattern, meaning in patterns.items():
        for path in disk.glob(pattern):
            if disk.readlink(path) is not None or _is_empty(disk, path):
                continue
            yield f"{path} is {meaning}"


def _is_empty(disk: Filesystem, path: str) -> bool:
    try:
        return not disk.read_bytes(path)
    except FileNotFoundError:  # a directory
        return not disk.list(path)
