"""Which kernels are installed, and which modules each can load at which time of its boot."""

import glob
import re
from collections.abc import Iterator

from builder.feature import CheckFailed, Filesystem, Kernel
from builder.linux import esp
from builder.linux.files import text
from builder.linux.initrd import InitrdError, module_names

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
_UNIFIED = "EFI/Linux/*{}*.efi"

# dracut's rescue kernel is a copy of another one and has no modules of its own.
_RESCUE = "0-rescue-"

_MODULE = re.compile(r"([^/]+)\.ko(?:\.(?:xz|zst|gz))?")


def installed(disk: Filesystem) -> tuple[Kernel, ...]:
    """Every kernel that the boot loader could start, by release.

    Raises ``CheckFailed`` where an initrd cannot be read: no statement about it would be true.
    """
    return tuple(
        _kernel(disk, release, suffix) for release, suffix in sorted(_releases(disk).items())
    )


def require_every(disk: Filesystem) -> tuple[Kernel, ...]:
    """Every installed kernel. Raises ``CheckFailed`` where there is none at all."""
    found = disk.kernels()
    if not found:
        raise CheckFailed(f"no kernel is installed: neither /boot nor {TREE} has one")
    return found


def require_driver(disk: Filesystem, driver: str) -> str:
    """Say which kernels have a driver. Raises ``CheckFailed`` for the first one that lacks it."""
    found = require_every(disk)
    for kernel in found:
        if driver not in kernel.builtin | kernel.on_disk:
            raise CheckFailed(
                f"kernel {kernel.release} has no {driver}: it is built without it, "
                f"neither built in nor below {TREE}/{kernel.release}"
            )
    return f"{driver} is in {names(found)}"


def names(kernels: tuple[Kernel, ...]) -> str:
    """Name the releases of kernels, for a sentence."""
    return ", ".join(kernel.release for kernel in kernels)


def _releases(disk: Filesystem) -> dict[str, str]:
    """Every kernel's release, and what follows its name in ``/boot``; nothing where it is not."""
    trees = disk.list(TREE)
    found = {}
    for name in disk.list("/boot"):
        image, _, suffix = name.partition("-")
        if image in _IMAGES and suffix and not suffix.startswith(_RESCUE):
            found[suffix if suffix in trees else _release_of(disk, suffix, trees)] = suffix
    others = (name for name in trees if name not in found)
    return found | {name: "" for name in others if disk.exists(f"{TREE}/{name}/vmlinuz")}


def _release_of(disk: Filesystem, suffix: str, trees: tuple[str, ...]) -> str:
    """The release of a kernel that is called after its package or its flavour."""
    packaged = [one for one in trees if text(disk, f"{TREE}/{one}/pkgbase").strip() == suffix]
    flavoured = [one for one in trees if one.endswith(f"-{suffix}")]
    return next(reversed(packaged or flavoured), suffix)


def _image(disk: Filesystem, release: str, suffix: str) -> str:
    if not suffix:
        return f"{TREE}/{release}/vmlinuz"
    paths = (f"/boot/{name}-{suffix}" for name in _IMAGES)
    return next(filter(disk.exists, paths), f"/boot/{_IMAGES[0]}-{suffix}")


def _initrd(disk: Filesystem, release: str, suffix: str) -> str | None:
    """The path of the kernel's initrd. Raises ``CheckFailed`` where it is a part of the kernel."""
    names = dict.fromkeys(filter(None, (suffix, release)))
    usual = (pattern.format(name) for name in names for pattern in _INITRDS)
    found = next(filter(disk.exists, usual), None)
    if found is not None:
        return found
    for place in esp.MOUNT_POINTS:
        entries = disk.glob(_ENTRY_INITRDS.format(place.strip("/"), glob.escape(release)))
        unified = disk.glob(f"{place}/{_UNIFIED.format(glob.escape(release))}")
        if entries:
            return entries[0]
        if unified:
            raise CheckFailed(
                f"kernel {release} and its initrd are one program for UEFI ({unified[0]}), "
                "into which no check here can look"
            )
    return None


def _kernel(disk: Filesystem, release: str, suffix: str) -> Kernel:
    directory = f"{TREE}/{release}"
    builtin = frozenset(_modules(text(disk, f"{directory}/modules.builtin").splitlines()))
    dependencies = text(disk, f"{directory}/modules.dep").splitlines()
    # One line per module: "kernel/drivers/scsi/virtio_scsi.ko: what it needs".
    files = (line.partition(":")[0] for line in dependencies)
    on_disk = frozenset(_modules(files if dependencies else _walk(disk, directory)))
    initrd = _initrd(disk, release, suffix)
    return Kernel(
        release=release,
        image=_image(disk, release, suffix),
        initrd=initrd,
        builtin=builtin,
        in_initrd=_in_initrd(disk, initrd, release) if initrd else frozenset(),
        on_disk=on_disk,
    )


def _in_initrd(disk: Filesystem, initrd: str, release: str) -> frozenset[str]:
    try:
        return module_names(disk.read_bytes(initrd), release)
    except InitrdError as error:
        raise CheckFailed(
            f"the initrd of kernel {release} ({initrd}) cannot be read: {error}"
        ) from error


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
