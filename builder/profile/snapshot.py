"""A moment of an archive's past, and where its snapshot of that moment is. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from builder.distribution import Distribution

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"
"""What a moment looks like, for editors of profiles, too."""

SNAPSHOT_MIRRORS: Mapping[Literal["archive", "security"], str] = {
    "archive": "DIB_SNAPSHOT_MIRROR_ARCHIVE",
    "security": "DIB_SNAPSHOT_MIRROR_SECURITY",
}
"""Each kind of mirror with the variable that has the address of its snapshots."""


def moment(text: str) -> datetime:
    """The moment that a text names, in UTC; of a day it is the beginning.

    Raises ``ValueError``, whose text completes "'TEXT' …".
    """
    wrong = "is not a moment: write 2026-11-01 or 2026-11-01T12:00:00Z"
    if not re.fullmatch(MOMENT, text):
        raise ValueError(wrong)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(wrong) from error


def told(at: datetime) -> str:
    """A moment as ``moment`` reads it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def snapshot_address(template: str, at: datetime) -> str:
    """The address of a snapshot: ``{at}`` is 20261101T120000Z, ``{date}`` 2026-11-01.

    An archive that was frozen once has an address without either.
    """
    return template.replace("{at}", f"{at:%Y%m%dT%H%M%SZ}").replace("{date}", f"{at:%Y-%m-%d}")


def no_snapshot_reason(distribution: Distribution) -> str:
    """Why no image of a distribution is built from a snapshot; empty where one can be."""
    if distribution.package_format == "deb":
        return ""
    return f"images of {distribution.name} are not built from snapshots: its archive is not apt's."
