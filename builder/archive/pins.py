"""Whether an archive still has the very versions that an image has been made from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from pathlib import Path

from builder.archive.apt_root import apt_root
from builder.archive.indexes import verified_indexes
from builder.archive.installed import Identity, bare_name, identity, paragraphs
from builder.archive.sources import sources_of
from builder.build.dib_environment import mirrors, secrets
from builder.compare.versions import order
from builder.errors import BuilderError, HostError
from builder.plan.model import Plan
from builder.store.sections import Package


@dataclass(frozen=True)
class Gone:
    """A package that is not to be had any more in the version that an image has."""

    package: Package
    available: tuple[str, ...]
    """The versions that there are instead, oldest first."""

    @property
    def told(self) -> str:
        """All of it, on one line."""
        there = ", ".join(self.available) or "none"
        return f"{self.package.name} {self.package.version}: the archive has {there}"


def pins(
    plan: Plan, packages: Sequence[Package], *, cache: Path, caller: Mapping[str, str]
) -> tuple[Package, ...]:
    """The packages of an image that a build must take in the image's versions: all of them.

    Those that came with the plan's own files are none of the archive's and left out. Raises
    ``HostError`` with every package that is gone, or where that cannot be known; ``InputError`` for
    addresses that nobody can ask.
    """
    hidden = secrets(plan, caller)
    try:
        listed = _listed(plan, packages, cache, caller)
    except BuilderError as error:
        hidden.redact_error(error)
        raise
    gone = tuple(lost(packages, listed, own_files=bool(plan.files)))
    if gone:
        raise HostError(
            f"{len(gone)} of {len(packages)} packages are not to be had any more in the versions of"
            " the build.",
            details=[each.told for each in gone],
            hint="Take them from a snapshot of then, with --at, or name mirrors that still have"
            " them: DIB_DISTRIBUTION_MIRROR and DIB_DEBIAN_SECURITY_MIRROR in the environment.",
        )
    there = {(name, architecture) for name, _, architecture in listed}
    return tuple(each for each in packages if (bare_name(each), each.architecture) in there)


def lost(
    packages: Iterable[Package], listed: Iterable[Identity], *, own_files: bool
) -> Iterator[Gone]:
    """Which of the packages are not among those that are listed, in the order of the packages.

    With ``own_files`` a package of which nothing is listed is taken for one of these. Pure.
    """
    versions = defaultdict[tuple[str, str], set[str]](set)
    for name, version, architecture in listed:
        versions[name, architecture].add(version)
    for package in packages:
        found = versions.get((bare_name(package), package.architecture), set())
        if package.version not in found and not (own_files and not found):
            yield Gone(package, tuple(sorted(sorted(found), key=cmp_to_key(_age))))


def _age(version: str, other: str) -> int:
    return order(other, version, "deb") or 0


def _listed(
    plan: Plan, packages: Sequence[Package], cache: Path, caller: Mapping[str, str]
) -> frozenset[Identity]:
    """What the archive has under the names of these packages, by its signed indexes."""
    sources = sources_of(plan.distribution, mirrors(plan, caller), plan.environment, plan.snapshot)
    names = {bare_name(package) for package in packages}
    with apt_root(cache, plan.distribution, sources, caller) as root:
        root.update()
        return frozenset(
            identity(text)
            for data in verified_indexes(root).values()
            for text in paragraphs(data, names)
        )
