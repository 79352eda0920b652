"""Which images the jobs build: profiles, as a job finds them in the repository."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from builder.ci.nightly import PATH, Image
from builder.errors import InputError
from builder.features.registry import installed
from builder.profile.load import load, load_shipped
from builder.profile.model import SUFFIXES
from builder.words import enumeration, shown


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
    images = [
        Image(_in_repository(word, repository.resolve()), load(word, registry).name)
        for word in dict.fromkeys(profiles)
    ]
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
    try:
        path = Path(word).resolve().relative_to(repository).as_posix()
    except ValueError as error:
        raise InputError(
            f"The profile {shown(word)} lies outside of {repository}, where the jobs look for it.",
            hint="Move it into the repository, or name the repository's top with --directory.",
        ) from error
    if not re.fullmatch(PATH, path):
        raise InputError(
            f"The path {shown(path)} could mean something else to a CI.",
            hint="Use letters, digits, '-', '_' and '.' only.",
        )
    return path
