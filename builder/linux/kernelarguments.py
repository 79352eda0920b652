"""What GRUB tells the kernels that it starts: in its own file, or in entries of their own."""

from collections.abc import Iterator, Sequence

from builder.feature import CheckFailed, Filesystem
from builder.linux.files import significant_lines, text

_CONFIGURATIONS = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
_ENTRIES = "/boot/loader/entries/*.conf"  # Boot Loader Specification, type 1
_COMMANDS = ("linux", "linux16", "linuxefi")


def require(disk: Filesystem, arguments: Sequence[str]) -> str:
    """Say which entries give their kernels all of these arguments.

    Raises ``CheckFailed`` for an entry that lacks one, and where there is no entry.
    """
    found = list(_told(disk))
    if not found:
        raise CheckFailed("the boot loader has no entry that starts a kernel")
    for place, words in found:
        lacks = [argument for argument in arguments if argument not in words]
        if lacks:
            raise CheckFailed(f"{place} starts a kernel without {' '.join(lacks)}")
    return f"{', '.join(dict.fromkeys(place for place, _ in found))}: {' '.join(arguments)}"


def _told(disk: Filesystem) -> Iterator[tuple[str, list[str]]]:
    for path in _CONFIGURATIONS:
        for _, line in significant_lines(text(disk, path)):
            words = line.split()
            if words[0] in _COMMANDS and len(words) > 1 and "vmlinuz" in words[1]:
                yield path, words
    for path in disk.glob(_ENTRIES):
        options = [
            word
            for _, line in significant_lines(text(disk, path))
            for word in line.split()[1:]
            if line.split()[0] == "options"
        ]
        yield path, options
