"""What a repository says of its indexes: ``repodata/repomd.xml``. Pure.

The form is createrepo's; dnf and zypper document it no further than by reading it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from builder.archive.rpm.plain_xml import Attributes, PlainXmlError, read_xml

INDEX_LIMIT = 256 << 20
"""Bytes of one compressed index. openSUSE's largest has some twenty million."""

_PACKAGES = "primary"

_DIGESTS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Kinds of checksums that still prove something, each with its hexadecimal digits."""

_LOCATION = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.+~-]*/)*[A-Za-z0-9_][A-Za-z0-9_.+~-]*")
"""A path below the repository, without ``..`` and without a scheme."""

_FORMS = re.compile(r".+?(?P<form>\.(?:xml|yaml)(?:\.(?:gz|bz2|xz|zst))?)")


@dataclass(frozen=True)
class Index:
    """A file that a repository lists."""

    location: str
    """Its path below the repository."""
    algorithm: str
    """Of its checksum, as hashlib calls it."""
    digest: str
    size: int
    """Bytes, as it lies there."""

    @property
    def form(self) -> str:
        """Its suffixes, which tell how it is compressed."""
        match = _FORMS.fullmatch(self.location)
        assert match is not None
        return match["form"]


def indexes_of(repomd: bytes, kinds: frozenset[str]) -> Mapping[str, Index]:
    """The indexes of these kinds, by their kind; that of all packages is always there.

    Raises ``ValueError`` for what is no list of indexes, or one that cannot be believed.
    """
    reading = _Reading(kinds)
    try:
        read_xml(repomd, reading.start, reading.text)
    except PlainXmlError as error:
        raise ValueError(str(error)) from error
    if reading.root != "repomd":
        raise ValueError(f"it is not a list of indexes, but <{reading.root}>")
    if _PACKAGES not in reading.found:
        raise ValueError("it names no index of packages")
    return dict(_checked(reading.found))


@dataclass
class _Said:
    """What is said of an index; all of it may be missing, or anything."""

    values: dict[str, str] = field(default_factory=dict)


class _Reading:
    """Collects the elements that matter."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self.root = ""
        self.found: dict[str, _Said] = {}
        self._kinds = kinds
        self._said: _Said | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        if not self.root:
            self.root = name
        elif name == "data":
            kind = attributes.get("type", "")
            self._said = self.found.setdefault(kind, _Said()) if kind in self._kinds else None
        elif self._said is not None and name == "location":
            base = "an address of its own" if "xml:base" in attributes else ""
            self._said.values["location"] = base or attributes.get("href", "")
        elif self._said is not None and name == "checksum":
            self._said.values["algorithm"] = attributes.get("type", "")

    def text(self, name: str, text: str) -> None:
        if self._said is not None and name in {"checksum", "size"}:
            self._said.values[name] = text


def _checked(found: Mapping[str, _Said]) -> Iterator[tuple[str, Index]]:
    for kind, said in found.items():
        location = said.values.get("location", "")
        algorithm = said.values.get("algorithm", "")
        digest = said.values.get("checksum", "")
        size = said.values.get("size", "")
        if not (_LOCATION.fullmatch(location) and _FORMS.fullmatch(location)):
            raise ValueError(f"its index '{kind}' does not lie below the repository: {location!r}")
        if not re.fullmatch(rf"[0-9a-f]{{{_DIGESTS.get(algorithm, 1)}}}", digest):
            raise ValueError(f"its index '{kind}' has no checksum of {', '.join(_DIGESTS)}")
        if not re.fullmatch(r"[0-9]{1,12}", size) or int(size) > INDEX_LIMIT:
            raise ValueError(f"its index '{kind}' has no size that can be believed")
        yield kind, Index(location, algorithm, digest, int(size))
