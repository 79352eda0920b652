"""Which volumes of a disk a device's name means: tags of fstab(5), links of udev, LVM, md(4)."""

import re
from collections.abc import Sequence

from builder.feature import Volume

_TAGS = {  # of fstab(5), and of links below /dev/disk: an attribute of a volume
    "UUID": "uuid",
    "LABEL": "label",
    "PARTUUID": "part_uuid",
    "PARTLABEL": "part_label",
}
_BY = re.compile(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.+)")
OF_ONE_MACHINE = re.compile(r"/dev/disk/by-(?:path|id(?!/md-)|diskseq)/")
"""Links that are called after a port or a serial number: no other machine has them."""
_ARRAY = re.compile(r"/dev/md[/\d]|/dev/disk/by-id/md-")
_MEMBER = "linux_raid_member"
_MAPPED = re.compile(r"/dev/mapper/(.+)|/dev/(?!disk/|mapper/)([\w.+-]+)/([\w.+-]+)")


def named(
    spec: str, volumes: Sequence[Volume], unlocked: frozenset[str]
) -> tuple[Volume, ...] | None:
    """The volumes that a text names; None where it is no name that a disk at rest can settle.

    ``unlocked`` has the names that crypttab(5) gives.
    """
    tag, equals, value = spec.partition("=")
    if link := _BY.fullmatch(spec):
        tag, equals, value = link[1].upper(), "=", _unescaped(link[2])
    if equals and tag in _TAGS:
        wanted = value.strip("\"'")
        return tuple(
            volume for volume in volumes if _same(tag, getattr(volume, _TAGS[tag]), wanted)
        )
    if OF_ONE_MACHINE.match(spec):
        return ()
    if _ARRAY.match(spec):  # what its members make up is not looked at
        return None if any(volume.type == _MEMBER for volume in volumes) else ()
    return _of_lvm(spec, volumes, unlocked)


def _of_lvm(
    spec: str, volumes: Sequence[Volume], unlocked: frozenset[str]
) -> tuple[Volume, ...] | None:
    if spec.startswith("/dev/") and spec.endswith(
        "/"
    ):  # a volume group, which is there with any of its volumes
        return tuple(volume for volume in volumes if volume.device.startswith(spec))[:1]
    name = _mapped_name(spec)
    if not name or name in unlocked or name.startswith(("luks-", "mpath")):
        return None
    return tuple(volume for volume in volumes if _mapped_name(volume.device) == name)


def _same(tag: str, present: str, wanted: str) -> bool:
    # udev writes UUIDs as blkid does; mount(8) takes them in either case.
    return present == wanted or (tag.endswith("UUID") and present.lower() == wanted.lower())


def _mapped_name(device: str) -> str:
    match = _MAPPED.fullmatch(device)
    if match is None:
        return ""
    return match[1] or "-".join(part.replace("-", "--") for part in (match[2], match[3]))


def _unescaped(name: str) -> str:
    """The text that udev has escaped in the name of a link."""
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), name)
