"""The packages of an image as apt reads what is installed: a file ``status`` of dpkg. Pure.

A manifest has names and versions only. Where an index still has the version, its whole paragraph
is taken, so that apt knows what depends on what, and does not take the archive's package for
another one of the same version.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from builder.archive.apt_answer import fields
from builder.store.sections import Package

_NAME = b"Package: "

Identity = tuple[str, str, str]
"""Name, version and architecture."""


def paragraphs(index: bytes, names: Collection[str]) -> Iterator[str]:
    """The paragraphs of an index (``Packages``) about packages of these names."""
    wanted = {name.encode() for name in names}
    for found in index.split(b"\n\n"):
        paragraph = found.strip(b"\n")
        first = paragraph.partition(b"\n")[0]  # policy manual, 5.3, and every archive's way
        if first.startswith(_NAME) and first.removeprefix(_NAME).strip() in wanted:
            yield paragraph.decode(errors="replace")


def identity(paragraph: str) -> Identity:
    """Which package a paragraph is about; what it does not say is empty."""
    said = fields(paragraph)
    return said.get("Package", ""), said.get("Version", ""), said.get("Architecture", "")


def bare_name(package: Package) -> str:
    """The name without the architecture that dpkg adds where several may be installed."""
    return package.name.partition(":")[0]


def status_file(packages: Sequence[Package], indexed: Iterable[str]) -> str:
    """The file that says that these packages are installed; ``indexed``: paragraphs of indexes."""
    by_identity: Mapping[Identity, str] = {identity(paragraph): paragraph for paragraph in indexed}
    return "".join(
        f"{by_identity.get(_identity(package)) or _minimal(package)}\n"
        "Status: install ok installed\n\n"
        for package in packages
    )


def _identity(package: Package) -> Identity:
    return bare_name(package), package.version, package.architecture


def _minimal(package: Package) -> str:
    name, version, architecture = _identity(package)
    return f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}"
