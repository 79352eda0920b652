"""From ``images.yaml`` to the images that it names, or to everything that is wrong with it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from builder.errors import InputError
from builder.features.registry import Registry
from builder.fleet.model import Cloud, Document, Entry, Fleet, Image, Way
from builder.fleet.variants import Variant, children, variants
from builder.plan.merge import make_plan
from builder.profile.load import load_overlay
from builder.profile.messages import diagnose, unknown
from builder.profile.model import NAME_PATTERN
from builder.profile.yaml import Position, Problem, SourceError, Value, read
from builder.publish.cloud.names import public_name
from builder.words import enumeration, shown

M = TypeVar("M", bound=BaseModel)

FILE_NAME = "images.yaml"

_ONE_NAME = (
    "Only the last of them would answer to that name.",
    "Let their profiles say another 'publish.name', such as '{profile}'.",
)


def load_fleet(path: Path, registry: Registry) -> Fleet:
    """The images of a file, each with its plan.

    Raises ``SourceError`` (an ``InputError``) with every problem of the file and of the profiles
    that it names, and ``InputError`` where it cannot be read.
    """
    try:
        root = read(path, str(path))
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read.",
            details=[f"{error.strerror}."],
            hint="Name a file of images that you may read; docs/fleet.md shows one.",
        ) from error
    if not isinstance(root.content, dict):
        message = f"expected a mapping of keys such as 'images:', not {shown(root.plain())}."
        raise SourceError([Problem(root.position, message)])
    return _Reader(root, registry).fleet()


class _Reader:
    """Validates the file's sections and the profiles of its images, and collects the problems."""

    def __init__(self, root: Value, registry: Registry) -> None:
        self.root = root
        self.registry = registry
        self.problems: list[Problem] = []

    def fleet(self) -> Fleet:
        """The valid fleet. Raises ``SourceError`` with every problem."""
        self._check(Document, _present(self.root), ())
        clouds = self._section("clouds", Cloud)
        ways = self._section("ways", Way)
        images = [
            image
            for name, entry in self._section("images", Entry).items()
            for image in self._images(name, entry, ways)
        ]
        self.problems += self._shared_names(images)
        if self.problems:
            raise SourceError(self.problems)
        return Fleet(tuple(images), clouds)

    def _section(self, name: str, model: type[M]) -> dict[str, M]:
        """The valid members of a section."""
        found = {}
        for word, value in children(self.root, name).items():
            member = self._check(model, _present(value), (name, word))
            if not NAME_PATTERN.fullmatch(word) and name != "clouds":
                message = (
                    "it is not a name: use lower-case letters, digits, '-', '_' and '.', begin with"
                    " a letter or digit, and have 64 characters at most."
                )
                self.problems.append(Problem(self._key(name, word), message, f"{name}.{word}"))
            elif member is not None:
                found[word] = member
        return found

    def _check(self, model: type[M], value: Value, location: tuple[str, ...]) -> M | None:
        plain = value.plain()
        try:
            return model.model_validate_json(json.dumps(plain), strict=True)
        except ValidationError as error:
            self.problems += diagnose(error, model, self.root, location)
            return None

    def _images(self, name: str, entry: Entry, ways: Mapping[str, Way]) -> list[Image]:
        value = children(self.root, "images")[name]
        if entry.way is not None and entry.way not in children(self.root, "ways"):
            position = children(value)["way"].position
            path = f"images.{name}.way"
            self.problems.append(
                unknown("way", entry.way, tuple(children(self.root, "ways")), position, path)
            )
        way = ways.get(entry.way or "", Way())
        found = list(variants(name, value, Value(name, self._key("images", name))))
        images, problems = [], defaultdict[Problem, list[str]](list)
        for variant in found:
            try:
                images.append(self._image(variant, way))
            except SourceError as error:
                for problem in error.problems:
                    problems[problem].append(variant.name)
        for problem, names in problems.items():
            self.problems.append(_of_images(problem, name, names, len(found)))
        return images

    def _image(self, variant: Variant, way: Way) -> Image:
        """Raises ``SourceError``."""
        if not NAME_PATTERN.fullmatch(variant.name):
            message = (
                f"the image {shown(variant.name)} cannot be called so: a name has 64 characters at"
                " most, lower-case letters, digits, '-', '_' and '.'."
            )
            raise SourceError([Problem(variant.overlay.position, message, "variants")])
        profile = load_overlay(variant.overlay, variant.name, self.registry)
        return Image(profile, make_plan(profile, self.registry), way)

    def _key(self, section: str, word: str) -> Position:
        return children(self.root)[section].keys[word]

    def _shared_names(self, images: Iterable[Image]) -> Iterator[Problem]:
        """What only one image can be called, and several are."""
        named, public = Counter[str](), defaultdict[str, list[str]](list)
        for image in images:
            named[image.name] += 1
            for cloud in clouds_of(image.way):
                title = public_name(image.plan, image.plan.publish)
                public[f"{shown(title)} in {cloud}"].append(image.name)
        position = self.root.keys["images"] if named else self.root.position
        for name, count in named.items():
            if count > 1:
                message = f"{count} images are called {shown(name)}, one by its variants."
                yield Problem(position, message, "images", ("Rename one of them.",))
        for title, names in public.items():
            if len(owners := dict.fromkeys(names)) > 1:
                message = f"{enumeration(owners, 'and')} would all be published as {title}."
                yield Problem(position, message, "images", _ONE_NAME)


def clouds_of(way: Way) -> tuple[str, ...]:
    """Every cloud of a way, staging first."""
    return tuple(dict.fromkeys([*([way.staging] if way.staging else []), *way.production]))


_NAMED = {"clouds", "ways", "images", "features"}
"""Keys of mappings whose members have names of the user's own."""


def _present(value: Value) -> Value:
    """The value, of which named members without a value count as empty ones: they are meant."""
    if not isinstance(value.content, dict):
        return replace(value, content={}) if value.content is None else value
    content = {
        key: _present_members(child)
        if key in _NAMED
        else _present(child)
        if key == "variants"
        else child
        for key, child in value.content.items()
    }
    return replace(value, content=content)


def _present_members(section: Value) -> Value:
    content = {key: _present(member) for key, member in children(section).items()}
    return replace(section, content=content) if content or section.content is None else section


def _of_images(problem: Problem, entry: str, names: list[str], of: int) -> Problem:
    """The problem of a profile, with the images that have it, unless all of the entry do."""
    if problem.path == "extends":
        problem = replace(problem, path=f"images.{entry}.profile")
    if len(names) == of:
        return problem
    listed = f"In the {'image' if len(names) == 1 else 'images'} {enumeration(names, 'and')}."
    return replace(problem, details=(*problem.details, listed))
