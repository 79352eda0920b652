"""Profiles of a few lines, and what is said of them."""

from pathlib import Path
from typing import Any

from builder.feature import Feature
from builder.features.registry import Registered, Registry, shipped
from builder.profile.load import load
from builder.profile.model import Profile
from builder.profile.yaml import SourceError


def write(directory: Path, text: str, name: str = "mine.yaml") -> str:
    (directory / name).write_text(text, encoding="utf-8")
    return str(directory / name)


def loaded(directory: Path, text: str) -> Profile:
    return load(write(directory, text), shipped())


def shipped_and(*features: Feature[Any]) -> Registry:
    """The shipped features and those of another package."""
    return {**shipped(), **{feature.name: Registered(feature, "a test") for feature in features}}


def problems(directory: Path, text: str, registry: Registry | None = None) -> list[str]:
    """What is said of a profile of this text, each with its place in it; nothing if it loads."""
    try:
        load(write(directory, text), registry or shipped())
    except SourceError as error:
        return [str(problem).replace(f"{directory}/", "") for problem in error.problems]
    return []
