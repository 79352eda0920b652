"""The names of services that elements map."""

from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from element_files import NAMES, OURS, THEIRS, name


@pytest.mark.parametrize("file", sorted(OURS.glob("*/svc-map")), ids=name)
def test_a_service_map_names_a_default_for_each_service(file: Path) -> None:
    for service, names in yaml.safe_load(file.read_text()).items():
        assert isinstance(names.get("default"), str), service
        assert set(names) <= {"debian", "ubuntu", "redhat", "suse", "opensuse", "default"}


def test_no_service_is_mapped_by_two_elements() -> None:
    """diskimage-builder's merge refuses that, in the midst of a build."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for elements in (OURS, THEIRS):
        for file in elements.glob("*/svc-map"):
            for service in yaml.safe_load(file.read_text()):
                owners[service].append(file.parent.name)
    shared = {service: names for service, names in owners.items() if len(names) > 1}
    assert not [names for names in shared.values() if set(names) & NAMES]
