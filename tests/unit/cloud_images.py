"""Images in a cloud, as the pure tests of publishing need them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from builder.publish.cloud.change import Change
from builder.publish.cloud.image import BUILD, IDENTITY, PROFILE, SHA256, CloudImage, Data, Wanted
from builder.publish.cloud.image import NAME as PUBLIC_NAME

NAME = "pinned-scsi"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def image(image_id: str, built: int = 0, **fields: Any) -> CloudImage:
    """A published image, built on a day, which has the public name unless it says otherwise."""
    properties = {
        IDENTITY: image_id,
        PROFILE: NAME,
        PUBLIC_NAME: NAME,
        BUILD: f"build-{built}",
        SHA256: "a" * 64,
        "image_build_date": f"{day(built):%Y-%m-%d %H:%M:%S}",
        **fields.pop("properties", {}),
    }
    return CloudImage(
        **{
            "id": image_id,
            "name": NAME,
            "status": "active",
            "hidden": False,
            "visibility": "public",
            "protected": False,
            "owner": "project",
            "created": day(built),
            "updated": day(built),
            "size": 100,
            "hash_algorithm": "sha512",
            "hash_value": "d" * 128,
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 2,
            "min_ram": 1024,
            "tags": frozenset({"os:debian"}),
            "properties": properties,
            **fields,
        }
    )


def wanted_like(image: CloudImage, **fields: Any) -> Wanted:
    """What would be wanted of an image that is as it should be."""
    return Wanted(
        **{
            "profile": image.profile,
            "build": image.build,
            "name": NAME,
            "data": Data(
                disk_format=image.disk_format,
                size=image.size or 0,
                hashes={"sha512": image.hash_value, "sha256": image.properties.get(SHA256, "")},
            ),
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            "visibility": image.visibility,
            "members": (),
            "protected": image.protected,
            "tags": image.tags,
            "properties": dict(image.properties),
            **fields,
        }
    )


FIELDS = {
    "os_hidden": "hidden",
    "name": "name",
    "visibility": "visibility",
    "protected": "protected",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
}


def changed(images: list[CloudImage], change: Change) -> list[CloudImage]:
    """The images after a change, as Glance would make it."""

    def apply(image: CloudImage) -> CloudImage:
        assert set(change.remove) <= set(image.properties), "Glance refuses it"
        properties = {
            **{key: value for key, value in image.properties.items() if key not in change.remove},
            **{
                key: str(value)
                for key, value in change.attributes.items()
                if key not in FIELDS and key != "tags"
            },
        }
        fields: dict[str, Any] = {
            FIELDS[key]: value for key, value in change.attributes.items() if key in FIELDS
        }
        return replace(image, properties=properties, **fields)

    return [apply(image) if image.id == change.image else image for image in images]
