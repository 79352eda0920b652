"""Glance's JSON of an image becomes a ``CloudImage``, or is refused. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from builder.publish.cloud.image import CloudImage

_ATTRIBUTES = frozenset(
    {
        "id", "name", "status", "visibility", "protected", "os_hidden", "checksum", "os_hash_algo",
        "os_hash_value", "owner", "size", "virtual_size", "container_format", "disk_format",
        "created_at", "updated_at", "tags", "min_ram", "min_disk", "file", "self", "schema",
        "locations", "direct_url", "stores",
    }
)  # fmt: skip
"""What Glance's image schema names; everything else is a property."""

_GLANCES_OWN = "os_glance_"
_FIRST_YEAR, _LAST_YEAR = 1970, 3000

_IMAGE = TypeAdapter(CloudImage)


def image_of(found: Mapping[str, Any]) -> CloudImage:  # Any: JSON
    """The image. Raises ``ValueError``, or ``KeyError``, for what has another shape."""
    fields = {
        "id": found["id"],
        "name": found.get("name") or "",
        "status": found["status"],
        "hidden": bool(found.get("os_hidden")),
        "visibility": found["visibility"],
        "protected": bool(found.get("protected")),
        "owner": found.get("owner") or "",
        "created": _time(found["created_at"]),
        "updated": _time(found["updated_at"]),
        "size": found.get("size"),
        "hash_algorithm": found.get("os_hash_algo") or "",
        "hash_value": found.get("os_hash_value") or "",
        "disk_format": found.get("disk_format") or "",
        "container_format": found.get("container_format") or "",
        "min_disk": found.get("min_disk") or 0,
        "min_ram": found.get("min_ram") or 0,
        "tags": frozenset(found.get("tags") or ()),
        "properties": _properties(found),
        "stores": found.get("stores") or "",
    }
    try:
        return _IMAGE.validate_python(fields)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ValueError("; ".join(wrong)) from error


def _properties(found: Mapping[str, Any]) -> dict[str, str]:  # Any: JSON
    return {
        name: str(value)
        for name, value in found.items()
        if name not in _ATTRIBUTES and not name.startswith(_GLANCES_OWN) and value is not None
    }


def _time(text: str) -> datetime:
    """Raises ``ValueError`` for a time in which there was no Glance yet, or is none any more."""
    stamp = datetime.fromisoformat(text)
    if not _FIRST_YEAR <= stamp.year < _LAST_YEAR:
        raise ValueError(f"a time in the year {stamp.year}")
    return stamp.astimezone(UTC)
