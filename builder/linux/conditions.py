"""Which conditions of a unit no guest meets, as far as its disk tells: systemd.unit(5).

What only a running system tells (``/run``, memory, kernel version) is taken for met.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from builder.feature import CheckFailed, Filesystem
from builder.linux import elf, systemd, unitfile
from builder.linux.bootentries import entries
from builder.linux.files import text
from builder.linux.unitfile import Setting

_KINDS = ("Condition", "Assert")
_RUN_TIME = ("/run/", "/dev/", "/sys/", "/proc/")
_VIRTUALIZATIONS = frozenset({"qemu", "kvm", "vm", *unitfile.YES})
_ARCHITECTURES = {"x86_64": "x86-64", "aarch64": "arm64", "ppc64le": "ppc64-le"}
_ROOT = frozenset({"root", "0", "@system"})
_WILD = frozenset("*?[")


def unmet(disk: Filesystem, settings: Iterable[Setting]) -> Iterator[Setting]:
    """Yield the conditions and assertions among a unit's settings that no guest meets.

    An empty one takes back all before it; of those with ``|`` one is enough.
    """
    kept: dict[str, list[Setting]] = {kind: [] for kind in _KINDS}
    for setting in settings:
        for kind in _KINDS:
            if setting.section == "Unit" and setting.name.startswith(kind):
                kept[kind] = [*kept[kind], setting] if setting.value else []
    for found in kept.values():
        triggering = [setting for setting in found if setting.value.startswith("|")]
        needed = [setting for setting in found if setting not in triggering]
        yield from (setting for setting in needed if _is_met(disk, setting) is False)
        if all(_is_met(disk, setting) is False for setting in triggering):
            yield from triggering


def require_met(disk: Filesystem, unit: str) -> None:
    """Raise ``CheckFailed`` for a condition that keeps a unit from being started in any guest."""
    name = systemd.unit(disk, unit).name
    found = [
        f"{setting.place}: has {setting.name}={setting.value}, which no guest meets: {name} is not "
        "started; remove that"
        for setting in unmet(disk, unitfile.settings(disk, name))
    ]
    if found:
        raise CheckFailed("; ".join(found))


def _is_met(disk: Filesystem, setting: Setting) -> bool | None:
    """Whether a guest meets a condition; None where a disk at rest does not tell."""
    value = setting.value.lstrip("|").strip()
    negated, value = value.startswith("!"), value.lstrip("!").strip()
    subject = setting.name.removeprefix("Condition").removeprefix("Assert")
    judge = _OF_PATHS.get(subject)
    if judge is not None and value.startswith(_RUN_TIME):
        return None
    judge = judge or _OTHERS.get(subject)
    met = judge(disk, value) if judge is not None and value else None
    return None if met is None else met is not negated


def _is_directory(disk: Filesystem, path: str) -> bool:
    if not disk.exists(path):
        return False
    try:
        disk.read_bytes(path)
    except FileNotFoundError:
        return True
    return False


def _is_argument(disk: Filesystem, value: str) -> bool | None:
    """Whether the kernel gets it: a word alone is also met by ``word=…``."""
    started = [entry for entry in entries(disk) if not entry.is_for_recovery]
    given = {
        value in entry.arguments or ("=" not in value and entry.value(value) is not None)
        for entry in started
    }
    return given.pop() if len(given) == 1 else None


def _is_architecture(disk: Filesystem, value: str) -> bool | None:
    own = _ARCHITECTURES.get(elf.architecture(disk), "")
    return value in {own, "native"} if own else None


def _is_first_boot(disk: Filesystem, value: str) -> bool:
    """machine-id(5): an empty file is one whose first boot was made."""
    path = "/etc/machine-id"
    first = not disk.exists(path) or text(disk, path).strip() == "uninitialized"
    return first is _is_true(value)


def _is_true(value: str) -> bool:
    return value.lower() in unitfile.YES


_Judge = Callable[[Filesystem, str], bool | None]
_OF_PATHS: Mapping[str, _Judge] = {
    "PathExists": lambda disk, path: disk.exists(path),
    "PathExistsGlob": lambda disk, pattern: bool(disk.glob(pattern)),
    "PathIsDirectory": _is_directory,
    "PathIsSymbolicLink": lambda disk, path: disk.readlink(path) is not None,
    "DirectoryNotEmpty": lambda disk, path: bool(disk.list(path)),
    "FileNotEmpty": lambda disk, path: bool(text(disk, path)),
    "FileIsExecutable": lambda disk, path: None if disk.exists(path) else False,
}
_OTHERS: Mapping[str, _Judge] = {
    "Virtualization": lambda _, value: value in _VIRTUALIZATIONS,
    "KernelCommandLine": _is_argument,
    "Host": lambda _, value: None if _WILD & set(value) else False,
    "Architecture": _is_architecture,
    "FirstBoot": _is_first_boot,
    "ACPower": lambda _, value: _is_true(value),  # a guest has no battery
    "User": lambda _, value: value in _ROOT,
}
