"""Answers questions about Nova, by Nova's own code. Runs in Nova's virtual environment.

Each line of its input is a question in JSON, each line of its output the answer.
"""

import json
import logging
import sys
from functools import cache
from typing import Any

import nova_requests
import os_traits
from nova import exception, objects
from nova.api.validation.extra_specs import validators
from nova.objects.flavor import Flavor
from nova.objects.image_meta import ImageMeta, ImageMetaProps
from nova.virt import hardware
from nova_guests import Driver
from oslo_utils import strutils


def properties() -> dict[str, Any]:
    """The type and the values of each image property that Nova reads."""
    return {
        name: {
            "type": type(field.AUTO_TYPE).__name__ if hasattr(field, "AUTO_TYPE") else "other",
            "values": getattr(field, "valid_values", None),
        }
        for name, field in ImageMetaProps.fields.items()
    }


def legacy_names() -> dict[str, str]:
    """Other names of properties that Nova reads as well."""
    return ImageMetaProps._legacy_property_map  # noqa: SLF001 - Nova has no other way to ask


def read(image: dict[str, str]) -> dict[str, Any]:
    """What Nova reads in image properties; those that it does not know are missing."""
    try:
        props = ImageMetaProps.from_dict(dict(image))
    except (ValueError, exception.NovaException) as error:
        return {"refused": str(error)}
    values = {name: props.get(name) for name in props.fields if props.obj_attr_is_set(name)}
    return {"values": {name: value for name, value in values.items() if _is_plain(value)}}


def extra_spec(name: str, value: str) -> str | None:
    """Why Nova's API refuses an extra spec; None where it does not."""
    try:
        validators.validate(name, value)
    except exception.ValidationError as error:
        return str(error)
    return None


def topology(image: dict[str, str], vcpus: int) -> list[int]:
    """The sockets, cores and threads that a guest gets."""
    best = hardware.get_best_cpu_topology(_flavor({}, vcpus), _image(image))
    return [best.sockets, best.cores, best.threads]


def domain(image: dict[str, str], flavor: dict[str, str], vcpus: int) -> str:
    """The XML of the libvirt domain that a guest becomes."""
    return _driver().domain(image, flavor, vcpus)


@cache
def _driver() -> Driver:
    return Driver()


def traits() -> list[str]:
    """The names of all standard traits."""
    return os_traits.get_traits()


def true_words() -> list[str]:
    """The words that Nova takes for true."""
    return sorted(strutils.TRUE_STRINGS)


def _flavor(extra_specs: dict[str, str], vcpus: int) -> Flavor:
    return Flavor(name="a flavor", vcpus=vcpus, memory_mb=1024, extra_specs=extra_specs)


def _image(image: dict[str, str]) -> ImageMeta:
    return ImageMeta.from_dict({"name": "an image", "properties": dict(image)})


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool | list)


QUESTIONS = {
    question.__name__: question
    for question in (
        properties,
        legacy_names,
        read,
        extra_spec,
        nova_requests.judge,
        nova_requests.refusals,
        topology,
        domain,
        traits,
        true_words,
    )
}

if __name__ == "__main__":
    logging.disable()  # what Nova warns of is no answer
    objects.register_all()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(QUESTIONS[name](*arguments)), flush=True)
