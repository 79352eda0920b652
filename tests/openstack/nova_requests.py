"""What Nova's API, scheduler and libvirt driver make of a request for a server.

Runs in Nova's virtual environment. Each function asks Nova's own code in the order in which a
server goes through it.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

from nova import conf, context, exception, objects
from nova.compute.api import API
from nova.objects.flavor import Flavor
from nova.objects.image_meta import ImageMeta
from nova.scheduler import request_filter
from nova.scheduler.utils import ResourceRequest
from nova.virt import hardware
from nova_guests import Driver

ATTRIBUTES = ("vcpus", "ram")
"""What a flavor has besides extra specs."""


def judge(
    pairs: list[tuple[dict[str, str], dict[str, str]]],
) -> list[tuple[list[str], list[list[str]]]]:
    """Of each image and flavor: the exceptions, or else the traits without and with prefilter."""
    return [_judge(image, flavor) for image, flavor in pairs]


def _judge(image: dict[str, str], flavor: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    found = refusals(image, flavor)
    if found:
        return found, []
    return found, [required_traits(image, flavor, prefilter=on) for on in (False, True)]


def refusals(image: dict[str, str], flavor: dict[str, str]) -> list[str]:
    """The names of the exceptions with which Nova refuses an image on a flavor.

    Where no single question finds one, the whole domain is made.
    """
    wanted = _flavor(flavor)
    found = [_refusal(ask) for ask in _questions(image, wanted)]
    if not any(found):
        found = [_refusal(lambda: _driver().domain(image, wanted.extra_specs, wanted.vcpus))]
    return list(dict.fromkeys(filter(None, found)))


def _refusal(ask: Callable[[], Any]) -> str:
    try:
        ask()
    except exception.NovaException as error:
        return type(error).__name__
    return ""


def _questions(image: dict[str, str], flavor: Flavor) -> Iterator[Callable[[], Any]]:
    glance = _of_glance(image)
    meta = ImageMeta.from_dict(glance)
    admin = context.get_admin_context()
    # The API, before it accepts a server.
    yield lambda: API._validate_flavor_image_nostatus(admin, glance, flavor, None)  # noqa: SLF001 - no other way to ask
    for constraint in (hardware.get_sound_model, hardware.get_pci_numa_policy_constraint):
        yield lambda constraint=constraint: constraint(flavor, meta)
    yield lambda: API._update_ephemeral_encryption_bdms(None, flavor, glance, [])  # noqa: SLF001 - no other way to ask
    # The scheduler, before it looks for a host.
    yield lambda: _resources(image, flavor)
    # The compute service on an x86-64 host with serial consoles and VNC.
    yield from _driver().questions(meta, flavor)


def required_traits(image: dict[str, str], flavor: dict[str, str], *, prefilter: bool) -> list[str]:
    """The traits that the host of a server must have."""
    conf.CONF.set_override("image_metadata_prefilter", prefilter, "scheduler")
    return sorted(_resources(image, _flavor(flavor)))


def _resources(image: dict[str, str], flavor: Flavor) -> set[str]:
    """Those of the request that the scheduler sends to Placement."""
    spec = objects.RequestSpec(
        flavor=flavor,
        image=ImageMeta.from_dict(_of_glance(image)),
        requested_resources=[],
        request_level_params=objects.RequestLevelParams(),
        is_bfv=False,
    )
    for ask in (
        request_filter.transform_image_metadata,
        request_filter.packed_virtqueue_filter,
        request_filter.ephemeral_encryption_filter,
        request_filter.virtio_sound_filter,
        request_filter.tpm_secret_security_filter,
    ):
        ask(None, spec)
    return ResourceRequest.from_request_spec(spec).all_required_traits | spec.root_required


def _of_glance(properties: dict[str, str]) -> dict[str, Any]:
    return {"id": str(uuid4()), "name": "an image", "properties": dict(properties)}


@cache
def _driver() -> Driver:
    return Driver()


def _flavor(flavor: dict[str, str]) -> Flavor:
    return Flavor(
        name="a flavor",
        flavorid="a flavor",
        vcpus=int(flavor.get("vcpus", "2")),
        memory_mb=int(flavor.get("ram", "1024")),
        root_gb=4,
        ephemeral_gb=0,
        swap=0,
        extra_specs={name: value for name, value in flavor.items() if name not in ATTRIBUTES},
    )
