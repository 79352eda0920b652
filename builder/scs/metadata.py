"""Which properties an image must have, and what they may say: SCS-0102, version 2. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from builder.nova.properties import KNOWN, is_true
from builder.scs.image import ScsImage
from builder.scs.remedy import giving, tagging
from builder.scs.shortfall import METADATA, Level, Shortfall
from builder.words import shown

GIB = 1024**3

_ARCHITECTURES = (
    "aarch64|alpha|armv6|armv7|armv7b|armv7l|cris|i686|ia64|lm32|m68k|microblaze|microblazeel|mips"
    "|mips64|mips64el|mipsel|openrisc|parisc|parisc64|ppc|ppc64|ppc64le|ppcemb|ppcle|riscv64|s390"
    "|s390x|sh4|sh4eb|sparc|sparc64|unicore32|x86_64|xtensa|xtensaeb"
)
"""OpenStack's names of architectures: Nova's ``Architecture``, and Glance's list of properties."""

_HYPERVISORS = (
    "baremetal|bhyve|docker|hyperv|ironic|kqemu|kvm|lxc|lxd|openvz|parallels|phyp|prsm|qemu|uml"
    "|vbox|vmware|vz|xen|zvm"
)
"""OpenStack's names of hypervisors: Nova's ``HVType``."""

_NUMBERED = "almalinux|centos|debian|fedora|oraclelinux|rhel|rocky|sled|sles|ubuntu"
"""Distributions, by ``os_distro``, whose releases have numbers."""


def _known(name: str) -> Callable[[str], bool]:
    return KNOWN[name].kind.accepts


def _matching(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


@dataclass(frozen=True)
class _Demand:
    """What the standard says of one property."""

    name: str
    expected: str
    """Completes "… is"."""
    example: str
    """A value for the remedy, or what stands for the values that there are."""
    accepts: Callable[[str], bool]
    missing: Level | None = Level.MUST
    """What an image without it does not keep; None: it may lack it."""


_DEMANDS = (
    _Demand("architecture", "one of OpenStack's names", "x86_64", _matching(_ARCHITECTURES)),
    _Demand("os_distro", "one of OpenStack's names, in lower case", "NAME", _known("os_distro")),
    _Demand("os_version", "the distribution's version", "VERSION", _matching(r".*\S.*")),
    _Demand("os_purpose", KNOWN["os_purpose"].kind.expected, "custom", _known("os_purpose")),
    _Demand("hw_disk_bus", "one of Nova's, scsi for choice", "scsi", _known("hw_disk_bus")),
    _Demand("image_build_date", "YYYY-MM-DD [hh:mm[:ss]]", "DATE", _known("image_build_date")),
    _Demand("image_original_user", "a user, or none", "NAME", _matching(r".*\S.*")),
    _Demand("image_source", "an address, or private", "ADDRESS",
            _matching(r"private|(https?|ftps?)://\S+")),
    _Demand("image_description", "an address, or text", "TEXT", _matching(r"(?s).*\S.*")),
    _Demand("replace_frequency", KNOWN["replace_frequency"].kind.expected, "monthly",
            _known("replace_frequency")),
    _Demand("provided_until", KNOWN["provided_until"].kind.expected, "DATE",
            _known("provided_until")),
    _Demand("uuid_validity", KNOWN["uuid_validity"].kind.expected, "last-3",
            _known("uuid_validity")),
    _Demand("hypervisor_type", "one of OpenStack's", "qemu", _matching(_HYPERVISORS),
            Level.SHOULD),
    _Demand("hw_rng_model", "virtio", "virtio", _known("hw_rng_model"), Level.SHOULD),
    _Demand("hotfix_hours", "a number of hours", "48", _known("hotfix_hours"), None),
    _Demand("maintained_until", "a date YYYY-MM-DD", "DATE", _known("maintained_until"), None),
    _Demand("l1_support_contact", "an address, as https:, mailto: or tel:", "ADDRESS",
            _matching(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"), None),
)  # fmt: skip


def property_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """Properties that are missing, or say what they may not."""
    for demand in _DEMANDS:
        value = image.properties.get(demand.name, "")
        level = demand.missing if not value else Level.MUST
        if level is None or (value and demand.accepts(value)):
            continue
        found = f"it is {shown(value)}" if value else "it is missing"
        yield _shortfall(
            level, demand.name, f"{demand.name} is {demand.expected}", found,
            giving(image, demand.name, demand.example),
        )  # fmt: skip


def size_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """Needs of disk and memory that are not told, or are less than the data alone."""
    if image.min_disk <= 0:
        yield _shortfall(
            Level.MUST, "min_disk", "min_disk tells the GiB that the image needs", "it is 0",
            giving(image, "min_disk", "GIB"),
        )  # fmt: skip
    elif image.size is not None and image.min_disk * GIB < image.size:
        needed = -(-image.size // GIB)
        yield _shortfall(
            Level.MUST, "min_disk", "min_disk is room enough for the image",
            f"it is {image.min_disk} GiB, and the data alone takes {needed}",
            giving(image, "min_disk", str(needed)),
        )  # fmt: skip
    if image.min_ram <= 0:
        yield _shortfall(
            Level.MUST, "min_ram", "min_ram tells the MiB with which a guest boots and survives",
            "it is 0", giving(image, "min_ram", "MIB"),
        )  # fmt: skip


def version_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """A version that has no number, where the distribution has numbers."""
    distro, version = (image.properties.get(name, "") for name in ("os_distro", "os_version"))
    numbered = re.fullmatch(_NUMBERED, distro) is not None
    if numbered and version.strip() and not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version):
        yield _shortfall(
            Level.SHOULD, "os_version", f"os_version of {distro} is its number",
            f"it is {shown(version)}", giving(image, "os_version", "NUMBER"),
        )  # fmt: skip


def bus_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """A SCSI bus without a model: Nova gives no virtio controller for it."""
    if image.properties.get("hw_disk_bus") == "scsi" and "hw_scsi_model" not in image.properties:
        yield _shortfall(
            Level.SHOULD, "hw_scsi_model", "hw_disk_bus=scsi comes with hw_scsi_model",
            "it is missing", giving(image, "hw_scsi_model", "virtio-scsi"),
        )  # fmt: skip


def licence_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """Licences that are in the price and to be brought, both."""
    if is_true(image.properties.get("license_included")) and is_true(
        image.properties.get("license_required")
    ):
        yield _shortfall(
            Level.MUST, "license_required", "licences are included, or to be brought",
            "both are true", giving(image, "license_required", "false"),
        )  # fmt: skip


def tag_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """Tags that tell who keeps the image, and what it is."""
    if not any(tag.startswith("managed_by_") for tag in image.tags):
        yield _shortfall(
            Level.SHOULD, "tags", "a tag managed_by_VENDOR tells who keeps the image",
            "there is none", tagging(image, "managed_by_VENDOR"),
        )  # fmt: skip
    if not any(tag.startswith("os:") for tag in image.tags):
        yield _shortfall(
            Level.SHOULD, "tags", "a tag os:OPERATINGSYSTEM tells what the image is",
            "there is none", tagging(image, "os:OPERATINGSYSTEM"),
        )  # fmt: skip


def hash_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """A hash of the data that is none of the two of the standard."""
    if image.id and image.hash_algorithm not in ("sha256", "sha512"):
        yield _shortfall(
            Level.SHOULD, "os_hash_algo", "Glance has a hash of the data, sha256 or sha512",
            f"it is {image.hash_algorithm}" if image.hash_algorithm else "it has none",
            "Ask the cloud's operators: Glance makes it when the data is uploaded.",
        )  # fmt: skip


def _shortfall(level: Level, subject: str, rule: str, found: str, remedy: str) -> Shortfall:
    return Shortfall(METADATA, level, subject, rule, found, remedy)
