"""What loads a module at boot, and whether a blacklist keeps it from that.

Sources: modules-load.d(5) and systemd-modules-load.service(8), which heeds blacklists (libkmod's
``KMOD_PROBE_APPLY_BLACKLIST`` in systemd's ``module-util.c``), as udev does for aliases; a
``modprobe`` of a rule heeds none; initramfs-tools(7), dracut.conf(5), dracut.cmdline(7).
"""

import fnmatch
import re

from builder.feature import Filesystem
from builder.linux import modprobe, shell, udev
from builder.linux.bootentries import arguments
from builder.linux.files import search_path, significant_lines, text

_DIRECTORIES = (
    "/etc/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)
_CLASSIC = "/etc/modules"  # Debian links it into the first directory
_LISTS = ("modules_load", "modules-load", "rd.modules_load")

_OF_INITRDS = (
    "/etc/initramfs-tools/modules",
    "/usr/share/initramfs-tools/modules.d/*",
)
_OF_DRACUT = (
    "/etc/dracut.conf",
    "/etc/dracut.conf.d/*.conf",
    "/usr/lib/dracut/dracut.conf.d/*.conf",
)
_FORCED = re.compile(r"force_drivers\+?=[\"']?([^\"'#]*)")
_BLACKLISTS = ("modprobe.blacklist", "module_blacklist")


def commanded_by(disk: Filesystem, module: str) -> str | None:
    """Return the place that has the module loaded by its name, whatever is blacklisted, or None."""
    for path, rule in udev.rules(disk):
        for key, _, value in udev.pairs(rule):
            if key.startswith("RUN") and _is_loaded(value, module):
                return path
    kernels = disk.kernels()
    if kernels and all(module in kernel.in_initrd for kernel in kernels):
        for path in (path for pattern in _OF_INITRDS for path in disk.glob(pattern)):
            if _lists(disk, path, module):
                return path
        for path in (path for pattern in _OF_DRACUT for path in disk.glob(pattern)):
            for _, line in significant_lines(text(disk, path)):
                match = _FORCED.match(line)
                if match is not None and module in _names(match[1]):
                    return path
    return _argument(disk, ("rd.driver.pre",), module)


def named_by(disk: Filesystem, module: str) -> str | None:
    """Return the place that has systemd load the module unless it is blacklisted, or None."""
    for path in (*search_path(disk, _DIRECTORIES, ".conf"), _CLASSIC):
        if _lists(disk, path, module):
            return path
    return _argument(disk, _LISTS, module)


def is_loaded_by_device(disk: Filesystem, module: str, alias: str) -> bool:
    """Whether every kernel has udev load it for a device of that alias, unless blacklisted."""
    kernels = disk.kernels()
    return bool(kernels) and all(
        any(
            fnmatch.fnmatchcase(alias, pattern)
            for pattern in _aliases(
                text(disk, f"/lib/modules/{kernel.release}/modules.alias"), module
            )
        )
        for kernel in kernels
    )


def blacklisted_by(disk: Filesystem, module: str) -> str | None:
    """Return the file and the line that blacklist the module, or None."""
    for directive in modprobe.directives(disk, "blacklist", module):
        return f"{directive.path}:{directive.line}"
    return _argument(disk, _BLACKLISTS, module)


def _lists(disk: Filesystem, path: str, module: str) -> bool:
    lines = significant_lines(text(disk, path), "#;")
    return any(_normal(line.split()[0]) == module for _, line in lines)


def _argument(disk: Filesystem, names: tuple[str, ...], module: str) -> str | None:
    for place, argument in arguments(disk):
        name, _, value = argument.partition("=")
        if name in names and module in _names(value):
            return place
    return None


def _is_loaded(command: str, module: str) -> bool:
    return any(
        shell.program(words) == "modprobe" and module in map(_normal, words)
        for words in shell.commands(command)
    )


def _aliases(content: str, module: str) -> list[str]:
    """The patterns of the lines ``alias PATTERN MODULE``."""
    words = (line.split() for line in content.splitlines())
    return [pattern for _, pattern, name in (w for w in words if len(w) == 3) if name == module]  # noqa: PLR2004


def _names(value: str) -> list[str]:
    return [_normal(name) for name in re.split(r"[\s,]+", value)]


def _normal(name: str) -> str:
    return name.replace("-", "_")
