"""How an image in Glance differs from the image that it is to be. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from builder.publish.cloud.image import ACTIVE, NOTES, CloudImage, Wanted

SHOWN = 90


@dataclass(frozen=True)
class Difference:
    """One thing that differs; None is nothing."""

    what: str
    is_now: str | None
    should_be: str | None

    def __str__(self) -> str:
        if self.is_now is None:
            return f"+ {self.what}={_shown(self.should_be)}"
        if self.should_be is None:
            return f"- {self.what}={_shown(self.is_now)}"
        return f"~ {self.what}: {_shown(self.is_now)} -> {_shown(self.should_be)}"


def known_hash(wanted: Wanted, algorithm: str) -> str | None:
    """The data's hash in Glance's algorithm, or None where the manifest has none of it."""
    return wanted.data.hashes.get(algorithm)


def content_differences(
    image: CloudImage, wanted: Wanted, hash_value: str | None
) -> list[Difference]:
    """What differs in the data and in what Glance knows of it.

    ``hash_value`` is that of the file in the image's own algorithm; where that is not known it is
    None, and the hash is not compared.
    """
    pairs: tuple[tuple[str, str | None, str | None], ...] = (
        ("status", image.status, ACTIVE),
        ("size", _text(image.size), str(wanted.data.size)),
        ("disk_format", image.disk_format, wanted.data.disk_format),
        ("container_format", image.container_format, "bare"),
        ("hash", image.hash_value or None, hash_value or image.hash_value or None),
    )
    return [Difference(what, now, should) for what, now, should in pairs if now != should]


def property_differences(image: CloudImage, wanted: Wanted) -> list[Difference]:
    """What differs in properties, tags and needs of memory and disk."""
    pairs = [
        ("min_disk", str(image.min_disk), str(wanted.min_disk)),
        ("min_ram", str(image.min_ram), str(wanted.min_ram)),
        ("tags", _words(image.tags), _words(wanted.tags)),
    ]
    found = [Difference(what, now, should) for what, now, should in pairs if now != should]
    return found + mapping_differences(image.properties, wanted.properties)


def restoring(
    differences: Iterable[Difference], wanted: Wanted
) -> tuple[dict[str, object], tuple[str, ...]]:
    """The values that make an image as wanted, and the properties to take away for it."""
    values: dict[str, object] = {
        **wanted.properties,
        "min_disk": wanted.min_disk,
        "min_ram": wanted.min_ram,
        "tags": sorted(wanted.tags),
        "visibility": wanted.visibility,
    }
    found = tuple(differences)
    return (
        {result.what: values[result.what] for result in found if result.what in values},
        tuple(result.what for result in found if result.what not in values),
    )


def mapping_differences(
    now: Mapping[str, str], should: Mapping[str, str], ignored: Sequence[str] = NOTES
) -> list[Difference]:
    """What differs in properties, apart from the ignored ones."""
    names = sorted((set(now) | set(should)) - set(ignored))
    return [
        Difference(name, now.get(name), should.get(name))
        for name in names
        if now.get(name) != should.get(name)
    ]


def _words(words: frozenset[str]) -> str | None:
    return ", ".join(sorted(words)) or None


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _shown(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
