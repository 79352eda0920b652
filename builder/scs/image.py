"""An image as the standards look at it, in a cloud or before it gets there. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from builder.scs.purpose import PURPOSE


@dataclass(frozen=True, kw_only=True)
class ScsImage:
    """An image, or what a build would be as one."""

    name: str
    build: str
    """The build that this program has published it of; empty for what somebody else has made."""
    properties: Mapping[str, str]
    tags: frozenset[str]
    min_disk: int
    """GiB."""
    min_ram: int
    """MiB."""
    size: int | None
    """Bytes of the data; None where Glance has none."""
    visibility: str
    hidden: bool = False
    id: str = ""
    """Glance's; empty for what is in no cloud yet."""
    hash_algorithm: str = ""
    """That of Glance's hash of the data; empty for what is in no cloud yet."""
    registered: datetime | None = None

    @property
    def offered(self) -> bool:
        """Whether a cloud offers it to everybody, which is what the standards are about."""
        return self.visibility in ("public", "community")

    @property
    def found(self) -> bool:
        """Whether users who look through the public images see it."""
        return self.visibility == "public" and not self.hidden

    @property
    def purpose(self) -> str:
        """Its ``os_purpose``, or the empty string."""
        return self.properties.get(PURPOSE, "")
