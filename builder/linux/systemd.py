"""What systemd will start, read from the disk without running it.

Rules: systemd.unit(5) for the order of the directories, masks and ``.wants``; systemd.device(5)
for units that a udev rule starts. Presets are not considered: an image with an empty machine-id
has had its first boot as far as they are concerned.
"""

import glob
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from builder.feature import CheckFailed, Filesystem
from builder.linux import udev
from builder.linux.files import search_path, text

_CONFIG = "/etc/systemd/system"
_VENDOR = ("/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
DIRECTORIES = (_CONFIG, "/run/systemd/system", *_VENDOR)
"""Where units lie; the first has precedence."""

_PULLS = ("wants", "requires")
_NULL = "/dev/null"

_INSTALL = re.compile(
    r"^[ \t]*(?:WantedBy|RequiredBy|UpheldBy|Alias|Also)[ \t]*=[ \t]*\S", re.MULTILINE
)
_UDEV_WANTS = re.compile(r'ENV\{SYSTEMD_WANTS\}\s*\+?=\s*"([^"]*)"')


class State(StrEnum):
    """What ``systemctl is-enabled`` says of a unit."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    MASKED = "masked"
    STATIC = "static"
    MISSING = "missing"


@dataclass(frozen=True)
class Unit:
    """A unit as it lies on the disk."""

    name: str
    state: State
    path: str | None
    """Where it is defined or masked; None where it is missing."""
    started_by: tuple[str, ...]
    """Paths of the links and udev rules that will start it; empty for a masked unit."""


def unit(disk: Filesystem, name: str) -> Unit:
    """Look a unit up as systemd would. An alias is followed to the unit that it names."""
    path, target = _resolve(disk, name)
    if path is None:
        return Unit(name, State.MISSING, None, ())
    if target == _NULL or (target is None and not disk.read_bytes(path)):
        return Unit(name, State.MASKED, path, ())
    name = posixpath.basename(path) if "@." not in path else name
    enabled = tuple(_links(disk, _CONFIG, name))
    vendor = tuple(link for directory in _VENDOR for link in _links(disk, directory, name))
    starters = enabled + vendor or tuple(_udev_rules(disk, name))
    if enabled:
        state = State.ENABLED
    elif vendor or not _INSTALL.search(text(disk, path)):
        state = State.STATIC
    else:
        state = State.DISABLED
    return Unit(name, state, path, starters)


def started(disk: Filesystem) -> Iterator[tuple[str, ...]]:
    """Yield the files of every unit that a link, a udev rule or a timer of its name starts.

    Each unit once, its own file first, then its drop-ins in their order. Masked ones are left out.
    """
    places = {place: frozenset(disk.list(place)) for place in (_CONFIG, *_VENDOR)}

    def find(name: str) -> str:
        wanted = (name, _template(name))
        paths = (
            f"{place}/{alias}" for alias in wanted for place in places if alias in places[place]
        )
        return next(paths, "")

    links = (
        posixpath.basename(link)
        for place in places
        for pull in _PULLS
        for link in disk.glob(f"{place}/*.{pull}/*")
    )
    names = dict.fromkeys((*links, *(name for _, name in _wanted_by_devices(disk))))
    timed = (f"{name.removesuffix('.timer')}.service" for name in names if name.endswith(".timer"))
    seen = set()
    for name in dict.fromkeys((*names, *timed)):
        path = find(name)
        target = disk.readlink(path) if path else None
        if target is not None:  # an alias, or masked
            path = find(posixpath.basename(target))
        if path and path not in seen:
            seen.add(path)
            own = f"{posixpath.basename(path)}.d"
            found = tuple(f"{place}/{own}" for place in places if own in places[place])
            yield path, *search_path(disk, found, ".conf")


def require_started(disk: Filesystem, name: str) -> str:
    """Return what will start the unit, as a sentence. Raises ``CheckFailed`` if nothing does."""
    found = unit(disk, name)
    if found.state is State.MISSING:
        raise CheckFailed(f"{name} is not installed: there is no such unit; install its package")
    if found.state is State.MASKED:
        raise CheckFailed(f"{name} is masked by {found.path}; remove that link")
    if not found.started_by:
        raise CheckFailed(
            f"{name} is {found.state}: no .wants or .requires link and no udev rule starts it; "
            "'systemctl enable' it"
        )
    return f"{name} is {found.state}, started by {found.started_by[0]}"


def require_any_started(disk: Filesystem, names: tuple[str, ...]) -> str:
    """Return what will start one of the units. Raises ``CheckFailed`` that names each one's state.

    For a unit that distributions name differently.
    """
    failures = []
    for name in names:
        try:
            return require_started(disk, name)
        except CheckFailed as failure:
            failures.append(str(failure))
    raise CheckFailed("; ".join(failures))


def _resolve(disk: Filesystem, name: str) -> tuple[str | None, str | None]:
    """Find a unit's file, through its aliases, and the target where that file is a link."""
    seen = set()
    while name not in seen:
        seen.add(name)
        path = _find(disk, name)
        target = disk.readlink(path) if path else None
        if target is None or target == _NULL:
            return path, target
        alias = posixpath.basename(target)
        if alias in (name, _template(name)):
            return path, target
        name = alias
    return None, None


def _find(disk: Filesystem, name: str) -> str | None:
    for candidate in dict.fromkeys((name, _template(name))):
        for directory in DIRECTORIES:
            path = f"{directory}/{candidate}"
            # A mask is a link to a device node that no disk at rest has.
            if disk.exists(path) or disk.readlink(path) == _NULL:
                return path
    return None


def _template(name: str) -> str:
    """Name the template of an instance: getty@tty1.service is made of getty@.service."""
    prefix, at, rest = name.partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}" if at else name


def _links(disk: Filesystem, directory: str, name: str) -> Iterator[str]:
    for pull in _PULLS:
        yield from disk.glob(f"{directory}/*.{pull}/{glob.escape(name)}")


def _udev_rules(disk: Filesystem, name: str) -> Iterator[str]:
    yield from dict.fromkeys(path for path, wanted in _wanted_by_devices(disk) if wanted == name)


def _wanted_by_devices(disk: Filesystem) -> Iterator[tuple[str, str]]:
    """The units that udev rules have started, each with the rules' file."""
    for path, rule in udev.rules(disk):
        for wanted in _UDEV_WANTS.findall(rule):
            yield from ((path, name) for name in wanted.split())
