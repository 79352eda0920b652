"""The guest and its host pass packets through packed rings.

A virtqueue of virtio 1.1 may be packed: one ring in place of three, which guest and host walk with
fewer misses of their caches. Nova has offered it to NICs since its release 29, for the image's
property or the flavor's ``hw:virtio_packed_ring``, and places the guest on a host with the trait
``COMPUTE_NET_VIRTIO_PACKED``. A guest that does not know it uses the older split rings and says
nothing.

Nothing at rest tells: it is in the code of the kernel's ``virtio_ring``, since Linux 5.0 and where
a distribution has brought it to an older kernel.
"""

from builder.feature import (
    CheckFailed,
    Claim,
    Consequence,
    Feature,
    Guest,
    Need,
    NovaRelease,
    Parameters,
    ProviderTrait,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.features.needs.agreement import agreeing
from builder.linux.live import output


class PackedRingParameters(Parameters):
    """A ring is packed or it is not."""


# VIRTIO_F_RING_PACKED is feature bit 34 (Virtual I/O Device 1.1, 6); sysfs writes the bits that
# both sides have agreed on from 0 on.
NICS = """
ls -d /sys/bus/virtio/drivers/virtio_net/virtio*/net/* 2> /dev/null |
while read -r nic; do echo "${nic##*/} $(cut -c 35 "${nic%/net/*}/features")"; done
"""


@probe("every virtio NIC has agreed with its host on packed rings")
def nics_use_packed_rings(guest: Guest, _: PackedRingParameters) -> str:
    """Read the features that each NIC has negotiated."""
    nics = dict(line.split() for line in output(guest, NICS).splitlines())
    if not nics:
        raise CheckFailed("the guest has no virtio NIC: it was given none, or has no driver")
    split = sorted(name for name, packed in nics.items() if packed != "1")
    if split:
        raise CheckFailed(f"the rings of {' and '.join(split)} are split, not packed")
    return f"the rings of {' and '.join(sorted(nics))} are packed"


def claims(_: PackedRingParameters) -> tuple[Claim, ...]:
    """The one property."""
    return (
        Claim(
            property="hw_virtio_packed_ring",
            value="true",
            promise="the guest's NICs pass packets through packed rings",
            proof=(nics_use_packed_rings,),
        ),
    )


SPEC = f"{NOVA_DOCS}/configuration/extra-specs.html#hw:virtio_packed_ring"


def needs(_: PackedRingParameters) -> tuple[Need, ...]:
    """A host that can, and no flavor that forbids it."""
    first = NovaRelease.CARACAL
    return (
        Need(
            what=ProviderTrait("COMPUTE_NET_VIRTIO_PACKED", by_nova=True),
            reason="Nova places the guest on such a host only; it reports the trait where libvirt"
            " is 6.3 and QEMU 4.2, or newer.",
            source=SPEC,
            since=first,
        ),
        agreeing("hw:virtio_packed_ring", "true", source=SPEC, since=first),
        Need(
            what=Consequence("Nova passes over the property, and the rings are split"),
            reason="Packed rings came with Nova 2024.1.",
            source=SPEC,
            until=NovaRelease.BOBCAT,
        ),
    )


FEATURE = Feature(
    name="packed-ring",
    summary="virtio NICs with packed rings",
    parameters=PackedRingParameters,
    claims=claims,
    needs=needs,
    probes=(nics_use_packed_rings,),
)
