"""Where the elements and profiles are: beside the package in a checkout, inside it in a wheel."""

from importlib.resources import files
from pathlib import Path


def elements_path() -> Path:
    """The directory of the diskimage-builder elements."""
    return _resolve("elements")


def profiles_path() -> Path:
    """The directory of the shipped profiles."""
    return _resolve("profiles")


def _resolve(name: str) -> Path:
    package = Path(str(files("builder")))
    packaged = package / "_data" / name
    return packaged if packaged.is_dir() else package.parent / name
