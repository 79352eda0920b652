"""Where things are: elements and profiles (in a checkout or in a wheel), and the cache."""

import os
from importlib.resources import files
from pathlib import Path

from platformdirs import user_cache_path


def elements_path() -> Path:
    """The directory of the diskimage-builder elements."""
    return _resolve("elements")


def profiles_path() -> Path:
    """The directory of the shipped profiles."""
    return _resolve("profiles")


def cache_directory() -> Path:
    """What is kept between runs: the user's cache directory, or GUEST_IMAGE_CACHE."""
    chosen = os.environ.get("GUEST_IMAGE_CACHE")
    if chosen:
        return Path(chosen).absolute()
    return user_cache_path("guest-image-builder", appauthor=False)


def _resolve(name: str) -> Path:
    package = Path(str(files("builder")))
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parent / name
