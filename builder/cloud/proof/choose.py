"""Which image, flavor and network a proof takes. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from builder.cloud.api.model import Flavor, Network
from builder.cloud.server.servers import NO_NIC
from builder.errors import CloudError, InputError
from builder.publish.cloud.data import data_of, own_data
from builder.publish.cloud.image import ACTIVE, SHA256, CloudImage
from builder.store.manifest import Manifest
from builder.words import did_you_mean, enumeration, shown

_SHOWN = 12
_VCPUS = "vcpus"
"""What a plan's flavor has besides extra specs."""


def image_of(build: Manifest, images: Iterable[CloudImage], cloud: str) -> CloudImage:
    """The image that the build is published as. Raises ``CloudError`` where there is none."""
    profile = build.planned().profile
    found = next(
        (image for image in images if image.published and image.build == build.build), None
    )
    if found is None:
        raise CloudError(
            f"Cloud '{cloud}' has no published image of build {build.build}.",
            hint=f"Publish it: guest-image publish {profile} --cloud {cloud}",
        )
    records = [record for record in build.published if record.image == found.id]
    sent = [own_data(build.image), *(data_of(build, record) for record in records)]
    hashes = [data.hashes.get(found.hash_algorithm, found.hash_value) for data in sent]
    same = found.properties.get(SHA256) == build.image.sha256
    if not same or found.hash_value not in hashes:
        raise CloudError(
            f"Image {found.id} of cloud '{cloud}' is not the file of build {build.build}.",
            hint=f"See what differs: guest-image audit --cloud {cloud}",
        )
    if found.status != ACTIVE:
        raise CloudError(
            f"Image {found.id} of cloud '{cloud}' is {found.status}: no server can be made of it.",
            hint="Reactivate it: openstack image set --activate ID",
        )
    return found


def flavor_for(
    flavors: Sequence[Flavor], image: CloudImage, needs: Mapping[str, str], name: str | None
) -> Flavor:
    """The flavor of that name or id; without one the smallest that the image's needs fit.

    Where none has the extra specs that the plan asks for, the smallest one in which the image has
    room. Raises ``InputError`` for a name that there is not, ``CloudError`` where nothing fits.
    """
    if name is not None:
        found = next((flavor for flavor in flavors if name in {flavor.id, flavor.name}), None)
        if found is None:
            raise _unknown("flavor", name, [flavor.name for flavor in flavors])
        return found
    roomy = [
        flavor
        for flavor in flavors
        if flavor.ram >= image.min_ram and (flavor.disk == 0 or flavor.disk >= image.min_disk)
    ]
    if not roomy:
        raise CloudError(
            f"No flavor has room for image {image.id}: {image.min_ram} MiB of memory, a disk of"
            f" {image.min_disk} GiB.",
            hint="Ask the cloud's operators for one.",
        )
    specs = {key: value for key, value in needs.items() if key != _VCPUS}
    vcpus = int(needs.get(_VCPUS, "1"))

    def worth(flavor: Flavor) -> tuple[bool, bool, int, int, int]:
        lacks = any(flavor.specs.get(key) != value for key, value in specs.items())
        return lacks, flavor.vcpus < vcpus, flavor.vcpus, flavor.ram, flavor.disk

    return min(roomy, key=worth)


def network_for(networks: Sequence[Network], name: str | None) -> str:
    """The id of the network of that name or id, or ``NO_NIC``.

    Without a name it is the only one that there is, else none. Raises ``InputError`` for a name
    that there is not, or that several have.
    """
    if name == NO_NIC:
        return NO_NIC
    if name is None:
        return networks[0].id if len(networks) == 1 else NO_NIC
    found = [network.id for network in networks if name in {network.id, network.name}]
    if not found:
        raise _unknown("network", name, [network.name for network in networks])
    if len(found) > 1:
        raise InputError(
            f"{len(found)} networks are called {shown(name)}.",
            details=found,
            hint="Name one by its id.",
        )
    return found[0]


def _unknown(kind: str, name: str, existing: list[str]) -> InputError:
    names = sorted(existing)[:_SHOWN]
    return InputError(
        f"There is no {kind} {shown(name)}.",
        details=[f"There are {enumeration(names, 'and')}." if names else "There is none."],
        hint=did_you_mean(name, existing),
    )
