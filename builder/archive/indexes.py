"""The package indexes of an archive, as it has signed them."""

from collections.abc import Mapping

from builder.archive.apt_root import AptRoot
from builder.archive.sources import Source
from builder.errors import HostError


def verified_indexes(root: AptRoot) -> Mapping[Source, bytes]:
    """Each source's indexes, fetched once more where they are not what the archive has signed.

    Raises ``HostError`` where they are not then either.
    """
    try:
        return _read(root)
    except (ValueError, OSError):
        root.forget()
        root.update()
    try:
        return _read(root)
    except (ValueError, OSError) as error:
        raise HostError(
            "The package indexes are not what their release file says, also when fetched anew.",
            details=[str(error)],
            hint="So it is unknown what is new. The mirror may be changing, or broken:"
            " run the same command again in a while, or name another mirror.",
        ) from error


def _read(root: AptRoot) -> dict[Source, bytes]:
    return {
        source: b"\n\n".join(path.read_bytes() for path in root.indexes(source))
        for source in root.sources
    }
