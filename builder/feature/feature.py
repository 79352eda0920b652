"""What a feature is: claims about a guest, and the checks that give evidence for them.

A feature is frozen data plus functions. It knows nothing of libguestfs, QEMU or OpenStack: its
inspections see a ``Filesystem``, its probes see a ``Guest``, and both are protocols.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic

from builder.distribution import Distribution
from builder.feature.check import Inspection, P, Probe
from builder.feature.needs import Need
from builder.feature.source_file import SourceFile


@dataclass(frozen=True)
class Claim:
    """A Glance property that a feature promises, and the checks that are its proof.

    ``promise`` is a present-tense sentence about the guest. A claim with a probe among its proof
    is proven when it is exercised; one with inspections only, when they have passed.
    """

    property: str
    value: str
    promise: str
    proof: tuple[Inspection[Any] | Probe[Any], ...]  # Any: parameters of its own feature


@dataclass(frozen=True)
class Conflict:
    """A combination that cannot be, or has no effect: what it is about, why, and the remedy."""

    name: str
    """The image property, the extra spec or the parameter; empty for the feature as a whole."""
    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The image around a feature, as far as its profile tells."""

    distribution: Distribution
    flavor: Mapping[str, str]
    """What all features together need of it, with the newest Nova."""
    complete: bool
    """Whether nothing brings more than is known here: no further package of the profile's, no
    feature of another Python package."""


@dataclass(frozen=True, kw_only=True)
class Feature(Generic[P]):
    """One ability of a guest."""

    name: str
    summary: str
    parameters: type[P]
    defaults: Callable[[Distribution], Mapping[str, object]] = field(default=lambda _: {})
    """Parameters that follow from the distribution where the profile names none."""
    elements: tuple[str, ...] = ()
    """Names of diskimage-builder elements: its own, this package's, or those in the next."""
    elements_path: Path | None = None
    """The directory of elements that the feature brings with its own package."""
    environment: Callable[[P], Mapping[str, str]] = field(default=lambda _: {})
    """Variables that the feature's elements read at build time."""
    files: Callable[[P], tuple[SourceFile, ...]] = field(default=lambda _: ())
    """Files of the user's own that the feature's elements find in ``$DIB_GUEST_FILES``."""
    claims: Callable[[P], tuple[Claim, ...]] = field(default=lambda _: ())
    inspections: tuple[Inspection[P], ...] = ()
    probes: tuple[Probe[P], ...] = ()
    needs: Callable[[P], tuple[Need, ...]] = field(default=lambda _: ())
    """What it needs of the cloud besides the image: flavor, aggregate, scheduler, compute host."""
    conflicts: Callable[[P, Surroundings], Iterable[Conflict]] = field(default=lambda *_: ())
    """Which parameters cannot be in this image, each as the subject of its reason."""
    architectures: tuple[str, ...] = ()
    """Those of the guests that can have it, as ``uname -m`` names them; empty where all can."""
    excludes: Mapping[str, str] = field(default_factory=dict)
    """Names of features that no image can have beside this one, each with the reason."""
    no_probe_reason: str = ""
    """Why no probe can exist; empty where the feature has probes."""
