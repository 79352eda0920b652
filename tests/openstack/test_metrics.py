"""What is measured of a real Glance: drift, lag, what is current."""

from datetime import timedelta

import pytest
from localcloud import LocalCloud
from publishing import NAME, Command, current
from smallbuild import small_build

pytestmark = pytest.mark.openstack


def measured(guest_image: Command) -> dict[str, float]:
    """The numbers of the cloud ``local`` and of its profile, by name without labels."""
    done = guest_image("metrics", "--builds", guest_image.dist, "--cloud", "local")
    assert done.status == 0, done.err
    lines = [line for line in done.out.splitlines() if 'cloud="local"' in line]
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_cloud_is_measured_as_it_is_and_as_it_becomes(
    cloud: LocalCloud, guest_image: Command
) -> None:
    older = small_build(guest_image.dist, age=timedelta(days=2))
    published = guest_image("publish", older, "--cloud", "local", "--output", guest_image.dist)
    assert published.status == 0, published.err
    sound = measured(guest_image)
    assert sound["guest_image_cloud_up"] == 1
    assert sound["guest_image_cloud_drift"] == sound["guest_image_cloud_lag_seconds"] == 0
    assert (
        sound["guest_image_cloud_current_build_created_timestamp_seconds"]
        == sound["guest_image_published_build_created_timestamp_seconds"]
    )
    small_build(guest_image.dist)
    cloud.client().images.update(current(cloud).id, hw_disk_bus="virtio")
    changed = measured(guest_image)
    assert changed["guest_image_cloud_drift"] == 1
    assert changed["guest_image_cloud_lag_seconds"] == pytest.approx(2 * 86400, abs=60)
    assert current(cloud).name == NAME
