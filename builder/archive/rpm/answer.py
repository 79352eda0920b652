"""What a resolver leaves and brings, as updates. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from builder.archive.rpm.advisories import Fix
from builder.archive.update import Step, Update
from builder.store.sections import Package

_NO_PACKAGE = "gpg-pubkey"
"""The name under which rpm keeps keys among its packages."""


@dataclass(frozen=True, order=True)
class Rpm:
    """A package, as a repository tells it apart from others."""

    name: str
    version: str
    """``EPOCH:VERSION-RELEASE``; an epoch of 0 is none."""
    architecture: str


@dataclass(frozen=True)
class Resolution:
    """What libsolv found: plain data, that a process which reads strangers' files may send."""

    unreadable: str = ""
    """Why the indexes could not be read; nothing else is said then."""
    releases: tuple[str, ...] = ()
    """The versions of the package that tells a distribution's release."""
    problems: tuple[str, ...] = ()
    """Why nothing can be told, in libsolv's words."""
    updates: tuple[Update, ...] = ()


def installed_rpms(packages: Sequence[Package]) -> tuple[Rpm, ...]:
    """The packages of a manifest, as an archive's names for them."""
    return tuple(
        Rpm(package.name, package.version.removeprefix("0:"), package.architecture)
        for package in packages
        if package.name != _NO_PACKAGE
    )


Newer = Callable[[str, str], bool]
"""Whether the first version is newer than the second one, in rpm's order."""


def newest(rpms: Sequence[Rpm], newer: Newer) -> tuple[Rpm, ...]:
    """Of several versions of a package, as of a kernel, the one that an update takes the place of.

    Packages of one name and of several architectures stay beside each other.
    """
    found: dict[tuple[str, str], Rpm] = {}
    for rpm in rpms:
        key = rpm.name, rpm.architecture
        if key not in found or newer(rpm.version, found[key].version):
            found[key] = rpm
    return tuple(found.values())


def paired(gone: Collection[Rpm], new: Collection[Rpm]) -> Iterator[Step]:
    """What takes whose place, what is new, and what goes, by name.

    Another build of the same version is passed over: the archive's word for it is its version.
    """
    left, coming = sorted(gone), sorted(new)
    pairs: dict[Rpm, Rpm] = {}
    # Another architecture takes the place of a package where nothing else does.
    for exactly in (True, False):
        for rpm in [rpm for rpm in coming if rpm not in pairs]:
            for old in left:
                if old.name == rpm.name and (old.architecture == rpm.architecture or not exactly):
                    pairs[rpm] = old
                    left.remove(old)
                    break
    for rpm in coming:
        replaced = pairs[rpm].version if rpm in pairs else ""
        if replaced != rpm.version:
            yield Step("install", rpm.name, replaced, rpm.version, rpm.architecture)
    for rpm in left:
        yield Step("remove", rpm.name, rpm.version, "", rpm.architecture)


def dated(step: Step, fixes: Sequence[Fix], newer: Newer) -> Update:
    """A step with what the archive's advisories say of it.

    It is a security update where an advisory is of a version after the old one and not after the
    new one, and as old as the first of these: since then the hole is closed elsewhere.
    """
    closing = [
        fix
        for fix in fixes
        if fix.name == step.name
        and fix.architecture == step.architecture
        and step.old
        and newer(fix.version, step.old)
        and not newer(fix.version, step.new)
    ]
    if not closing:
        return Update(step)
    dates = [fix.issued for fix in closing if fix.issued is not None]
    urgent = Step("install", step.name, step.old, step.new, step.architecture, is_security=True)
    return Update(urgent, min(dates, default=None), bool(dates))
