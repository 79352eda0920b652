"""Whether a guest talks on the serial console, which Nova keeps a log of and lets people type on.

Sources: the kernel's ``Documentation/admin-guide/serial-console.rst`` and ``kernel-parameters.txt``
(``console=uart8250``, ``8250.nr_uarts``), and systemd's systemd-getty-generator(8), which starts a
login on every console that the kernel was given.
"""

import re
from collections.abc import Iterator

from builder.architecture import ARCHITECTURES, X86_64
from builder.feature import CheckFailed, Filesystem
from builder.linux import conditions, systemd, unitfile
from builder.linux.bootentries import Entry, entries

_BY_ADDRESS = {"0x3f8": "ttyS0", "0x2f8": "ttyS1"}
"""Serial ports of a PC; the kernel goes on on them when it has found that port there."""
_UART = re.compile(r"uart(?:8250)?,io,(0x[0-9a-f]+)", re.IGNORECASE)
_PORTS = re.compile(r"8250(?:_core)?\.nr_uarts=(\d{1,4})")
_LOGIN = re.compile(r"getty|login|sh\b")

# A machine of these tells its kernel by its firmware's tables which console it has.
_TOLD_BY_FIRMWARE = ("aarch64",)
_GENERATOR = "systemd/system-generators/systemd-getty-generator"
_NO_GETTY = {"systemd.getty_auto=no", "systemd.getty_auto=0", "systemd.getty_auto=false"}


def require_console(disk: Filesystem, architecture: str) -> str:
    """Say which entries give the kernel the console. Raises ``CheckFailed`` for one that does not.

    And where nobody could log in there.
    """
    port = ARCHITECTURES.get(architecture, X86_64).console
    started = [entry for entry in entries(disk) if not entry.is_for_recovery]
    if not started:
        raise CheckFailed("the boot loader has no entry that starts a kernel")
    complaints = [
        *_missing(started, port),
        *_silent(started, port, architecture),
        *_without_login(disk, started, port),
    ]
    if complaints:
        raise CheckFailed("; ".join(complaints))
    paths = ", ".join(dict.fromkeys(entry.path for entry in started))
    return f"{paths}: the kernel's console is {port}, with a login"


def require_login(disk: Filesystem, port: str) -> None:
    """Raise ``CheckFailed`` for what keeps a login that is started off a serial port, ``ttyS1``."""
    started = [entry for entry in entries(disk) if not entry.is_for_recovery]
    getty = systemd.unit(disk, f"serial-getty@{port}.service")
    complaints = [*_missing(started, port), *_changed(disk, getty.name, port)]
    if complaints:
        raise CheckFailed("; ".join(complaints))


def _missing(started: list[Entry], port: str) -> Iterator[str]:
    """The arguments with which the kernel has fewer ports than that one needs."""
    number = port.removeprefix("ttyS")
    for entry in started:
        for argument in entry.arguments:
            match = _PORTS.fullmatch(argument)
            if match is not None and number.isdecimal() and int(match[1]) <= int(number):
                yield f"{entry.place}: has {argument}: there is no {port}; remove that"


def _silent(started: list[Entry], port: str, architecture: str) -> Iterator[str]:
    for entry in started:
        consoles = _consoles(entry)
        if port in consoles or (not consoles and architecture in _TOLD_BY_FIRMWARE):
            continue
        given = f"console={', console='.join(consoles)}" if consoles else "no console"
        yield (
            f"{entry.place}: gives the kernel {given}: the console's log stays empty; add "
            f"console={port},115200 to the kernel's arguments"
        )


def _consoles(entry: Entry) -> list[str]:
    given = [word.partition("=")[2] for word in entry.arguments if word.startswith("console=")]
    return [_port(console) for console in given]


def _port(console: str) -> str:
    if match := _UART.match(console):
        return _BY_ADDRESS.get(match[1].lower(), console)
    return console.partition(",")[0] or "none"


def _without_login(disk: Filesystem, started: list[Entry], port: str) -> Iterator[str]:
    getty = systemd.unit(disk, f"serial-getty@{port}.service")
    if getty.state is systemd.State.MISSING:
        yield f"there is no {getty.name}: nobody can log in there; install systemd's unit"
    yield from _changed(disk, getty.name, port)
    for unit in (getty, systemd.unit(disk, "getty.target")):
        if unit.state is systemd.State.MASKED:
            yield f"{unit.name} is masked by {unit.path}: nobody can log in there; unmask it"
    arguments = {f"systemd.mask={getty.name}", "systemd.mask=getty.target"}
    if not getty.started_by:
        arguments |= _NO_GETTY
        yield from _hidden_generators(disk)
    for entry in started:
        for argument in entry.arguments:
            if argument in arguments:
                yield f"{entry.place}: has {argument}: nobody can log in there; remove that"


def _changed(disk: Filesystem, getty: str, port: str) -> Iterator[str]:
    """What drop-ins, or a unit of its own, have the login's unit do instead."""
    settings = unitfile.settings(disk, getty)
    for setting in conditions.unmet(disk, settings):
        yield f"{setting.place}: keeps {getty} from being started; remove that"
    assigned = [setting for setting in settings if setting.name == "ExecStart"]
    commands = unitfile.values(settings, "Service", "ExecStart")
    if assigned and not any(_LOGIN.search(command.value) for command in commands):
        yield f"{assigned[-1].place}: {getty} runs no login; remove that"
    for setting in unitfile.values(settings, "Service", "TTYPath")[-1:]:
        if setting.value not in {"/dev/%I", "/dev/%i", f"/dev/{port}"}:
            yield f"{setting.place}: has {getty} use {setting.value}, not {port}; remove that"


def _hidden_generators(disk: Filesystem) -> Iterator[str]:
    for directory in ("/etc", "/run", "/usr/local/lib"):
        path = f"{directory}/{_GENERATOR}"
        emptied = disk.exists(path) and not disk.read_bytes(path)
        if disk.readlink(path) == "/dev/null" or emptied:
            yield f"{path} hides what starts a login there; remove it"
