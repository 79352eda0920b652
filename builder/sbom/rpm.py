"""What rpm tells of a package's source."""

_SUFFIXES = (".src.rpm", ".nosrc.rpm")


def source_of(file: str) -> tuple[str, str]:
    """Name and version of a source package by its file, as ``SOURCERPM`` names it; empty for none.

    Neither a version nor a release has a hyphen in it.
    """
    stem = next((file.removesuffix(end) for end in _SUFFIXES if file.endswith(end)), "")
    parts = stem.rsplit("-", 2)
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - name, version, release
        return "", ""
    return parts[0], f"{parts[1]}-{parts[2]}"
