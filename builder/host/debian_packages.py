"""The Debian packages that work on this host needs, by the list that ``make host`` installs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LIST = "debian_packages.txt"


@dataclass(frozen=True)
class DebianPackage:
    """A package, the kinds of work that need it, and the programs that these look for."""

    name: str
    purposes: tuple[str, ...]
    """Of ``setup``, ``build``, ``proof``, ``due`` and ``test``."""
    programs: tuple[str, ...]


@cache
def debian_packages() -> tuple[DebianPackage, ...]:
    """Everything that the list has, in its order."""
    return tuple(_parsed(files("builder.host").joinpath(LIST).read_text(encoding="utf-8")))


def programs_for(purpose: str) -> Mapping[str, str]:
    """The programs that this kind of work looks for, each with the package that has it."""
    return {
        program: package.name
        for package in debian_packages()
        if purpose in package.purposes
        for program in package.programs
    }


def installation(packages: Iterable[str]) -> str:
    """What installs packages; ``make host`` does that where it has all of them."""
    names = sorted(packages)
    listed = {package.name for package in debian_packages()}
    other_way = " (or 'make host')" if listed.issuperset(names) else ""
    return f"apt-get install {' '.join(names)}{other_way}"


def _parsed(text: str) -> Iterator[DebianPackage]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, purposes, *programs = line.split()
            yield DebianPackage(name, tuple(purposes.split(",")), tuple(programs))
