"""The image is small: it lacks what a guest of a cloud has no use for.

A quarter of a Debian image is drivers of hardware that no hypervisor has, a tenth is documentation
and translations. dpkg leaves them out of what it unpacks, by options of its own that stay in the
guest: so its database of packages stays complete, and what is installed and updated later comes
without them, too. Debian's kernel for clouds would make the image smaller by another tenth, and
lacks the drivers of the watchdog, of a config drive on SATA, of most NICs and of all graphics.
"""

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from builder.feature import (
    CheckFailed,
    Conflict,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    Surroundings,
    inspection,
    probe,
)
from builder.linux import device_drivers, dpkg_filters, kernels
from builder.linux.live import output
from builder.linux.scripts import script

Part = Literal["documentation", "translations", "hardware-drivers"]

DOCUMENTS = "/usr/share/doc"
MODULES = f"{kernels.TREE}/*/kernel"

LEFT_OUT: Mapping[Part, tuple[str, ...]] = {
    "documentation": (
        f"{DOCUMENTS}/*/README*",
        f"{DOCUMENTS}/*/changelog*",
        "/usr/share/man/*/*",
        "/usr/share/info/*.info*",
    ),
    "translations": ("/usr/share/locale/*/LC_MESSAGES/*.mo",),
    "hardware-drivers": (
        f"{MODULES}/drivers/gpu/drm/amd/*",
        f"{MODULES}/drivers/media/usb/*",
        f"{MODULES}/drivers/net/wireless/*",
        f"{MODULES}/drivers/scsi/qla2xxx/*",
        f"{MODULES}/sound/*",
    ),
}
"""Files that disks and packages show each part by; ``*`` matches ``/`` as well."""

KEPT: Mapping[Part, tuple[str, ...]] = {
    "documentation": (f"{DOCUMENTS}/*/copyright",),
    "translations": ("/usr/share/locale/*.alias",),
    "hardware-drivers": (f"{MODULES}/drivers/scsi/virtio_scsi.ko",),
}
"""What is beside it, and must come."""


class MinimalParameters(Parameters):
    """What the image is without."""

    without: tuple[Part, ...] = Field(
        default=("documentation", "translations", "hardware-drivers"),
        min_length=1,
        description="What no package brings, by default all three: manuals and all documentation"
        " but copyright files; translations of programs' messages; kernel modules for hardware that"
        " no virtual machine has, sound cards among it.",
    )


def _examples(patterns: Mapping[Part, tuple[str, ...]], parameters: MinimalParameters) -> list[str]:
    """Paths of the asked parts, as a package could have them."""
    return [
        pattern.replace("*", "guest-image-probe")
        for part in parameters.without
        for pattern in patterns[part]
    ]


@inspection("what is left out is not on the disk", compares=True)
def disk_is_without(disk: Filesystem, parameters: MinimalParameters) -> str:
    """Look for files only: dpkg keeps directories and links where it is to take something of."""
    for part in parameters.without:
        patterns = LEFT_OUT[part]
        directories = sorted({pattern.partition("*")[0].rstrip("/") for pattern in patterns})
        found = [
            path
            for directory in directories
            for path in disk.files(directory)
            if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
        ]
        if found:
            raise CheckFailed(
                f"there are {part}: {found[0]} and {len(found) - 1} more files; something has"
                " unpacked them without dpkg, or before it was told to leave them out"
            )
    return f"without {', '.join(parameters.without)}"


@inspection("what is installed and updated later comes without it, too", compares=True)
def dpkg_leaves_out(disk: Filesystem, parameters: MinimalParameters) -> str:
    """Ask the guest's own filters of dpkg."""
    filters = dpkg_filters.read(disk)
    for path in _examples(LEFT_OUT, parameters):
        if not filters.leave_out(path):
            raise CheckFailed(
                f"dpkg would unpack {path}: nothing in /etc/dpkg/dpkg.cfg.d leaves it out"
            )
    for path in _examples(KEPT, parameters):
        if filters.leave_out(path):
            raise CheckFailed(f"dpkg would leave {path} out, which must stay")
    return f"dpkg has {len(filters.rules)} patterns of paths that it leaves out, or takes"


def _without_documentation(parameters: MinimalParameters) -> bool:
    return "documentation" in parameters.without


@inspection("every package still has its copyright file", applies=_without_documentation)
def copyrights_are_there(disk: Filesystem, _: MinimalParameters) -> str:
    """Licences ask for that; a link stands for another package's directory."""
    having = {path.split("/")[-2] for path in disk.glob(f"{DOCUMENTS}/*/copyright")}
    lacking = [
        name
        for name in disk.list(DOCUMENTS)
        if name not in having and disk.readlink(f"{DOCUMENTS}/{name}") is None
    ]
    if lacking or not having:
        raise CheckFailed(
            f"no copyright file for {', '.join(lacking) or 'any package'}: it was left out, too"
        )
    return f"{len(having)} packages have their copyright files"


def _without_drivers(parameters: MinimalParameters) -> bool:
    return "hardware-drivers" in parameters.without


@inspection("every kernel has a driver for each device that Nova gives", applies=_without_drivers)
def kernels_have_drivers(disk: Filesystem, _: MinimalParameters) -> str:
    """Those of every value of image properties, whatever this image claims."""
    found = kernels.require_every(disk)
    for kernel in found:
        missing = device_drivers.drivers() - kernel.builtin - kernel.on_disk
        if missing:
            raise CheckFailed(
                f"kernel {kernel.release} has no {', '.join(sorted(missing))}: left out with what"
                " only real hardware needs, or never built"
            )
    return f"all {len(device_drivers.drivers())} are in {kernels.names(found)}"


@probe("a package that is installed comes without what is left out", once=True, seconds=5)
def installed_package_comes_without(guest: Guest, parameters: MinimalParameters) -> str:
    """Make one that has some of everything, and install it."""
    unwanted, wanted = _examples(LEFT_OUT, parameters), _examples(KEPT, parameters)
    come = output(guest, INSTALL, *unwanted, *wanted, timeout=120).splitlines()
    if extra := [path for path in unwanted if path in come]:
        raise CheckFailed(f"an installed package has brought {', '.join(extra)}")
    if lost := [path for path in wanted if path not in come]:
        raise CheckFailed(f"an installed package has not brought {', '.join(lost)}")
    return f"of {len(unwanted) + len(wanted)} files of a package {len(come)} came"


INSTALL = script("install-package.sh")


@probe(
    "the driver of each device that Nova gives can be loaded",
    applies=_without_drivers,
    once=True,
    seconds=20,
)
def drivers_load(guest: Guest, _: MinimalParameters) -> str:
    """Load them: a module whose dependency was left out cannot be."""
    names = sorted(device_drivers.loadable_anywhere())
    output(guest, LOAD, *names, timeout=300)
    return f"{len(names)} drivers are loaded, or built in"


LOAD = 'for name; do modprobe "$name" || exit; done'


def conflicts(_: MinimalParameters, surroundings: Surroundings) -> Iterator[Conflict]:
    """It is dpkg that leaves out."""
    if surroundings.distribution.package_format != "deb":
        yield Conflict(
            name="",
            reason=f"needs dpkg, and the packages of {surroundings.distribution.name} are not its",
            remedy="Remove it.",
        )


FEATURE = Feature(
    name="minimal",
    summary="small: without documentation, translations and drivers of real hardware",
    parameters=MinimalParameters,
    elements=("guest-minimal",),
    environment=lambda parameters: {"DIB_MINIMAL_WITHOUT": " ".join(parameters.without)},
    inspections=(disk_is_without, dpkg_leaves_out, copyrights_are_there, kernels_have_drivers),
    probes=(installed_package_comes_without, drivers_load),
    conflicts=conflicts,
    architectures=("x86_64",),
)
