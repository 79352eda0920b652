"""Which files belong to packages."""

from collections.abc import Iterable, Mapping


def owned(paths: Iterable[str], links: Mapping[str, str]) -> frozenset[str]:
    """The paths that packages have brought, without the first slash, as they lie on the disk.

    ``links`` are the symbolic links in its root with their targets: package lists written before
    /usr was merged lead through them.
    """
    return frozenset(_followed(path.strip("/"), links) for path in paths)


def _followed(path: str, links: Mapping[str, str]) -> str:
    first, slash, rest = path.partition("/")
    return f"{links[first].strip('/') if first in links else first}{slash}{rest}"
