"""What GRUB starts: kernels with their initrds and arguments, as its own file or entries name them.

Sources: GRUB's manual (``linux``, ``initrd``, ``blscfg``, the environment block), and the Boot
Loader Specification's entries of type 1.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from builder.feature import Filesystem
from builder.linux.files import logical_lines, significant_lines, text

CONFIGURATIONS = (
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/grub/custom.cfg",
    "/boot/grub2/custom.cfg",
    "/boot/efi/EFI/*/grub.cfg",
    "/efi/EFI/*/grub.cfg",
)
"""Files that GRUB reads, as patterns."""

NEXT_KERNELS = (
    "/etc/kernel/cmdline",
    "/etc/cmdline.d/*.conf",
    "/etc/default/grub",
    "/etc/default/grub.d/*.cfg",
    "/etc/dracut.conf.d/*.conf",
)
"""Files with arguments for the entries of kernels that are yet to be installed, as patterns."""

_ENTRIES = (
    "/boot/loader/entries/*.conf",
    "/boot/efi/loader/entries/*.conf",
    "/efi/loader/entries/*.conf",
)
_ENVIRONMENTS = ("/boot/grub/grubenv", "/boot/grub2/grubenv")

_LINUX = ("linux", "linux16", "linuxefi")
_INITRD = ("initrd", "initrd16", "initrdefi")
_KERNELS = ("vmlinuz", "vmlinux", "Image", "bzImage")
_SET = re.compile(r"(?:set\s+|export\s+)?(\w+)=(.*)")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")

_ASSIGNED = re.compile(r"^(?:export\s+)?\w+\+?=")
_WORD = re.compile(r"[^\s\"']+")

_RECOVERY = re.compile(r"single|s|1|recovery|rescue|emergency|systemd\.unit=(?:rescue|emergency).*")


@dataclass(frozen=True)
class Entry:
    """One way in which a kernel is started."""

    path: str
    line: int
    kernel: str
    """As the boot loader names it, which may leave out ``/boot``."""
    initrds: tuple[str, ...]
    arguments: tuple[str, ...]

    @property
    def place(self) -> str:
        """The file and the line with the arguments."""
        return f"{self.path}:{self.line}"

    @property
    def is_for_recovery(self) -> bool:
        """Whether it starts no more than a shell, and is never chosen by itself."""
        return "0-rescue-" in self.kernel or any(map(_RECOVERY.fullmatch, self.arguments))

    def value(self, name: str) -> str | None:
        """The value of ``name=value``; the last one counts."""
        found = [word.partition("=")[2] for word in self.arguments if word.startswith(f"{name}=")]
        return found[-1] if found else None


def entries(disk: Filesystem) -> tuple[Entry, ...]:
    """Every entry that starts a Linux."""
    paths = [path for pattern in CONFIGURATIONS for path in disk.glob(pattern)]
    contents = {path: text(disk, path) for path in paths}
    variables: dict[str, str] = {}
    found: list[Entry] = []
    for path, content in contents.items():
        found += _of_grub(path, content, variables)
    if not found or any("blscfg" in content for content in contents.values()):
        for path in _ENVIRONMENTS:
            for _, line in significant_lines(text(disk, path)):
                name, _, value = line.partition("=")
                variables[name] = value
        blocks = [path for pattern in _ENTRIES for path in disk.glob(pattern)]
        found += [_of_block(path, text(disk, path), variables) for path in blocks]
    return tuple(found)


def arguments(disk: Filesystem) -> Iterator[tuple[str, str]]:
    """Yield where each argument stands that a kernel gets which is started by itself.

    Also those that the entries of kernels yet to come will be made of.
    """
    for entry in entries(disk):
        if not entry.is_for_recovery:
            yield from ((entry.place, argument) for argument in entry.arguments)
    for path in (path for pattern in NEXT_KERNELS for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            for word in _WORD.findall(_ASSIGNED.sub("", line)):
                yield f"{path}:{number}", word


def _of_grub(path: str, content: str, variables: dict[str, str]) -> Iterator[Entry]:
    """The entries of GRUB's own file. ``variables`` learns what the file sets."""
    current: Entry | None = None
    for number, line in logical_lines(content):
        words = _split(_expanded(line, variables), comments=True)
        if not words:
            continue
        command, *arguments = words
        if command in _LINUX and arguments and _is_kernel(arguments[0]):
            if current is not None:
                yield current
            current = Entry(path, number, arguments[0], (), tuple(arguments[1:]))
        elif command in _INITRD and current is not None:
            current = replace(current, initrds=(*current.initrds, *arguments))
        elif match := _SET.match(line):
            variables[match[1]] = " ".join(_split(match[2]))
    if current is not None:
        yield current


def _of_block(path: str, content: str, variables: Mapping[str, str]) -> Entry:
    kernel, where = "", 0
    initrds: list[str] = []
    arguments: list[str] = []
    for number, line in significant_lines(content):
        key, *words = _split(_expanded(line, variables)) or [""]
        if key == "linux" and words:
            kernel, where = words[0], where or number
        elif key == "initrd":
            initrds += words
        elif key == "options":
            arguments, where = [*arguments, *words], number
    return Entry(path, where, kernel, tuple(initrds), tuple(arguments))


def _expanded(line: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], match[0]), line)


def _split(line: str, *, comments: bool = False) -> list[str]:
    """The words of a line; with ``comments``, up to a ``#`` that begins one."""
    try:
        # To shlex a "#" within a word, too, begins a comment.
        return shlex.split(line, comments=comments and " #" in line)
    except ValueError:  # an open quote
        return line.split()


def _is_kernel(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.partition("-")[0] in _KERNELS
