"""What modprobe is told about modules: modprobe.d(5)."""

from collections.abc import Iterator
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux.files import logical_lines, search_path, text

_DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)


@dataclass(frozen=True)
class Directive:
    """One line: ``options kvm_intel nested=1`` is a command, a module and its arguments."""

    path: str
    line: int
    command: str
    module: str
    arguments: tuple[str, ...]


def directives(disk: Filesystem, command: str, module: str) -> Iterator[Directive]:
    """Yield what a command says about a module, in the order in which modprobe reads it."""
    for directive in every_directive(disk):
        if (directive.command, directive.module) == (command, module):
            yield directive


def every_directive(disk: Filesystem) -> Iterator[Directive]:
    """Yield every line about a module, in the order in which modprobe reads it."""
    for path in search_path(disk, _DIRECTORIES, ".conf"):
        for number, line in logical_lines(text(disk, path)):
            command, *words = line.split()
            if words:
                yield Directive(path, number, command, words[0].replace("-", "_"), tuple(words[1:]))


def option(disk: Filesystem, module: str, name: str) -> tuple[str, str] | None:
    """Return a module's option, as its value and the file that sets it: the last one counts."""
    found = None
    for directive in directives(disk, "options", module):
        for argument in directive.arguments:
            key, _, value = argument.partition("=")
            if key == name:
                found = value, directive.path
    return found
