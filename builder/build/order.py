"""What is to be built, and what its ids are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.plan.model import Plan
from builder.redaction import Secrets
from builder.store.manifest import Snapshot


@dataclass(frozen=True, kw_only=True)
class Order:
    """One build's inputs."""

    plan: Plan
    elements: Sequence[Path]
    """The directories that have the plan's elements."""
    caller: Mapping[str, str]
    """The environment that the build was asked for in."""
    hidden: Secrets
    """What of it nobody else shall read."""
    parts: Mapping[str, str]
    """What an image is made from besides the plan (``reuse.ingredients``)."""
    inputs: str
    """The digest of all that."""
    root_uuid: str
    """Of the root file system; the disk's other ids are made of it."""
    snapshot: Snapshot | None
    """What the packages are taken from, where not from the archive of today."""
    apt: Mapping[str, str]
    """Files that apt has in ``/etc/apt`` while the image is built (``apt_settings``)."""
    date: int | None
    """The time that files get, if not that of the newest package: seconds since 1970."""
