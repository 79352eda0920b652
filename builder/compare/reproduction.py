"""Whether a build that was made again is the same file, and if not, why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.compare.builds import common_format
from builder.compare.change import Change, changes
from builder.compare.packages import PackageChange, package_changes
from builder.store.manifest import Manifest


@dataclass(frozen=True)
class FileDifference:
    """A file that two images have in common, and how it differs."""

    path: str
    text: str
    """In diffoscope's words; a sentence where these were not to be had."""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A build, the same build made again, and what differs between them."""

    old: Manifest
    new: Manifest
    made_from: tuple[Change[str], ...]
    """Versions and digests of programs, code and elements, by part."""
    tools: tuple[Change[str], ...]
    packages: tuple[PackageChange, ...]
    files: tuple[Change[str], ...] | None
    """Those that belong to no package, with their SHA-256; None where no bill tells of them."""
    first: FileDifference | None = None
    """How the first file differs that both images have, where that was looked at."""

    @property
    def same(self) -> bool:
        """Whether both image files have the same bytes."""
        return self.old.image.sha256 == self.new.image.sha256

    @property
    def first_changed(self) -> str | None:
        """The path of the first file that both have, and that differs."""
        changed = (each.name for each in self.files or () if None not in {each.old, each.new})
        return next(changed, None)


def reproduction(
    old: Manifest,
    new: Manifest,
    old_files: Mapping[str, str] | None,
    new_files: Mapping[str, str] | None,
) -> Reproduction:
    """Compare a build with the one that was made again; files are by path, with their SHA-256."""
    return Reproduction(
        old=old,
        new=new,
        made_from=changes(old.ingredients, new.ingredients),
        tools=changes(old.tools, new.tools),
        packages=package_changes(old.packages, new.packages, common_format(old, new)),
        files=None if old_files is None or new_files is None else changes(old_files, new_files),
    )
