"""What an image must not carry: traces of its build."""

from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import package_sources
from builder.linux.present import present
from builder.linux.resolver import name_servers

LEFTOVERS = {  # by patterns of paths
    "/root/.*_history": "a shell history",
    "/home/*/.*_history": "a shell history",
    "/root/.lesshst": "a history",
    "/root/.viminfo": "a history",
    "/root/.wget-hsts": "a history",
    "/root/.ansible/*": "what Ansible has kept of the build",
    "/home/*/.ansible/*": "what Ansible has kept of the build",
    "/root/anaconda-ks.cfg": "an installer's record, with the passwords that it was given",
    "/root/original-ks.cfg": "an installer's record, with the passwords that it was given",
    "/var/log/anaconda/*": "an installer's log",
    "/var/log/installer/*": "an installer's log, with the passwords that it was given",
    "/var/log/journal/*": "the journal of another machine",
    "/var/log/cloud-init*.log": "the log of another guest's first boot",
    "/usr/sbin/policy-rc.d": "what keeps packages from starting their services",
    "/var/cache/apt/archives/*.deb": "a package cache",
    "/var/lib/apt/lists/*_*": "a list of packages that grows stale",
    "/var/cache/dnf/*": "a package cache",
    "/var/cache/libdnf5/*": "a package cache",
    "/var/cache/yum/*": "a package cache",
    "/var/cache/pacman/pkg/*": "a package cache",
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


def leftovers(disk: Filesystem) -> Iterator[str]:
    """Yield what the build has left behind."""
    yield from (f"{path} is {meaning}" for path, meaning in present(disk, LEFTOVERS))
    yield from package_sources.unreachable(disk)
    yield from package_sources.proxies(disk)
    if disk.readlink("/etc/resolv.conf") is None:
        for number, server in name_servers(disk, "/etc/resolv.conf"):
            yield f"/etc/resolv.conf:{number}: names {server}, a name server of the build"
