"""From an image of the matrix to its variants, each a mapping that is laid over a profile. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from builder.profile.yaml import Value


@dataclass(frozen=True)
class Variant:
    """One image, as a document that extends the entry's profile."""

    name: str
    overlay: Value


@dataclass(frozen=True)
class _Choice:
    """One value of an axis: how it is called, and the keys of a profile that say it."""

    name: str
    keys: dict[str, Value]


def variants(name: str, entry: Value, key: Value) -> Iterator[Variant]:
    """The images of an entry that is valid; ``key`` is its name at its place.

    An image without variants has the entry's own name, others have their choices in theirs.
    """
    profile = children(entry).get("profile")
    extends = profile if profile and profile.content is not None else key
    for combination in product(*_axes(entry)):
        keys = {"extends": extends}
        for choice in combination:
            keys |= choice.keys
        positions = {word: value.position for word, value in keys.items()}
        yield Variant(
            "-".join([name, *(choice.name for choice in combination)]),
            Value(keys, key.position, positions),
        )


def _axes(entry: Value) -> Iterator[list[_Choice]]:
    """The axes that are not empty: distribution, features, format."""
    axes = children(entry, "variants")
    if names := _items(axes.get("distribution")):
        yield [_Choice(str(item.content), {"distribution": item}) for item in names]
    if sets := children(axes.get("features")):
        yield [
            _Choice(word, {} if section.content is None else {"features": section})
            for word, section in sets.items()
        ]
    if formats := _items(axes.get("format")):
        yield [
            _Choice(str(item.content), {"disk": Value({"format": item}, item.position)})
            for item in formats
        ]


def children(value: Value | None, key: str = "") -> dict[str, Value]:
    """What stands in a mapping, or in the one below its ``key``; nothing where it is none."""
    if value is not None and key:
        value = children(value).get(key)
    return value.content if value is not None and isinstance(value.content, dict) else {}


def _items(value: Value | None) -> list[Value]:
    return value.content if value is not None and isinstance(value.content, list) else []
