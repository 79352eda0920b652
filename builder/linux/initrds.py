"""Whether every kernel that the boot loader starts gets a whole initrd, and its own."""

import posixpath
from collections.abc import Iterator

from builder.feature import CheckFailed, Filesystem, Kernel
from builder.linux import grubpath, kernels
from builder.linux.bootentries import Entry, entries

_TO_THE_DISK = frozenset({"virtio_pci", "virtio_blk"})
"""A kernel that has these built in finds its root without an initrd."""


def require_whole(disk: Filesystem) -> str:
    """Say which initrds are whole. Raises ``CheckFailed`` for each kernel without one."""
    found = kernels.require_every(disk)
    started = entries(disk)
    complaints = [complaint for kernel in found for complaint in _complaints(disk, kernel, started)]
    if complaints:
        raise CheckFailed("; ".join(complaints))
    whole = [kernel.initrd for kernel in found if kernel.initrd]
    return f"{', '.join(whole)} can be unpacked" if whole else "every kernel finds its root alone"


def _complaints(disk: Filesystem, kernel: Kernel, started: tuple[Entry, ...]) -> Iterator[str]:
    remedy = (
        f"make it: 'update-initramfs -c -k {kernel.release}', "
        f"or 'dracut --force --kver {kernel.release}'"
    )
    alone = kernel.builtin >= _TO_THE_DISK
    if alone and (kernel.initrd is None or kernel.initrd_defect):
        return
    if kernel.initrd is None:
        yield f"kernel {kernel.release} has no initrd in /boot, and finds no root alone; {remedy}"
        return
    if kernel.initrd_defect:
        yield (
            f"the initrd of kernel {kernel.release} ({kernel.initrd}) cannot be read: "
            f"{kernel.initrd_defect}; {remedy} anew"
        )
    elif not kernel.in_initrd and not alone:
        yield (
            f"the initrd of kernel {kernel.release} ({kernel.initrd}) has no module of it, and the "
            f"kernel finds no root alone; {remedy} anew"
        )
    for entry in started:
        name = posixpath.basename(entry.kernel)
        its_own = name == posixpath.basename(kernel.image) or (
            name.partition("-")[2] == kernel.release
        )
        if its_own and (entry.initrds or not alone):
            yield from _of_entry(disk, entry, kernel.initrd)


def _of_entry(disk: Filesystem, entry: Entry, own: str) -> Iterator[str]:
    paths = [path.rpartition(")")[2] for path in entry.initrds if not path.startswith("$")]
    names = {posixpath.basename(path) for path in paths}
    remedy = "configure the boot loader anew ('update-grub', 'grub2-mkconfig')"
    name = posixpath.basename(own)
    # mkinitcpio makes a second one, for any machine, and GRUB an entry with it.
    if names.isdisjoint((name, name.replace(".img", "-fallback.img"))):
        what = f"with {', '.join(paths)}, not with" if paths else "without"
        yield f"{entry.place}: starts {entry.kernel} {what} its initrd {own}; {remedy}"
    for path in paths:
        if not grubpath.exists(disk, path):
            yield f"{entry.place}: names {path}, which does not exist; {remedy}"
