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
    """Of ``setup``, ``build``, ``proof``, ``due`` and ``test``, and for images of another
    architecture ``build-aarch64`` and ``proof-aarch64``."""
    programs: tuple[str, ...]

    @property
    def target(self) -> str:
        """The target of the Makefile that installs it."""
        of_another = any(purpose.endswith("-aarch64") for purpose in self.purposes)
        return "host-aarch64" if of_another else "host"


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
    """What installs packages; a target of the Makefile does that where it has all of them."""
    names = sorted({*packages})
    targets = [package.target for package in debian_packages() if package.name in names]
    # That of another architecture installs what 'host' does, too.
    other_way = f" (or 'make {max(targets)}')" if len(targets) == len(names) else ""
    return f"apt-get install {' '.join(names)}{other_way}"


def _parsed(text: str) -> Iterator[DebianPackage]:
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, purposes, *programs = line.split()
            yield DebianPackage(name, tuple(purposes.split(",")), tuple(programs))
