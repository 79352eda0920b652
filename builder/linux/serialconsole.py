"""Whether a guest talks on the serial console, which Nova keeps a log of and lets people type on.

Sources: the kernel's ``Documentation/admin-guide/serial-console.rst``, and systemd's
systemd-getty-generator(8), which starts a login on every console that the kernel was given.
"""

from collections.abc import Iterator

from builder.feature import CheckFailed, Filesystem
from builder.linux import systemd
from builder.linux.bootentries import Entry, entries

_NAMES = {"x86_64": "ttyS0", "aarch64": "ttyAMA0"}
"""The first serial port, as the kernel calls it."""

# A machine of these tells its kernel by its firmware's tables which console it has.
_TOLD_BY_FIRMWARE = ("aarch64",)
_GENERATOR = "systemd/system-generators/systemd-getty-generator"
_NO_GETTY = {"systemd.getty_auto=no", "systemd.getty_auto=0", "systemd.getty_auto=false"}


def require_console(disk: Filesystem, architecture: str) -> str:
    """Say which entries give the kernel the console. Raises ``CheckFailed`` for one that does not.

    And where nobody could log in there.
    """
    port = _NAMES.get(architecture, "ttyS0")
    started = [entry for entry in entries(disk) if not entry.is_for_recovery]
    if not started:
        raise CheckFailed("the boot loader has no entry that starts a kernel")
    complaints = [*_silent(started, port, architecture), *_without_login(disk, started, port)]
    if complaints:
        raise CheckFailed("; ".join(complaints))
    paths = ", ".join(dict.fromkeys(entry.path for entry in started))
    return f"{paths}: the kernel's console is {port}, with a login"


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
    return [
        argument.partition("=")[2].partition(",")[0] or "none"
        for argument in entry.arguments
        if argument.startswith("console=")
    ]


def _without_login(disk: Filesystem, started: list[Entry], port: str) -> Iterator[str]:
    getty = systemd.unit(disk, f"serial-getty@{port}.service")
    if getty.state is systemd.State.MISSING:
        yield f"there is no {getty.name}: nobody can log in there; install systemd's unit"
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


def _hidden_generators(disk: Filesystem) -> Iterator[str]:
    for directory in ("/etc", "/run", "/usr/local/lib"):
        path = f"{directory}/{_GENERATOR}"
        emptied = disk.exists(path) and not disk.read_bytes(path)
        if disk.readlink(path) == "/dev/null" or emptied:
            yield f"{path} hides what starts a login there; remove it"
