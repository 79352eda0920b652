"""Package sources and proxies that only the host of the build can reach.

Sources: sources.list(5), both formats, and apt-transport-mirror(1); apt.conf(5) and
apt-transport-http(1); yum.conf(5), which zypper's repositories follow.
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

_DISABLED = re.compile(r"(enabled\s*=\s*(0|no|false|off)|Enabled:\s*(no|false))$", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?P<scheme>https?|ftp|file|copy|cdrom):(?P<rest>[^\s\"']*)")
_LOOPBACK = re.compile(
    r"//(?:[^/@]*@)?(?:localhost|[^/:]*\.localhost|127\.[0-9.]+|\[::1\])(?=[:/]|$)", re.IGNORECASE
)
_PROXY = re.compile(r"\bProxy(?:::\S+)?\s+\"(?P<proxy>[^\"]*)\"", re.IGNORECASE)


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
    """Yield the proxies that apt would ask."""
    for path in _files(disk, _APT):
        for number, line in significant_lines(text(disk, path), "#/"):
            found = _PROXY.search(line)
            if found is not None and found["proxy"] not in {"", "DIRECT"}:
                yield f"{path}:{number}: has apt use the proxy of the build: remove it"


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
