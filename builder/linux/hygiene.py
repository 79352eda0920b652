"""What an image must not carry: traces of its build."""

from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import credentials, package_sources
from builder.linux.present import present
from builder.linux.resolver import name_servers

_RESOLV_CONF = "a copy of the build's resolv.conf"
_COPIES = (
    *("~", "-", ".bak", ".backup", ".old", ".orig", ".original", ".ORIG", ".save", ".saved"),
    *(
        ".dpkg-old",
        ".dpkg-dist",
        ".dpkg-bak",
        ".rpmsave",
        ".rpmnew",
        ".rpmorig",
        ".netconfig",
        ".1",
    ),
)
_LOG = "the log of another machine"
_LOGS = (
    *("syslog", "messages", "auth.log", "secure", "kern.log", "daemon.log", "maillog", "mail.log"),
    *("cron", "boot.log", "dmesg", "audit/audit.log"),
)
LOGIN_RECORDS = ("/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog", "/var/log/faillog")
"""utmp(5), lastlog(8); adding an account may write zero bytes there."""
_LOGINS = "who has logged in to another machine"

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
    "/var/log/YaST2/*": "an installer's log",
    "/var/log/curtin/*": "an installer's log",
    "/root/curtin-install*": "an installer's log",
    "/root/autoinst.xml": "an installer's record, with the passwords that it was given",
    "/var/adm/autoinstall/*": "an installer's record, with the passwords that it was given",
    "/var/log/journal/*": "the journal of another machine",
    **{f"/var/log/{name}": _LOG for name in _LOGS},
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
    "/etc/.resolv.conf.*": _RESOLV_CONF,
    "/etc/resolvconf/resolv.conf.d/original": _RESOLV_CONF,
    **{f"/etc/resolv.conf{suffix}": _RESOLV_CONF for suffix in _COPIES},
    "/root/.ssh/known_hosts*": "the hosts that the build has logged in to",
    "/home/*/.ssh/known_hosts*": "the hosts that the build has logged in to",
    "/var/spool/mail/*": "mail of another machine",
    "/var/spool/postfix/deferred/*": "mail of another machine",
    "/var/spool/postfix/maildrop/*": "mail of another machine",
    "/var/spool/exim4/input/*": "mail of another machine",
    "/var/spool/mqueue/*": "mail of another machine",
    "/var/lib/systemd/coredump/*": "what a program of the build was when it crashed",
    "/var/lib/wtmpdb/wtmp.db": _LOGINS,
    "/var/lib/lastlog/lastlog2.db": _LOGINS,
    "/root/.cache/*": "what a program of the build has kept",
    "/home/*/.cache/*": "what a program of the build has kept",
    "/var/cache/ccache/*": "what a compiler of the build has kept",
    "/tmp/*": "a temporary file of the build",  # noqa: S108 - of the image
    "/var/tmp/*": "a temporary file of the build",  # noqa: S108 - of the image
}


def leftovers(disk: Filesystem) -> Iterator[str]:
    """Yield what the build has left behind."""
    yield from (f"{path} is {meaning}" for path, meaning in present(disk, LEFTOVERS))
    for path in LOGIN_RECORDS:
        if _content(disk, path).strip(b"\0"):
            yield f"{path} is {_LOGINS}"
    yield from credentials.credentials(disk)
    yield from package_sources.unreachable(disk)
    yield from package_sources.proxies(disk)
    if disk.readlink("/etc/resolv.conf") is None:
        for number, server in name_servers(disk, "/etc/resolv.conf"):
            yield f"/etc/resolv.conf:{number}: names {server}, a name server of the build"


def _content(disk: Filesystem, path: str) -> bytes:
    try:
        return disk.read_bytes(path)
    except FileNotFoundError:
        return b""
