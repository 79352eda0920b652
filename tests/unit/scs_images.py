"""Images that keep to every rule of SCS, and what is found where one is broken."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from builder.scs.image import ScsImage
from builder.scs.judge import judge
from builder.scs.shortfall import Level, Shortfall

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

GOOD = ScsImage(
    name="Debian 12 for databases",
    build="20260310T040506Z-3f9c2a",
    properties={
        "architecture": "x86_64",
        "hw_disk_bus": "scsi",
        "hw_rng_model": "virtio",
        "hw_scsi_model": "virtio-scsi",
        "hypervisor_type": "qemu",
        "image_build_date": "2026-03-10 04:05:06",
        "image_description": "https://images.example.org/debian",
        "image_original_user": "debian",
        "image_source": "private",
        "os_distro": "debian",
        "os_purpose": "custom",
        "os_version": "12",
        "provided_until": "2028-06-30",
        "replace_frequency": "monthly",
        "uuid_validity": "last-3",
    },
    tags=frozenset({"managed_by_example", "os:debian"}),
    min_disk=2,
    min_ram=1024,
    size=300 << 20,
    visibility="public",
    id="an-id",
    hash_algorithm="sha512",
    registered=datetime(2026, 3, 10, 5, tzinfo=UTC),
)

VENDORS = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2"


def like(*lacking: str, properties: dict[str, str] | None = None, **fields: Any) -> ScsImage:
    """The good image without some properties, with others, and with other fields."""
    kept = {name: value for name, value in GOOD.properties.items() if name not in lacking}
    return replace(GOOD, properties={**kept, **(properties or {})}, **fields)


def generic(**fields: Any) -> ScsImage:
    """A vendor's image."""
    return like(properties={"os_purpose": "generic", "image_source": VENDORS}, **fields)


def found(image: ScsImage, *others: ScsImage, now: datetime = NOW) -> list[tuple[Level, str]]:
    """How much is wanted of what, where the image falls short."""
    return [(shortfall.level, shortfall.subject) for shortfall in told(image, *others, now=now)]


def told(image: ScsImage, *others: ScsImage, now: datetime = NOW) -> tuple[Shortfall, ...]:
    return judge(image, others, now=now).shortfalls
