"""Which kernels are installed, and which modules each can load at which time of its boot."""

import glob
import re
from collections.abc import Iterator

from builder.feature import CheckFailed, CheckSkipped, Filesystem, Kernel
from builder.linux import esp, loadable
from builder.linux.files import text
from builder.linux.initrd import InitrdError, read

TREE = "/lib/modules"

# Debian's and SUSE's names, Red Hat's and Arch's, Alpine's. An initrd's name has what follows the
# kernel's own: its release, or in Arch the name of its package and in Alpine its flavour.
_IMAGES = ("vmlinuz", "vmlinux", "Image", "kernel")
_INITRDS = (
    "/boot/initrd.img-{}",
    "/boot/initramfs-{}.img",
    "/boot/initrd-{}",
    "/boot/initramfs-{}",
)
_ENTRY_INITRDS = "/{}/*/{}/initrd*"
"""The Boot Loader Specification's: a directory for the machine, in it one for the release."""
_PROGRAM = ".efi"
_UNIFIED = "EFI/Linux/*{}*.efi"

# dracut's rescue kernel is a copy of another one and has no modules of its own.
_RESCUE = "0-rescue-"

# SUSE's vmlinux-….gz for crash(8), a copy that "make install" or a package has kept, a checksum.
_BESIDE = re.compile(r"~|\.[a-z][a-z-]*\d*")

_MODULE = re.compile(r"([^/]+)\.ko(?:\.(?:xz|zst|gz))?")


def installed(disk: Filesystem) -> tuple[Kernel, ...]:
    """Every kernel that the boot loader could start, by release."""
    return tuple(
        _kernel(disk, release, suffix) for release, suffix in sorted(_releases(disk).items())
    )


def require_every(disk: Filesystem) -> tuple[Kernel, ...]:
    """Every installed kernel. Raises ``CheckFailed`` where there is none at all."""
    found = disk.kernels()
    if not found:
        raise CheckFailed(f"no kernel is installed: neither /boot nor {TREE} has one; install one")
    return found


def require_driver(disk: Filesystem, driver: str, *, by_name: bool = False) -> str:
    """Say which kernels have a driver. Raises ``CheckFailed`` for the first one that lacks it.

    Or for what keeps it from being loaded; one that is loaded ``by_name`` may be blacklisted.
    """
    found = require_every(disk)
    for kernel in found:
        if driver not in kernel.builtin | kernel.on_disk:
            raise CheckFailed(
                f"kernel {kernel.release} has no {driver}: it is built without it, "
                f"neither built in nor below {TREE}/{kernel.release}; install a kernel that has "
                "it (kernels 'for clouds' leave drivers out)"
            )
    loadable.require(disk, (driver,), by_name=by_name)
    return f"{driver} is in {names(found)}"


def require_initrd(kernel: Kernel) -> None:
    """Raise ``CheckSkipped`` where a kernel's initrd tells nothing of what it can load."""
    if kernel.initrd is None or kernel.initrd_defect:
        state = "cannot be read" if kernel.initrd else "does not exist"
        raise CheckSkipped(
            f"the initrd of kernel {kernel.release} {state}: the foundation's inspection of initrds"
            " says why"
        )


def names(kernels: tuple[Kernel, ...]) -> str:
    """Name the releases of kernels, for a sentence."""
    return ", ".join(kernel.release for kernel in kernels)


def _releases(disk: Filesystem) -> dict[str, str]:
    """Every kernel's release, and what follows its name in ``/boot``; nothing where it is not."""
    trees = disk.list(TREE)
    found = {}
    for name in disk.list("/boot"):
        image, _, suffix = name.partition("-")
        is_kernel = image in _IMAGES and suffix and not suffix.startswith(_RESCUE)
        if is_kernel and not _lies_beside(suffix, trees):
            found[suffix if suffix in trees else _release_of(disk, suffix, trees)] = suffix
    others = (name for name in trees if name not in found)
    return found | {name: "" for name in others if disk.exists(f"{TREE}/{name}/vmlinuz")}


def _lies_beside(suffix: str, trees: tuple[str, ...]) -> bool:
    """Whether a file belongs to the kernel of a release, and is none of its own."""
    return suffix not in trees and any(
        suffix.startswith(tree) and _BESIDE.fullmatch(suffix.removeprefix(tree)) for tree in trees
    )


def _release_of(disk: Filesystem, suffix: str, trees: tuple[str, ...]) -> str:
    """The release of a kernel that is called after its package or its flavour."""
    packaged = [tree for tree in trees if text(disk, f"{TREE}/{tree}/pkgbase").strip() == suffix]
    flavoured = [tree for tree in trees if tree.endswith(f"-{suffix}")]
    return next(reversed(packaged or flavoured), suffix)


def _image(disk: Filesystem, release: str, suffix: str) -> str:
    if not suffix:
        return f"{TREE}/{release}/vmlinuz"
    paths = (f"/boot/{name}-{suffix}" for name in _IMAGES)
    return next(filter(disk.exists, paths), f"/boot/{_IMAGES[0]}-{suffix}")


def _initrd(disk: Filesystem, release: str, suffix: str) -> str | None:
    """The path of the kernel's initrd, or of the program for UEFI that has both in it."""
    names = dict.fromkeys(filter(None, (suffix, release)))
    usual = (pattern.format(name) for name in names for pattern in _INITRDS)
    found = next(filter(disk.exists, usual), None)
    if found is not None:
        return found
    for place in esp.MOUNT_POINTS:
        entries = disk.glob(_ENTRY_INITRDS.format(place.strip("/"), glob.escape(release)))
        unified = disk.glob(f"{place}/{_UNIFIED.format(glob.escape(release))}")
        if entries or unified:
            return (*entries, *unified)[0]
    return None


def _kernel(disk: Filesystem, release: str, suffix: str) -> Kernel:
    directory = f"{TREE}/{release}"
    builtin = frozenset(_modules(text(disk, f"{directory}/modules.builtin").splitlines()))
    dependencies = text(disk, f"{directory}/modules.dep").splitlines()
    # One line per module: "kernel/drivers/scsi/virtio_scsi.ko: what it needs".
    files = (line.partition(":")[0] for line in dependencies)
    on_disk = frozenset(_modules(files if dependencies else _walk(disk, directory)))
    initrd = _initrd(disk, release, suffix)
    modules, defect = _in_initrd(disk, initrd, release) if initrd else (frozenset(), "")
    return Kernel(
        release=release,
        image=_image(disk, release, suffix),
        initrd=initrd,
        builtin=builtin,
        in_initrd=modules,
        on_disk=on_disk,
        initrd_defect=defect,
    )


def _in_initrd(disk: Filesystem, initrd: str, release: str) -> tuple[frozenset[str], str]:
    """The modules in it, and why it is none; only one of the two."""
    if initrd.endswith(_PROGRAM):
        return frozenset(), "it is one program for UEFI with its kernel, which is not taken apart"
    try:
        contents = read(disk.read_bytes(initrd), release)
    except InitrdError as error:
        return frozenset(), str(error)
    if not contents.has_init:
        return frozenset(), "it has no /init: it is cut off behind its first archive, or no initrd"
    return contents.modules, ""


def _walk(disk: Filesystem, directory: str) -> Iterator[str]:
    for name in disk.list(directory):
        path = f"{directory}/{name}"
        if _MODULE.fullmatch(name):
            yield path
        elif disk.readlink(path) is None:  # "build" and "source" lead out of the tree
            yield from _walk(disk, path)


def _modules(paths: Iterator[str] | list[str]) -> Iterator[str]:
    for path in paths:
        match = _MODULE.fullmatch(path.rpartition("/")[2])
        if match is not None:
            yield match[1].replace("-", "_")
