"""Which images the jobs build: profiles, as a job finds them in the repository."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from builder.ci.nightly import Image
from builder.ci.paths import path_from_top
from builder.errors import InputError
from builder.features.registry import installed
from builder.host.paths import profiles_path
from builder.profile.load import files_of, load, load_shipped
from builder.profile.model import SUFFIXES
from builder.words import enumeration


def images_of(profiles: Sequence[str], repository: Path) -> Sequence[Image]:
    """The images of profiles, each once; without any, of those that are shipped and proven.

    Raises ``InputError`` where a job in the repository could not build one of them.
    """
    registry = installed()
    if not profiles:
        return [
            Image(profile.name, profile.name)
            for profile in load_shipped(registry)
            if not profile.distribution.untested_reason
        ]
    images = []
    for word in dict.fromkeys(profiles):
        path = _in_repository(word, repository)
        images.append(Image(path, load(word, registry).name))
        _require_in_repository(word, repository)
    names = Counter(image.name for image in images)
    if twice := [name for name, count in names.items() if count > 1]:
        raise InputError(
            f"Several of the profiles are called {enumeration(twice, 'and')}.",
            details=["Their builds would lie in one directory, and have one name in the clouds."],
            hint="Rename their files.",
        )
    return images


def _in_repository(word: str, repository: Path) -> str:
    """A shipped profile's name, or a profile file's path from the repository's top."""
    if "/" not in word and not word.endswith(SUFFIXES):
        return word
    return path_from_top(Path(word), repository, "profile")


def _require_in_repository(word: str, repository: Path) -> None:
    """Raise ``InputError`` where a profile extends one that no job finds."""
    for file in files_of(word):
        if file.parent != profiles_path():
            path_from_top(file, repository, "profile")
