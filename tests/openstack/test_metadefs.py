"""What features claim stands in Glance's own catalogue of metadata definitions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cloudtemplate import PROGRAMS, require_installed
from test_nova import CLAIMS

pytestmark = pytest.mark.openstack

ABSENT = frozenset({"architecture", "os_secure_boot"})
"""Properties that everybody uses and the catalogue lacks."""
CLAIMED = [(name, value) for name, value in CLAIMS if not name.startswith("trait:")]


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, Any]]:
    """Each property that an image may have, and what the catalogue says of it."""
    require_installed()
    found = {}
    for path in (PROGRAMS.parent / "etc/glance/metadefs").glob("*.json"):
        namespace = json.loads(path.read_text(encoding="utf-8"))
        for association in namespace.get("resource_type_associations", ()):
            if association["name"] == "OS::Glance::Image":
                for name, definition in properties(namespace):
                    found[association.get("prefix", "") + name] = definition
    return found


def properties(namespace: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from namespace.get("properties", {}).items()
    for one in namespace.get("objects", ()):
        yield from one.get("properties", {}).items()


def test_a_claimed_property_is_in_the_catalogue(catalogue: dict[str, dict[str, Any]]) -> None:
    assert {name for name, _ in CLAIMED} - set(catalogue) == ABSENT


@pytest.mark.parametrize(("name", "value"), [one for one in CLAIMED if one[0] not in ABSENT])
def test_a_claimed_value_is_one_of_the_catalogues(
    catalogue: dict[str, dict[str, Any]], name: str, value: str
) -> None:
    assert value in catalogue[name].get("enum", [value])


def test_the_catalogue_does_not_tell_the_scsi_models(catalogue: dict[str, dict[str, Any]]) -> None:
    assert "enum" in catalogue["hw_disk_bus"]
    assert "enum" not in catalogue["hw_scsi_model"]
