"""The catalogue as simplestreams: an index, and a list of products.

Formats ``index:1.0`` and ``products:1.0`` as simplestreams' own documentation (doc/README) tells
them; names of architectures and files (``amd64``, ``disk1.img``) as Ubuntu's streams have them, and
as clients look for. A path is that of the catalogue, and what it names never changes.
"""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from builder.architecture import ARCHITECTURES
from builder.catalogue.entry import Entry, aliases, by_profile

INDEX = "streams/v1/index.json"
PRODUCTS = "streams/v1/images.json"
CONTENT_ID = "guest-image-builder:download"

_KINDS = {"qcow2": "disk1.img", "raw": "disk.raw", "vmdk": "vmdk", "vhd": "vhd", "vhdx": "vhdx"}
"""What clients call a disk by its format. A raw one has a name that none takes for a qcow2."""

JsonObject = dict[str, Any]  # Any: JSON


def index(entries: Sequence[Entry], written: datetime) -> JsonObject:
    """The index: where the list is and what it has."""
    updated = format_datetime(written)
    return {
        "format": "index:1.0",
        "updated": updated,
        "index": {
            CONTENT_ID: {
                "datatype": "image-downloads",
                "format": "products:1.0",
                "path": PRODUCTS,
                "updated": updated,
                "products": sorted({_product_name(entry) for entry in entries}),
            }
        },
    }


def products(entries: Sequence[Entry], written: datetime, base_url: str) -> JsonObject:
    """Every image: a product for each profile and architecture, a version for each build."""
    named: dict[str, list[str]] = {}
    for alias, entry in aliases(entries).items():
        named.setdefault(_product_name(entry), []).append(alias)
    listed: JsonObject = {}
    for builds in by_profile(entries).values():
        for entry in reversed(builds):
            name = _product_name(entry)
            product = listed.setdefault(name, {"versions": {}})
            # What the newest build says last is what the product is.
            product |= _about(entry, named.get(name, []))
            product["versions"][entry.build] = _version(entry, base_url)
    return {
        "format": "products:1.0",
        "datatype": "image-downloads",
        "content_id": CONTENT_ID,
        "updated": format_datetime(written),
        "products": listed,
    }


def _product_name(entry: Entry) -> str:
    return f"{entry.profile}:{_architecture(entry)}"


def _architecture(entry: Entry) -> str:
    name = entry.distribution.architecture
    return ARCHITECTURES[name].debian if name in ARCHITECTURES else name


def _about(entry: Entry, names: Sequence[str]) -> JsonObject:
    distribution = entry.distribution
    return {
        "aliases": ",".join(names),
        "arch": _architecture(entry),
        "os": distribution.os_distro,
        "release": distribution.release,
        "release_title": distribution.os_version,
        "version": distribution.os_version,
    }


def _version(entry: Entry, base_url: str) -> JsonObject:
    # What is elsewhere has a path below that place.
    elsewhere = {"mirrors": [base_url]} if base_url else {}
    items: JsonObject = {
        kind: {
            "ftype": kind,
            "path": f"{entry.below if base_url else entry.home}/{file.name}",
            **elsewhere,
            "sha256": file.sha256,
            "sha512": file.sha512,
            "size": file.size,
        }
        for kind, file in ((_KINDS[file.format], file) for file in entry.files)
    }
    for bill in entry.bills:
        items[bill.name] = {
            "ftype": bill.name,
            "path": f"{entry.home}/{bill.name}",
            "sha256": bill.sha256,
            "size": entry.sizes[bill.name],
        }
    return {"label": "release", "pubname": f"{entry.profile}-{entry.build}", "items": items}
