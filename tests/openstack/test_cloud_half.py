"""What is asked of Placement, and what marks a flavor, is what Nova and os-traits know."""

from collections.abc import Generator

import pytest
from novaquestions import Nova

from builder.cloud.apply.desired_state import TAG
from builder.cloud.check.traits import ABILITIES, MODELS, traits

pytestmark = pytest.mark.openstack


@pytest.fixture(scope="module")
def nova() -> Generator[Nova]:
    with Nova() as answering:
        yield answering


@pytest.mark.parametrize("name", MODELS)
def test_each_model_has_its_trait(nova: Nova, name: str) -> None:
    standard, values = set(nova.traits()), nova.properties()[name]["values"]
    assert values
    without = {
        value
        for value in values
        for trait in traits({name: value}, {})
        if trait.name not in standard
    }
    assert without == set()


def test_each_ability_has_its_trait(nova: Nova) -> None:
    asked = [trait for pair in ABILITIES for trait in traits(dict([pair]), {})]
    asked += traits({"hw_virtio_packed_ring": "yes"}, {})
    assert len(asked) == len(ABILITIES) + 1
    assert {trait.name for trait in asked} <= set(nova.traits())


def test_the_mark_of_a_flavor_is_an_extra_spec_that_nova_takes(nova: Nova) -> None:
    assert nova.extra_spec(TAG, "pinned-scsi") is None
    assert nova.extra_spec("hw:guest_image_builder", "pinned-scsi") is not None
