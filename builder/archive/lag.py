"""Which security updates an image lacks: its packages against the index of the updates. Pure.

What a new image would have (``updates``) is another question: as soon as the archive proper has a
later version than the archive of security updates, a new image has that one, and the image that
lacks both still lacks the security update.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.archive.dates import Since, Version
from builder.archive.installed import bare_name, identity
from builder.compare.versions import order
from builder.store.sections import Package
from builder.words import age, day_of

_OF_ALL = "all"
"""The architecture of packages that are the same on all of them."""


@dataclass(frozen=True)
class Missing:
    """A security update that an image lacks."""

    package: str
    installed: str
    """The version that the image has."""
    fixed: str
    """The newest one of the archive of security updates."""
    since: Since | None = None
    """Since when there is an update that it lacks; None where nothing tells."""

    def note(self, now: datetime) -> str:
        """For how long it is there."""
        if self.since is None:
            return "of unknown age"
        least = "" if self.since.dated else " or more"
        return f"there for {age(now - self.since.at)}{least}, since {day_of(self.since.at)}"

    def told(self, now: datetime) -> str:
        """All of it, on one line."""
        return f"{self.package} {self.installed} -> {self.fixed}: {self.note(now)}"

    def older_than(self, limit: timedelta, now: datetime) -> bool | None:
        """Whether it is there for longer; None where nobody knows."""
        if self.since is not None and now - self.since.at > limit:
            return True
        return False if self.since is not None and self.since.dated else None


def newest(listed: Iterable[str]) -> Mapping[str, str]:
    """The newest version of each package, by paragraphs of an index."""
    found: dict[str, str] = {}
    for paragraph in listed:
        name, version, _ = identity(paragraph)
        if name not in found or order(found[name], version, "deb") == 1:
            found[name] = version
    return found


def missing(
    packages: Sequence[Package], updates: Mapping[str, str], dates: Mapping[Version, Since]
) -> Iterator[Missing]:
    """What the packages lack of the newest security updates, by their names.

    An update of a package is missed since the first one that is later than what is installed.
    """
    for package in packages:
        name = bare_name(package)
        fixed = updates.get(name, "")
        if fixed and order(package.version, fixed, "deb") == 1:
            later = [
                since
                for (updated, version), since in dates.items()
                if updated == name
                and order(package.version, version, "deb") == 1
                and order(version, fixed, "deb") in {0, 1}
            ]
            first = min(later, key=lambda since: since.at, default=None)
            yield Missing(name, package.version, fixed, first)


def unknown_packages(packages: Sequence[Package], architecture: str) -> Iterator[str]:
    """What no index tells of, a sentence each: other architectures, versions that make no sense."""
    others = sorted({package.architecture for package in packages} - {architecture, _OF_ALL})
    for other in others:
        yield f"Packages of {other} were not asked for: the sources are of {architecture}."
    for package in packages:
        if order(package.version, package.version, "deb") is None:
            yield f"{package.name} {package.version} is not a version of a Debian package."
