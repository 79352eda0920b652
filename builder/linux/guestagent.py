"""How the QEMU guest agent is told to run: by its unit, by what that reads, by its own file.

Sources: qemu-ga(8) and ``qga/main.c``, systemd.exec(5), and the files that Debian's and Red Hat's
packages have beside their units.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux import unitfile
from builder.linux.files import logical_lines, text
from builder.linux.unitfile import Setting

UNIT = "qemu-guest-agent.service"
PORT = "/dev/virtio-ports/org.qemu.guest_agent.0"
METHOD = "virtio-serial"

_CONFIGURATION = "/etc/qemu/qemu-ga.conf"
_BESIDE = ("/etc/sysconfig/qemu-ga", "/etc/default/qemu-guest-agent")
_PROGRAM = "qemu-ga"

_SHORT = {"b": "block", "a": "allow", "m": "method", "p": "path", "c": "config"}
_BUNDLE = re.compile(r"-[hVvdDr]*([mplfbatscF])(.*)")  # those without a value may stand before it
_LONG = {  # blacklist is what block-rpcs was called until QEMU 8.0
    "block-rpcs": "block",
    "blacklist": "block",
    "allow-rpcs": "allow",
    "method": "method",
    "path": "path",
    "config": "config",
}
_NAMED_LIKE = {  # variables and keys that are no options, by what is in their names
    "BLACK": "block",
    "BLOCK": "block",
    "ALLOW": "allow",
    "METHOD": "method",
    "DEVPATH": "path",
}
_SHELL_LINE = re.compile(r"-[a-z]*c")
_PORT_DEVICE = re.compile(r"virtio-port|vport")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


def _is_true(value: str) -> bool:
    return value.lower() in unitfile.YES


def _without_etc(value: str) -> str:
    paths = {path.lstrip("-+") for path in value.split()}
    return "cannot write /etc/shadow" if {"/", "/etc", "/etc/shadow"} & paths else ""


_CONFINEMENTS: Mapping[str, Callable[[str], str]] = {
    "User": lambda value: "" if value in {"root", "0"} else "is not root",
    "DynamicUser": lambda value: "is not root" if _is_true(value) else "",
    "PrivateDevices": lambda value: "does not see its port" if _is_true(value) else "",
    "PrivateUsers": lambda value: "cannot freeze file systems" if _is_true(value) else "",
    "DevicePolicy": lambda value: "does not see its port" if value in {"closed", "strict"} else "",
    "InaccessiblePaths": _without_etc,
    "ProtectSystem": lambda value: (
        "cannot write /etc/shadow" if value in {"full", "strict"} else ""
    ),
    "ReadOnlyPaths": _without_etc,
    "CapabilityBoundingSet": lambda value: (
        "cannot freeze file systems" if ("CAP_SYS_ADMIN" in value) is value.startswith("~") else ""
    ),
}
"""Settings of the unit, and what their value keeps the agent from; empty where nothing."""


@dataclass(frozen=True)
class Option:
    """One thing that the agent is told, and where."""

    place: str
    name: str
    """``block``, ``allow``, ``method``, ``path`` or ``config``."""
    value: str


@dataclass(frozen=True)
class _Word:
    text: str
    place: str


def blocked_commands(disk: Filesystem, commands: frozenset[str]) -> tuple[str, ...]:
    """Name each of ``commands`` that is blocked, with the file and line that does it."""
    found: dict[str, None] = {}
    allowed: set[str] = set()
    allowing = ""
    for option in options(disk):
        names = set(re.split(r"[,; ]+", option.value.strip())) - {""}
        if option.name == "block":
            found |= {f"{option.place} blocks {name}": None for name in sorted(commands & names)}
        elif option.name == "allow" and names:  # an empty list allows all
            allowed |= names
            allowing = option.place
    if allowing:
        found |= {f"{allowing} blocks {name}": None for name in sorted(commands - allowed)}
    return tuple(found)


def refused(disk: Filesystem) -> Iterator[str]:
    """Yield what qemu-ga before 9.1 does not start with: both lists in one file, or command line.

    In a later one what is blocked goes before what is allowed.
    """
    for told in _sources(disk):
        places = {option.name: option.place for option in told}
        if {"block", "allow"} <= places.keys():
            yield (
                f"{places['block']} has block-rpcs, and {places['allow']} allow-rpcs: before 9.1 "
                "the agent does not start with both"
            )


def elsewhere(disk: Filesystem) -> Iterator[str]:
    """Yield what has the agent listen to anything but the port that Nova gives."""
    told = {option.name: option for option in options(disk)}
    for name, wanted in (("method", METHOD), ("path", PORT)):
        if name in told and told[name].value != wanted:
            yield f"{told[name].place} has {name} {told[name].value}, not {wanted}"
    settings = unitfile.settings(disk, UNIT)
    commands = unitfile.values(settings, "Service", "ExecStart")
    assigned = [setting for setting in settings if setting.name == "ExecStart"]
    if assigned and not any(_PROGRAM in command.value for command in commands):
        yield f"{assigned[-1].place} has {UNIT} run no {_PROGRAM}"


def confined(disk: Filesystem) -> Iterator[str]:
    """Yield what the unit keeps the agent from: the port's device, the accounts, the mounts."""
    settings = unitfile.settings(disk, UNIT)
    allowed = [setting.value for setting in unitfile.values(settings, "Service", "DeviceAllow")]
    for name, harmful in _CONFINEMENTS.items():
        if name == "DevicePolicy" and any(map(_PORT_DEVICE.search, allowed)):
            continue
        for setting in unitfile.values(settings, "Service", name)[-1:]:
            consequence = harmful(setting.value)
            if consequence:
                yield f"{setting.place} has {name}={setting.value}: the agent {consequence}"


def options(disk: Filesystem) -> Iterator[Option]:
    """Yield what the agent is told: by its own file, those beside its unit, its command line.

    For one name the last counts, but lists accumulate.
    """
    own, commanded = _sources(disk)
    yield from (*own, *_beside(disk), *commanded)


def _sources(disk: Filesystem) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """What its own file and what its command line says, which qemu-ga reads in this order."""
    settings = unitfile.settings(disk, UNIT)
    variables = dict(_environment(disk, settings))
    commanded = tuple(
        option
        for command in unitfile.values(settings, "Service", "ExecStart")
        for option in _parsed(list(_words(command, variables)))
    )
    files = [option.value for option in (*_beside(disk), *commanded) if option.name == "config"]
    if "QGA_CONF" in variables:
        files.append(variables["QGA_CONF"].text)
    paths = files or [_CONFIGURATION]
    return tuple(option for path in paths for option in _of_configuration(disk, path)), commanded


def _beside(disk: Filesystem) -> Iterator[Option]:
    for path in _BESIDE:
        yield from _of_variables(disk, path)


def _environment(disk: Filesystem, settings: Sequence[Setting]) -> Iterator[tuple[str, _Word]]:
    for setting in unitfile.values(settings, "Service", "Environment"):
        for word in _split(setting.value):
            name, _, value = word.partition("=")
            yield name, _Word(value, setting.place)
    for setting in unitfile.values(settings, "Service", "EnvironmentFile"):
        for path in disk.glob(setting.value.lstrip("-")):
            yield from _assignments(disk, path)


def _assignments(disk: Filesystem, path: str) -> Iterator[tuple[str, _Word]]:
    for number, line in logical_lines(text(disk, path)):
        name, equals, value = line.partition("=")
        if equals:
            content = " ".join(_split(value))
            yield name.removeprefix("export ").strip(), _Word(content, f"{path}:{number}")


def _words(command: Setting, variables: Mapping[str, _Word]) -> Iterator[_Word]:
    """The words of a command line: ``$NAME`` may become several, ``${NAME}`` is part of one."""
    for word in _unwrapped(_split(command.value.lstrip("-@:+!"))):
        whole = re.fullmatch(r"\$(\w+)", word)
        if whole is not None:
            value = variables.get(whole[1], _Word("", command.place))
            yield from (_Word(part, value.place) for part in _split(value.text))
            continue
        used = [
            variables[match[1] or match[2]].place
            for match in _VARIABLE.finditer(word)
            if (match[1] or match[2]) in variables
        ]
        content = _VARIABLE.sub(
            lambda match: variables.get(match[1] or match[2], _Word("", "")).text, word
        )
        yield _Word(content, used[0] if used else command.place)


def _unwrapped(words: list[str]) -> list[str]:
    """The words, or those of the line that they hand to a shell (``sh -c LINE``)."""
    match words:
        case [shell, option, line, *_] if shell.endswith("sh") and _SHELL_LINE.fullmatch(option):
            return _split(line)
    return words


def _parsed(words: Sequence[_Word]) -> Iterator[Option]:
    """The options among words, as getopt_long(3) takes them: long ones may be shortened."""
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        following = words[position] if position < len(words) else None
        if word.text.startswith("--"):
            name, equals, value = word.text[2:].partition("=")
            matches = {option for long, option in _LONG.items() if name and long.startswith(name)}
            if len(matches) != 1:
                continue
            option = matches.pop()
        elif match := _BUNDLE.fullmatch(word.text):
            option = _SHORT.get(match[1], "")
            value = equals = match[2]
        else:
            continue
        place = word.place
        if not equals and following is not None:
            value, place = following.text, following.place
            position += 1
        if option:
            yield Option(place, option, value)


def _of_variables(disk: Filesystem, path: str) -> Iterator[Option]:
    """What a file beside the unit says, whether or not the unit reads it as it is."""
    for name, word in _assignments(disk, path):
        if word.text.startswith("-"):
            yield from _parsed([_Word(part, word.place) for part in _split(word.text)])
            continue
        for part, option in _NAMED_LIKE.items():
            if part in name.upper() and word.text:
                yield Option(word.place, option, word.text)
                break


def _of_configuration(disk: Filesystem, path: str) -> Iterator[Option]:
    for setting in unitfile.parsed(disk, path):
        option = _LONG.get(setting.name)
        if setting.section == "general" and option:
            yield Option(setting.place, option, setting.value)


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # an open quote
        return value.split()
