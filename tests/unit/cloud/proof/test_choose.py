from dataclasses import replace

import pytest
from cloud_images import image
from guest_lines import FLAVOR
from reports import publication
from samples import manifest

from builder.cloud.api.model import Flavor, Network
from builder.cloud.proof.choose import flavor_for, image_of, network_for
from builder.cloud.server.servers import NO_NIC
from builder.errors import CloudError, InputError
from builder.publish.cloud.image import CloudImage
from builder.store.sections import PublishedData

BUILD = manifest()
OURS = {"guest_image_build": BUILD.build}
SMALL = FLAVOR.model_copy(update={"id": "1", "name": "small", "ram": 512, "extra_specs": {}})
FITTING = FLAVOR.model_copy(update={"id": "2", "name": "fitting", "ram": 1024, "extra_specs": {}})
PINNED = FLAVOR.model_copy(update={"id": "3", "name": "pinned", "ram": 4096})
TWO = FLAVOR.model_copy(
    update={"id": "4", "name": "two", "vcpus": 2, "ram": 2048, "extra_specs": {}}
)
FLAVORS = (PINNED, TWO, FITTING, SMALL)
NETWORKS = tuple(
    Network(id=its_id, name=name) for its_id, name in (("1", "one"), ("2", "two"), ("3", "two"))
)


def test_the_builds_own_image_is_taken() -> None:
    images = [image("x"), image("y", properties=OURS), image("z")]
    assert image_of(BUILD, images, "prod").id == "y"


def test_a_build_that_is_not_published_is_not_observed() -> None:
    with pytest.raises(CloudError, match="guest-image publish base --cloud prod"):
        image_of(BUILD, [image("x")], "prod")
    draft = image("y", properties={**OURS, "guest_image_publisher": "somebody"})
    with pytest.raises(CloudError, match="no published image"):
        image_of(BUILD, [draft], "prod")


@pytest.mark.parametrize(
    "other",
    [
        image("y", properties={**OURS, "guest_image_sha256": "e" * 64}),
        image("y", properties=OURS, hash_value="e" * 128),
        image("y", properties=OURS, hash_algorithm="sha256", hash_value="e" * 64),
    ],
)
def test_evidence_is_of_the_very_file(other: CloudImage) -> None:
    with pytest.raises(CloudError, match="is not the file of build"):
        image_of(BUILD, [other], "prod")


def test_data_that_the_manifest_tells_of_is_that_of_the_build_too() -> None:
    data = PublishedData(sent_as="qcow2", disk_format="raw", size=9, hashes={"sha512": "e" * 128})
    record = publication().model_copy(update={"image": "y", "data": data})
    build = manifest(published=(record,))
    raw = image("y", properties=OURS, disk_format="raw", hash_value="e" * 128)
    assert image_of(build, [raw], "prod") is raw
    with pytest.raises(CloudError, match="is not the file of build"):
        image_of(build, [replace(raw, hash_value="f" * 128)], "prod")
    with pytest.raises(CloudError, match="is not the file of build"):
        image_of(build, [image("x", properties=OURS, hash_value="e" * 128)], "prod")


def test_a_hash_of_an_algorithm_that_is_not_known_says_nothing() -> None:
    other = image("y", properties=OURS, hash_algorithm="md5", hash_value="e")
    assert image_of(BUILD, [other], "prod") is other


def test_a_deactivated_image_is_refused() -> None:
    with pytest.raises(CloudError, match="is deactivated"):
        image_of(BUILD, [image("y", properties=OURS, status="deactivated")], "prod")


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({}, FITTING),
        ({"vcpus": "2"}, TWO),
        ({"hw:cpu_policy": "dedicated"}, PINNED),
        ({"hw:cpu_policy": "dedicated", "vcpus": "2"}, PINNED),
        ({"hw:mem_page_size": "large"}, FITTING),
    ],
)
def test_the_smallest_flavor_that_fits_is_taken(needs: dict[str, str], expected: Flavor) -> None:
    assert flavor_for(FLAVORS, image("y"), needs, None) is expected


def test_a_flavor_can_be_named() -> None:
    assert flavor_for(FLAVORS, image("y"), {}, "small") is SMALL
    assert flavor_for(FLAVORS, image("y"), {}, "4") is TWO
    with pytest.raises(InputError, match=r"no flavor 'smal'[\s\S]*Did you mean 'small'"):
        flavor_for(FLAVORS, image("y"), {}, "smal")


def test_where_no_flavor_has_room_the_room_is_told() -> None:
    with pytest.raises(CloudError, match="1024 MiB of memory, a disk of 2 GiB"):
        flavor_for([SMALL], image("y"), {}, None)


def test_a_network_can_be_named_or_none() -> None:
    assert network_for(NETWORKS, "one") == "1"
    assert network_for(NETWORKS, "3") == "3"
    assert network_for(NETWORKS, NO_NIC) == NO_NIC
    with pytest.raises(InputError, match="2 networks are called 'two'"):
        network_for(NETWORKS, "two")
    with pytest.raises(InputError, match="There is no network 'on'"):
        network_for(NETWORKS, "on")


def test_without_a_name_the_only_network_is_taken() -> None:
    assert network_for(NETWORKS[:1], None) == "1"
    assert network_for(NETWORKS, None) == NO_NIC
    assert network_for((), None) == NO_NIC
