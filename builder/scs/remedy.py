"""What gives an image a property: its profile, or a command where it has none. Pure."""

from collections.abc import Mapping

from builder.scs.image import ScsImage

_SETTINGS = "in a profile's section 'publish', and publish with --settings PROFILE."
_CLAIM = "Every image that is built here claims it: 'guest-image report' tells what became of that."

_ELSEWHERE: Mapping[str, str] = {
    "architecture": _CLAIM,
    "os_distro": _CLAIM,
    "os_version": _CLAIM,
    "hw_disk_bus": "Give the profile the feature virtio-scsi, and build it anew.",
    "hw_scsi_model": "Give the profile the feature virtio-scsi, and build it anew.",
    "hw_rng_model": "Give the profile the feature rng, and build it anew.",
    "image_build_date": "Set it back: guest-image audit --repair.",
    "min_disk": "Set it back: guest-image audit --repair.",
    "min_ram": f"Write min_ram_mib: MIB {_SETTINGS}",
}
"""Of the properties that are no keys of a profile's section ``publish``."""


def giving(image: ScsImage, name: str, value: str) -> str:
    """How an image gets a property; ``value`` is one, or stands for those that it may have."""
    if image.build:
        return _ELSEWHERE.get(name, f"Write {name}: {value} {_SETTINGS}")
    option = {"min_disk": "--min-disk", "min_ram": "--min-ram"}.get(name)
    setting = f"{option} {value}" if option else f"--property {name}={value}"
    return f"openstack image set {setting} {image.id}"


def naming(image: ScsImage) -> str:
    """How an image gets another name."""
    if image.build:
        return f"Write another name {_SETTINGS}"
    return f"openstack image set --name NAME {image.id}"


def tagging(image: ScsImage, tag: str) -> str:
    """How an image gets a tag."""
    if image.build:
        return f"Add {tag} to 'tags' {_SETTINGS}"
    return f"openstack image set --tag {tag} {image.id}"
