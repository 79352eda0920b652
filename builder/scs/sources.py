"""Where images of a distribution must be from: SCS-0104, version 2. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CODENAME = "{codename}"

_ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "debian": (
        "https://cloud.debian.org/images/cloud/{codename}/",
        "https://cdimage.debian.org/cdimage/cloud/{codename}/",
    ),
    "ubuntu": (
        "https://cloud-images.ubuntu.com/releases/{codename}/",
        "https://cloud-images.ubuntu.com/{codename}/",
    ),
}
"""The permissible beginnings of ``image_source``, by ``os_distro``."""

_VERSIONS: Mapping[str, str] = {"debian": r"[0-9]{1,2}", "ubuntu": r"[0-9]{2}\.[0-9]{2}"}
"""The versions that they are demanded of."""

_CODENAMES: Mapping[tuple[str, str], str] = {
    ("debian", "10"): "buster",
    ("debian", "11"): "bullseye",
    ("debian", "12"): "bookworm",
    ("debian", "13"): "trixie",
    ("ubuntu", "20.04"): "focal",
    ("ubuntu", "22.04"): "jammy",
    ("ubuntu", "24.04"): "noble",
    ("ubuntu", "26.04"): "resolute",
}
"""What their vendors call them; of other versions any codename is taken."""

_STANDARD_NAME = re.compile(r"(Debian|Ubuntu) (\S+)")


@dataclass(frozen=True)
class Sources:
    """The addresses below which a vendor offers the images of one version."""

    addresses: tuple[str, ...]
    """With ``{codename}`` where the version's codename is not known here."""

    def __str__(self) -> str:
        return " or ".join(f"{address}…" for address in self.addresses)

    def have(self, image_source: str) -> bool:
        """Whether the vendor offers what an ``image_source`` names."""
        return any(
            re.match(re.escape(address).replace(re.escape(_CODENAME), "[a-z]+"), image_source)
            for address in self.addresses
        )


def vendor_sources(os_distro: str, os_version: str) -> Sources | None:
    """Where generic images of a distribution must be from; None where the standard leaves it open.

    Then it only wants them from their vendor, whoever that is.
    """
    if not re.fullmatch(_VERSIONS.get(os_distro, r"(?!)"), os_version):
        return None
    codename = _CODENAMES.get((os_distro, os_version), _CODENAME)
    return Sources(tuple(address.replace(_CODENAME, codename) for address in _ADDRESSES[os_distro]))


def named_sources(name: str) -> Sources | None:
    """Where an image of a standard's name, such as ``Debian 12``, must be from; None of others.

    Version 1 of SCS-0104, which clouds are certified by, judges images by these names.
    """
    match = _STANDARD_NAME.fullmatch(name)
    return vendor_sources(match[1].lower(), match[2]) if match else None
