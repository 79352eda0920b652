"""A plan as JSON, of this version and of earlier ones, and its digest."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from samples import plan as shipped_plan

from builder.plan.model import from_json, to_json
from builder.profile.load import shipped_profiles
from builder.profile.model import Disk


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_plan_comes_back_from_its_json(name: str) -> None:
    plan = shipped_plan(name)
    again = from_json(json.loads(json.dumps(to_json(plan))))
    assert again == plan
    assert again.digest == plan.digest


@pytest.mark.parametrize("disk", [{"size_gib": 8}, {"size_gib": 8, "format": "raw"}, {}])
def test_a_disk_of_any_kind_comes_back_from_its_plan(disk: Mapping[str, Any]) -> None:
    plan = replace(shipped_plan("base"), disk=Disk(**disk))
    assert from_json(to_json(plan)).disk == plan.disk


def test_equal_plans_have_equal_digests_and_others_do_not() -> None:
    assert shipped_plan("base").digest == shipped_plan("base").digest
    assert shipped_plan("base").digest != shipped_plan("pinned-scsi").digest


def test_a_plan_of_an_earlier_version_is_understood() -> None:
    data = to_json(shipped_plan("pinned-scsi"))
    del data["needs"]
    sentence = "nova.conf has hw_disk_discard = unmap in its section [libvirt]"
    data |= {"flavor": {"hw:cpu_policy": "dedicated", "vcpus": "4"}, "host": [sentence]}
    plan = from_json(data)
    assert plan.flavor == {"hw:cpu_policy": "dedicated", "vcpus": "4"}
    assert sentence in [str(need.what) for need in plan.all_needs]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"flavor": [], "host": []},
        {"flavor": {}, "host": {}},
        {"flavor": {"vcpus": "many"}, "host": []},
        {"flavor": {"hw:a": 1}, "host": [2]},
    ],
)
def test_what_is_no_plan_of_any_version_is_refused(odd: dict[str, Any]) -> None:
    data = to_json(shipped_plan("base"))
    del data["needs"]
    with pytest.raises(ValidationError):
        from_json(data | odd)
