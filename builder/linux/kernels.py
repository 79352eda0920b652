"""Which kernels are installed, and which modules each can load at which time of its boot."""

import re
from collections.abc import Iterator

from builder.feature import CheckFailed, Filesystem, Kernel
from builder.linux.files import text
from builder.linux.initrd import InitrdError, module_names

TREE = "/lib/modules"

# Debian's and SUSE's names, Red Hat's names; an initrd's name has the kernel's release in it.
_IMAGES = ("vmlinuz", "vmlinux", "Image")
_INITRDS = ("/boot/initrd.img-{}", "/boot/initramfs-{}.img", "/boot/initrd-{}")

# dracut's rescue kernel is a copy of another one and has no modules of its own.
_RESCUE = "0-rescue-"

_MODULE = re.compile(r"([^/]+)\.ko(?:\.(?:xz|zst|gz))?")


def installed(disk: Filesystem) -> tuple[Kernel, ...]:
    """Every kernel that the boot loader could start, by release.

    Raises ``CheckFailed`` where an initrd cannot be read: no statement about it would be true.
    """
    return tuple(_kernel(disk, release) for release in sorted(_releases(disk)))


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


def _releases(disk: Filesystem) -> set[str]:
    images = (name.partition("-") for name in disk.list("/boot"))
    booted = {
        release
        for image, _, release in images
        if image in _IMAGES and release and not release.startswith(_RESCUE)
    }
    others = set(disk.list(TREE)) - booted
    return booted | {name for name in others if disk.exists(f"{TREE}/{name}/vmlinuz")}


def _kernel(disk: Filesystem, release: str) -> Kernel:
    directory = f"{TREE}/{release}"
    builtin = frozenset(_modules(text(disk, f"{directory}/modules.builtin").splitlines()))
    dependencies = text(disk, f"{directory}/modules.dep").splitlines()
    # One line per module: "kernel/drivers/scsi/virtio_scsi.ko: what it needs".
    files = (line.partition(":")[0] for line in dependencies)
    on_disk = frozenset(_modules(files if dependencies else _walk(disk, directory)))
    initrd = next(filter(disk.exists, (name.format(release) for name in _INITRDS)), None)
    return Kernel(
        release=release,
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
