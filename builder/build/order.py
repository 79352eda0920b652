"""What is to be built, and what its ids are made of."""

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.build.apt_settings import apt_settings
from builder.build.dib_environment import secrets
from builder.build.elements import elements_paths
from builder.build.reuse import content_of, digest_of, ingredients
from builder.build.source_date import asked
from builder.features.registry import installed
from builder.plan.model import Plan
from builder.redaction import Secrets
from builder.store.manifest import Manifest
from builder.store.sections import Package, Snapshot

_NAMESPACE = uuid.UUID("3d9c4a67-51c8-4b7e-9a52-d1f06f8e2b13")
"""Of the ids that are made of a build's inputs: a random UUID, once and for all."""


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
    content: str
    """The digest of what of that goes into the image's file."""
    root_uuid: str
    """Of the root file system; the disk's other ids are made of it."""
    snapshot: Snapshot | None
    """What the packages are taken from, where not from the archive of today."""
    apt: Mapping[str, str]
    """Files that apt has in ``/etc/apt`` while the image is built (``apt_settings``)."""
    indexes: str
    """The archive's, where a bootstrapped system that was kept may serve (``releases_now``)."""
    date: int | None
    """The time that files get, if not that of the newest package: seconds since 1970."""


def ordered(
    plan: Plan,
    again: Manifest | None = None,
    pins: Sequence[Package] = (),
    snapshot: Snapshot | None = None,
    indexes: str = "",
) -> Order:
    """The order of a plan, in this process's environment; as for ``build``.

    Raises ``InputError`` for what no build can work with.
    """
    caller = dict(os.environ)
    elements = elements_paths(plan, installed())
    parts = ingredients(plan, *elements)
    content = content_of(plan, parts)
    named_by = content if again is None else again.content or again.inputs
    return Order(
        plan=plan,
        elements=elements,
        caller=caller,
        hidden=secrets(plan, caller),
        parts=parts,
        inputs=digest_of(plan, parts),
        content=content,
        root_uuid=str(uuid.uuid5(_NAMESPACE, named_by)),
        snapshot=snapshot,
        apt=apt_settings(pins, snapshot=plan.snapshot is not None),
        indexes=indexes,
        date=again.source_date if again else asked(caller),
    )
