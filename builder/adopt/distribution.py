"""Which distribution an image has, by its own files, and what these files do not tell."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from builder import windows
from builder.distribution import DISTRIBUTIONS, USER_NAME, Distribution
from builder.errors import InputError
from builder.feature import Filesystem
from builder.features.guest_agent import USER_PATTERN
from builder.features.registry import WINDOWS
from builder.linux import cloudinit, elf, osrelease
from builder.linux.files import significant_lines, text

UNKNOWN = "unknown"
"""The name of a distribution that the disk does not name."""


def distribution_of(disk: Filesystem) -> Distribution:
    """The distribution that the disk's os-release names, whether or not it can be built here.

    A Windows is one too, as its registry names it. What the disk does not tell is empty.
    """
    release = osrelease.read(disk)
    if not release and (found := windows.release(disk)):
        return Distribution(
            name=f"{WINDOWS.name}-{found.version}",
            os_distro=WINDOWS.name,
            os_version=found.version,
            release=found.product,
            element="",
            default_user="Administrator",  # Nova's default for os_type=windows
            architecture=found.architecture,
            initramfs=None,
        )
    name, number = osrelease.os_distro(release), osrelease.os_version(release)
    architecture = elf.architecture(disk)
    user = cloudinit.default_user(disk) or ""
    for built in DISTRIBUTIONS.values():
        made_for_it = architecture in built.architectures
        if made_for_it and (built.os_distro, built.os_version) == (name, number):
            return replace(built, architecture=architecture, default_user=user)
    return Distribution(
        name="-".join(filter(None, (name or UNKNOWN, number))),
        os_distro=name,
        os_version=number,
        release=release.get("VERSION_CODENAME", ""),
        element="",
        default_user=user,
        architecture=architecture,
        initramfs=None,
    )


def with_user(
    distribution: Distribution, disk: Filesystem, wanted: str | None, file: Path
) -> Distribution:
    """The distribution with the default user that a proof logs in as; empty where there is none.

    Raises ``InputError`` for a user that the disk contradicts, or that no one can log in as.
    """
    configured = cloudinit.default_user(disk)
    if wanted and configured and wanted != configured:
        raise InputError(
            f"cloud-init in {file} makes the user '{configured}', not '{wanted}'.",
            details=["A proof logs in as cloud-init's default user, with the injected key."],
            hint=f"Call it with --admin-user {configured}.",
        )
    user = wanted or configured or ""
    if user and not re.fullmatch(USER_NAME, user):
        raise InputError(
            f"{user!r} is not the name of a user that can be logged in as.",
            details=[f"A proof logs in to {file} as cloud-init's default user."],
            hint="Name one with --admin-user: letters, digits, '_', '.' and '-', at most 32.",
        )
    exists = cloudinit.will_start(disk) or user in _accounts(disk)
    return replace(distribution, default_user=user if exists else "")


def unknown(distribution: Distribution, disk: Filesystem) -> Mapping[str, str]:
    """Image properties whose value the disk does not tell, each with the reason."""
    return dict(_unknown(distribution, disk))


def _unknown(distribution: Distribution, disk: Filesystem) -> Iterator[tuple[str, str]]:
    is_windows = distribution.os_distro == WINDOWS.name
    source = "the registry" if is_windows else "os-release"
    release = osrelease.read(disk)
    for name, variable, value in (
        ("os_distro", "ID", distribution.os_distro),
        ("os_version", "VERSION_ID", distribution.os_version),
    ):
        if not value:
            written = release.get(variable)
            reason = f"{variable}={written}, which os-release(5) does not allow" if written else ""
            yield name, f"{source} has {reason or f'no {variable}'}"
    if not distribution.architecture:
        told = source if is_windows else f"none of {', '.join(elf.PROGRAMS)}"
        yield "architecture", f"{told} tells a processor that it is for"
    user = distribution.default_user
    if is_windows:
        return
    if not user:
        yield "os_admin_user", "neither cloud-init nor /etc/passwd has a user that is known here"
    elif not re.fullmatch(USER_PATTERN, user):
        yield "os_admin_user", f"'{user}' is not a name that useradd takes"


def _accounts(disk: Filesystem) -> frozenset[str]:
    lines = significant_lines(text(disk, "/etc/passwd"))
    return frozenset(line.partition(":")[0] for _, line in lines)
