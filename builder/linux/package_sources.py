"""Package sources and proxies that only the host of the build can reach.

Sources: sources.list(5), both formats, and apt-transport-mirror(1); apt.conf(5) and
apt-transport-http(1); dnf.conf(5), which zypper's repositories follow; environment(5), wget(1),
and systemd's ``Environment=``.
"""

import itertools
import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_ONE_LINE = ("/etc/apt/sources.list", "/etc/apt/sources.list.d/*.list")
_STANZAS = (
    "/etc/apt/sources.list.d/*.sources",
    "/etc/yum.repos.d/*.repo",
    "/etc/zypp/repos.d/*.repo",
)
_APT = ("/etc/apt/apt.conf", "/etc/apt/apt.conf.d/*")

_REPOSITORIES = (
    "/etc/dnf/dnf.conf",
    "/etc/yum.conf",
    "/etc/yum.repos.d/*.repo",
    "/etc/zypp/repos.d/*.repo",
)
_ENVIRONMENTS = (
    "/etc/environment",
    "/etc/environment.d/*.conf",
    "/etc/profile.d/*.sh",
    "/etc/sysconfig/proxy",
    "/etc/wgetrc",
    "/etc/systemd/system.conf.d/*.conf",
    "/etc/systemd/system/*.d/*.conf",
)

_DISABLED = re.compile(r"(enabled\s*=\s*(0|no|false|off)|Enabled:\s*(no|false))$", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?P<scheme>https?|ftp|file|copy|cdrom):(?P<rest>[^\s\"']*)")
_LOOPBACK = re.compile(
    r"//(?:[^/@]*@)?(?:localhost|[^/:]*\.localhost|127\.[0-9.]+|\[::1\])(?=[:/]|$)", re.IGNORECASE
)
_PROXY = re.compile(r"\bProxy(?:::\S+)?\s+\"(?P<proxy>[^\"]*)\"", re.IGNORECASE)

_REPOSITORY_PROXY = re.compile(r"proxy\s*=\s*(?P<proxy>[^\s$]\S*)", re.IGNORECASE)
_VARIABLE_PROXY = re.compile(
    r"\b(?:https?|ftp|all)_proxy\s*=\s*[\"']?(?P<proxy>[^\s\"'$][^\s\"']*)", re.IGNORECASE
)
_NO_PROXIES = frozenset({"", "DIRECT", "_none_"})


def unreachable(disk: Filesystem) -> Iterator[str]:
    """Yield the sources that no guest reaches: of this host, of its disks, of its media.

    A source that is switched off is none.
    """
    for path in _files(disk, _ONE_LINE):
        for number, line in significant_lines(text(disk, path)):
            yield from _of_host(disk, path, number, line)
    for path in _files(disk, _STANZAS):
        for stanza in _stanzas(text(disk, path)):
            if not any(_DISABLED.match(line) for _, line in stanza):
                for number, line in stanza:
                    yield from _of_host(disk, path, number, line)


def proxies(disk: Filesystem) -> Iterator[str]:
    """Yield the proxies that apt, dnf, zypper and whatever reads the environment would ask."""
    for files, comments, pattern, who in (
        (_APT, "#/", _PROXY, "apt"),
        (_REPOSITORIES, "#", _REPOSITORY_PROXY, "the package manager"),
        (_ENVIRONMENTS, "#;", _VARIABLE_PROXY, "every program"),
    ):
        for path in _files(disk, files):
            for number, line in significant_lines(text(disk, path), comments):
                found = pattern.search(line)
                if found is not None and found["proxy"] not in _NO_PROXIES:
                    yield f"{path}:{number}: has {who} use the proxy of the build: remove it"


def _files(disk: Filesystem, patterns: tuple[str, ...]) -> Iterator[str]:
    return itertools.chain.from_iterable(disk.glob(pattern) for pattern in patterns)


def _stanzas(content: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbered lines between blank lines and section headings, without comments."""
    stanza: list[tuple[int, str]] = []
    for number, line in enumerate(content.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("["):
            yield stanza
            stanza = []
        elif not stripped.startswith("#"):
            stanza.append((number, stripped))
    yield stanza


def _of_host(disk: Filesystem, path: str, number: int, line: str) -> Iterator[str]:
    for address in _ADDRESS.finditer(line):
        scheme, rest = address["scheme"], address["rest"]
        if scheme == "cdrom":
            why = "a medium that no guest has"
        elif scheme in {"file", "copy"}:
            directory = "/" + rest.lstrip("/")
            if disk.exists(directory):
                continue
            why = f"{directory}, which the image does not have"
        elif _LOOPBACK.match(rest):
            why = "a server on the guest itself"
        else:
            continue
        yield f"{path}:{number}: has packages come from {why}: name a mirror"
