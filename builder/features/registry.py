"""The shipped features, and those that other packages add through an entry point."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from builder.distribution import Distribution
from builder.errors import InputError
from builder.feature import Feature, Parameters
from builder.feature.source_file import DIRECTORIES
from builder.features import (
    cpu_pinning,
    cpu_topology,
    discard,
    foundation,
    guest_agent,
    minimal,
    multiqueue,
    nested_virtualisation,
    packed_ring,
    rng,
    secure_boot,
    serial_ports,
    tpm,
    uefi,
    vgpu,
    virtio_scsi,
    watchdog,
    windows,
)

ENTRY_POINT_GROUP = "guest_image_builder.features"

AnyFeature = Feature[Any]  # Any: a feature's parameters are its own business

FOUNDATION: AnyFeature = foundation.FEATURE
"""In every image, and never written in a profile."""

WINDOWS: AnyFeature = windows.FEATURE
"""In place of the foundation in an image of Windows, which can be adopted and not built."""

SHIPPED: tuple[AnyFeature, ...] = (
    virtio_scsi.FEATURE,
    discard.FEATURE,
    guest_agent.FEATURE,
    multiqueue.FEATURE,
    watchdog.FEATURE,
    cpu_topology.FEATURE,
    cpu_pinning.FEATURE,
    nested_virtualisation.FEATURE,
    vgpu.FEATURE,
    uefi.FEATURE,
    secure_boot.FEATURE,
    rng.FEATURE,
    tpm.FEATURE,
    packed_ring.FEATURE,
    serial_ports.FEATURE,
    minimal.FEATURE,
)

OWN_ORIGIN = "guest-image-builder itself"


@dataclass(frozen=True)
class Registered:
    """A feature and where it came from."""

    feature: AnyFeature
    origin: str


Registry = Mapping[str, Registered]


def shipped() -> Registry:
    """The features of this package alone, by name."""
    return {feature.name: Registered(feature, OWN_ORIGIN) for feature in SHIPPED}


def installed() -> Registry:
    """The shipped features and those that installed packages add.

    Raises ``InputError`` for an entry point that gives no feature, and for a name given twice.
    """
    return with_entry_points(entry_points(group=ENTRY_POINT_GROUP))


def with_entry_points(points: Iterable[EntryPoint]) -> Registry:
    """The shipped features and those of these entry points; errors as in ``installed``."""
    registry = dict(shipped())
    taken = registry | {FOUNDATION.name: Registered(FOUNDATION, OWN_ORIGIN)}
    problems = []
    for point in points:
        origin = _origin(point)
        try:
            feature = point.load()
        except Exception as error:  # noqa: BLE001 - code of others may raise anything at import
            problems.append(f"{origin} cannot be loaded: {type(error).__name__}: {error}")
            continue
        if not isinstance(feature, Feature):
            problems.append(f"{origin} is not a Feature but a {type(feature).__name__}")
        elif other := taken.get(feature.name):
            problems.append(f"'{feature.name}' is given by {other.origin} and by {origin}")
        else:
            registry[feature.name] = taken[feature.name] = Registered(feature, origin)
    if problems:
        raise InputError(
            f"Features of the entry point group '{ENTRY_POINT_GROUP}' cannot be used.",
            details=problems,
            hint="Repair or uninstall the package that is named.",
        )
    return registry


def _origin(point: EntryPoint) -> str:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"
    return f"{package} ({point.value})"


def parameters_of(
    feature: AnyFeature,
    given: Mapping[str, object],
    distribution: Distribution,
    directories: Mapping[str, Path] | None = None,
) -> Parameters:
    """A feature's parameters: the given ones, and its own defaults for this distribution.

    Types are strict, as in JSON. Paths are relative to the parameter's own among ``directories``.
    Raises pydantic's ``ValidationError``.
    """
    everything = {**feature.defaults(distribution), **given}
    parameters: Parameters = feature.parameters.model_validate_json(
        json.dumps(everything), strict=True, context={DIRECTORIES: directories or {}}
    )
    return parameters
