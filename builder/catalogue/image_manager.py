"""The catalogue as definitions for OSISM's openstack-image-manager.

Its keys are those of ``etc/schema.yaml`` in that program's repository. An image is described as
``publish`` would publish it, without the properties by which ``publish`` knows its own images, and
those that the image manager sets by itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from builder.catalogue.entry import Entry, by_profile
from builder.publish.cloud.image import Wanted

FILE_NAME = "image-manager.yml"

_SET_BY_IT = frozenset({"image_build_date", "image_original_user", "image_source"})
_OURS = "guest_image_"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Definition = dict[str, Any]  # Any: what YAML can say


@dataclass(frozen=True)
class Described:
    """A build, and the image as it would be published."""

    entry: Entry
    wanted: Wanted

    @property
    def meta(self) -> Mapping[str, object]:
        """Its properties, each of the type that the schema wants."""
        return {
            name: _typed(name, value)
            for name, value in self.wanted.properties.items()
            if name not in _SET_BY_IT and not name.startswith(_OURS)
        }


def chosen(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The builds of each profile that an image manager is to import, the newest first.

    That is the newest, and as many before it as the profile keeps: each is an image in the cloud.
    """
    return [builds[: 1 + (builds[0].keep_last or 0)] for builds in by_profile(entries).values()]


def definitions(images: Iterable[Sequence[Described]], url: str, base_url: str) -> str:
    """The YAML file. ``url`` is the catalogue's address, ``base_url`` that of images elsewhere."""
    listed = [_definition(builds, url, base_url) for builds in images]
    return yaml.safe_dump({"images": listed}, sort_keys=False, allow_unicode=True)


def _definition(builds: Sequence[Described], url: str, base_url: str) -> Definition:
    newest, profile = builds[0].wanted, builds[0].entry.profile
    # What the image itself is given here, every version of it would get.
    common = dict(builds[0].meta)
    for build in builds[1:]:
        common = {name: value for name, value in common.items() if build.meta.get(name) == value}
    return {
        "name": newest.name,
        "shortname": profile,
        "enable": True,
        "format": newest.data.disk_format,
        "login": newest.properties.get("image_original_user", ""),
        "min_disk": newest.min_disk,
        "min_ram": newest.min_ram,
        "status": "active",
        "visibility": newest.visibility,
        "multi": True,  # the newest has the plain name, others their version behind it
        "meta": common,
        "tags": sorted(tag for tag in newest.tags if not tag.startswith("os:")),  # it adds that
        "versions": [_version(build, common, url, base_url) for build in reversed(builds)],
    }


def _version(build: Described, common: Mapping[str, object], url: str, base_url: str) -> Definition:
    own = {name: value for name, value in build.meta.items() if name not in common}
    address = build.entry.address_of(build.entry.image, base_url)
    return {
        "version": build.entry.build,
        "url": address if base_url else f"{url}{address}",
        "checksum": f"sha256:{build.entry.image.sha256}",
        "build_date": build.entry.created.date(),
        **({"meta": own} if own else {}),
    }


def _typed(name: str, value: str) -> object:
    match name:
        case "hw_vif_multiqueue_enabled":
            return value == "true"
        case "hotfix_hours":
            return int(value)
        case "provided_until" | "uuid_validity" if _DAY.fullmatch(value):
            return date.fromisoformat(value)
        case _:
            return value
