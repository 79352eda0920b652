"""What keeps a kernel from loading a module that it has.

Sources: modprobe.d(5) for ``install``, ``blacklist`` and ``alias``; the kernel's parameters
``module_blacklist`` and kmod's ``modprobe.blacklist``; sysctl ``kernel.modules_disabled``; and
initramfs-tools(7), which loads what its file ``modules`` names whatever is blacklisted.
"""

import fnmatch
import re
from collections.abc import Collection, Iterator

from builder.feature import CheckFailed, Filesystem, Kernel
from builder.linux import shell
from builder.linux.bootentries import arguments
from builder.linux.files import search_path, significant_lines, text
from builder.linux.modprobe import every_directive

_SYSCTL = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
)
_NOT_LOADING = frozenset(
    {"-r", "--remove", "-n", "--dry-run", "--show", "-D", "--show-depends", "-c", "--showconfig"}
)
_DISABLED = re.compile(r"-?kernel[./]modules_disabled\s*=\s*(\S+)$")
_MODULES = "/etc/initramfs-tools/modules"

REMEDY = "remove that, or the guest is without it"


def require(disk: Filesystem, modules: Collection[str], *, by_name: bool = False) -> None:
    """Raise ``CheckFailed`` for what keeps one of the modules from ever being loaded.

    Only where a kernel has it as a module, or needs another module for it. One that is loaded
    ``by_name``, and not by a device, may be blacklisted.
    """
    needed = {module: release for release, module in _needed(disk, modules)}
    found = [
        f"{place}: {what}, and kernel {needed[module]} has that as a module"
        for place, module, what in _obstacles(disk, needed, by_name=by_name)
    ]
    if found:
        raise CheckFailed(f"{'; '.join(dict.fromkeys(found))}; {REMEDY}")


def _needed(disk: Filesystem, modules: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each kernel's release with a module that it must load: those asked for, and what they need.

    A file system is asked for by the name of its alias, too.
    """
    for kernel in disk.kernels():
        wanted = set(modules) & (kernel.on_disk | kernel.in_initrd) - kernel.builtin
        for module in {*wanted, *_dependencies(disk, kernel, wanted)}:
            yield kernel.release, module
            yield kernel.release, f"fs_{module}"


def _dependencies(disk: Filesystem, kernel: Kernel, modules: Collection[str]) -> Iterator[str]:
    """What modules.dep has the modules need, which is complete there."""
    for line in text(disk, f"/lib/modules/{kernel.release}/modules.dep").splitlines():
        path, _, others = line.partition(":")
        if _name(path) in modules:
            yield from (_name(other) for other in others.split())


def _name(path: str) -> str:
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def _obstacles(
    disk: Filesystem, needed: Collection[str], *, by_name: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield the place, the module, and what is done to it."""
    commanded: set[str] = set()
    blacklisted = () if by_name else frozenset(needed) - _named_in_initrd(disk)
    for directive in every_directive(disk):
        place, module = f"{directive.path}:{directive.line}", directive.module
        match directive.command:
            case "install":
                command = " ".join(directive.arguments)
                # libkmod takes the first command that there is for a module.
                names = set(fnmatch.filter(needed, module)) - commanded
                commanded |= names
                for name in sorted(names):
                    if not _loads(command, name):
                        yield place, name, f"has '{command}' run to load {name}"
            case "alias" if directive.arguments == ("off",) and module in needed:
                yield place, module, f"switches {module} off"
            case "blacklist" if module in blacklisted:
                yield place, module, f"blacklists {module}"
    yield from _forbidden_to_kernels(disk, needed, blacklisted)
    for place in _places_of_disabling(disk):
        for module in sorted(needed)[:1]:
            yield place, module, "forbids the kernel to load modules"


def _loads(line: str, module: str) -> bool:
    """Whether a line for the shell may load a module: modprobe(8), insmod(8)."""
    wanted = {module, module.removeprefix("fs_")}
    for command in shell.commands(line):
        arguments = command[1:]
        match shell.program(command):
            case "modprobe" if _NOT_LOADING.isdisjoint(arguments):
                named = {argument.replace("-", "_") for argument in arguments}
                if wanted & named or any("$" in argument for argument in arguments):
                    return True
            case "insmod" if wanted & set(map(_name, arguments)):
                return True
    return False


def _forbidden_to_kernels(
    disk: Filesystem, needed: Collection[str], blacklisted: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    for place, argument in arguments(disk):
        name, _, value = argument.partition("=")
        forbidden = {
            "module_blacklist": needed,
            "modprobe.blacklist": blacklisted,
            "rd.driver.blacklist": blacklisted,
        }.get(name, ())
        for module in value.replace("-", "_").split(","):
            if module in forbidden:
                yield place, module, f"has {name} for {module}"


def _named_in_initrd(disk: Filesystem) -> frozenset[str]:
    lines = significant_lines(text(disk, _MODULES))
    return frozenset(line.split()[0].replace("-", "_") for _, line in lines)


def _places_of_disabling(disk: Filesystem) -> Iterator[str]:
    last = ("", "")
    for path in (*search_path(disk, _SYSCTL, ".conf"), "/etc/sysctl.conf"):
        for number, line in significant_lines(text(disk, path), "#;"):
            if match := _DISABLED.match(line):
                last = (match[1], f"{path}:{number}")
    if last[0] == "1":
        yield last[1]
    for place, argument in arguments(disk):
        if argument in {"sysctl.kernel.modules_disabled=1", "sysctl.kernel/modules_disabled=1"}:
            yield place
