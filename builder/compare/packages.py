"""Which packages came, went, and changed their version."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from builder.compare.versions import PackageFormat, order
from builder.store.sections import Package

Kind = Literal["up", "down", "changed", "added", "removed"]
"""``changed`` is what went neither up nor down: another architecture, versions without an order."""

KINDS: tuple[Kind, ...] = ("up", "down", "changed", "added", "removed")


@dataclass(frozen=True)
class PackageChange:
    """A package as it was and as it is; None where there was, or is, none."""

    kind: Kind
    old: Package | None
    new: Package | None

    @property
    def name(self) -> str:
        """As its package manager says it, which for some packages has the architecture."""
        package = self.new or self.old
        assert package is not None
        return package.name


def in_another_version(found: Iterable[PackageChange]) -> tuple[str, ...]:
    """The bare names of the packages that both have, in two versions."""
    names = (
        _bare_name(change.new)
        for change in found
        if change.old and change.new and change.old.version != change.new.version
    )
    return tuple(dict.fromkeys(names))


def package_changes(
    old: Sequence[Package], new: Sequence[Package], package_format: PackageFormat | None
) -> tuple[PackageChange, ...]:
    """What differs between two lists of packages, by name.

    ``package_format`` is what orders versions; None orders none. Of a package that is installed in
    several versions, as kernels of RPM distributions are, each comes and goes by itself.
    """
    same = {_identity(package) for package in old} & {_identity(package) for package in new}
    before = [package for package in old if _identity(package) not in same]
    after = [package for package in new if _identity(package) not in same]
    return tuple(
        PackageChange(_kind(was, is_now, package_format), was, is_now)
        for was, is_now in _pairs(before, after, (_bare_name, lambda package: package.architecture))
    )


Pair = tuple[Package | None, Package | None]


def _pairs(
    old: Sequence[Package], new: Sequence[Package], keys: Sequence[Callable[[Package], str]]
) -> Iterator[Pair]:
    """Which package became which: the only one of a name, or else of a name and architecture."""
    if not keys:
        yield from ((package, None) for package in old)
        yield from ((None, package) for package in new)
        return
    key, *others = keys
    for value in sorted({key(package) for package in (*old, *new)}):
        before = [package for package in old if key(package) == value]
        after = [package for package in new if key(package) == value]
        if len(before) == len(after) == 1:
            yield before[0], after[0]
        else:
            yield from _pairs(before, after, others)


def _kind(old: Package | None, new: Package | None, package_format: PackageFormat | None) -> Kind:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    match order(old.version, new.version, package_format):
        case 1:
            return "up"
        case -1:
            return "down"
        case _:
            return "changed"


def _identity(package: Package) -> tuple[str, str, str]:
    return _bare_name(package), package.version, package.architecture


def _bare_name(package: Package) -> str:
    """The name without the architecture that dpkg adds where several may be installed."""
    return package.name.partition(":")[0]
