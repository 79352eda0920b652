"""Where the images are from that every cloud offers: SCS-0104, version 2. Pure."""

import re
from collections.abc import Iterator

from builder.scs.image import ScsImage
from builder.scs.purpose import GENERIC, PURPOSE
from builder.scs.remedy import giving, naming
from builder.scs.shortfall import IMAGES, Level, Shortfall
from builder.scs.sources import named_sources, vendor_sources
from builder.words import shown

CAPI_NAME = re.compile(r"ubuntu-capi-image( |-)v[0-9]\.[0-9]+(\.[0-9]+)?")
"""Names of the standard's own images of Kubernetes' nodes."""

_CAPI_FOLDER = "openstack-k8s-capi-images/"
_CAPI_SOURCES = (
    f"https://nbg1.your-objectstorage.com/osism/{_CAPI_FOLDER}",
    "https://swift.services.a.regiocloud.tech/swift/v1/AUTH_b182637428444b9aa302bb8d5a5a418c/"
    + _CAPI_FOLDER,
)
_CAPI_VALUES = {PURPOSE: "k8snode", "image_description": "https://github.com/osism/k8s-capi-images"}


def source_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """A generic image that is not its vendor's."""
    if image.purpose != GENERIC:
        return
    distro, version = (image.properties.get(name, "") for name in ("os_distro", "os_version"))
    sources = vendor_sources(distro, version)
    source = image.properties.get("image_source", "")
    if sources is not None and not sources.have(source):
        yield Shortfall(
            IMAGES, Level.MUST, "image_source",
            f"a generic image of {distro} {version} is from {sources}", _found(source),
            f"What is built here is none of the vendor's: {giving(image, PURPOSE, 'custom')}",
        )  # fmt: skip
    elif sources is None and source in ("", "private"):
        yield Shortfall(
            IMAGES, Level.SHOULD, "image_source", "a generic image is from its original vendor",
            _found(source), giving(image, PURPOSE, "custom"),
        )  # fmt: skip


def name_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """An offered image that has a name which the standard keeps for its vendor's."""
    sources = named_sources(image.name) if image.offered else None
    source = image.properties.get("image_source", "")
    if sources is not None and not sources.have(source):
        yield Shortfall(
            IMAGES, Level.MUST, "name",
            f"an image of the name {shown(image.name)} is from {sources}",
            f"image_source: {_found(source)}",
            naming(image),
        )  # fmt: skip


def capi_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """An image that has the name of the standard's own node images, and is another."""
    if not CAPI_NAME.fullmatch(image.name):
        return
    source = image.properties.get("image_source", "")
    if not source.startswith(_CAPI_SOURCES):
        rule = f"an image of the name {shown(image.name)} is from {_CAPI_SOURCES[0]}…"
        yield Shortfall(
            IMAGES, Level.MUST, "image_source", rule, _found(source),
            f"Take the image from there, or give it another name. {naming(image)}",
        )  # fmt: skip
    for name, value in _CAPI_VALUES.items():
        found = image.properties.get(name, "")
        if found != value:
            rule = f"{name} of an image of the name {shown(image.name)} is {value}"
            yield Shortfall(
                IMAGES, Level.MUST, name, rule, _found(found), giving(image, name, value)
            )


def _found(value: str) -> str:
    return f"it is {shown(value)}" if value else "it is missing"
