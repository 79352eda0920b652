"""Whether a build that was made again is the same file, and if not, why. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.compare.builds import common_format
from builder.compare.change import Change, changes
from builder.compare.packages import PackageChange, package_changes
from builder.store.manifest import Manifest


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

    @property
    def same(self) -> bool:
        """Whether both image files have the same bytes."""
        return self.old.image.sha256 == self.new.image.sha256


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
