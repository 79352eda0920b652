"""What an image is for, in the words of SCS-0102, version 2. Pure."""

from collections.abc import Mapping

PURPOSE = "os_purpose"
GENERIC = "generic"
OLDGENERIC = "oldgeneric"
"""What a generic image becomes when a newer one has replaced it."""


def replaced(properties: Mapping[str, str]) -> dict[str, str]:
    """What changes in the properties of an image that another one replaces."""
    return {PURPOSE: OLDGENERIC} if properties.get(PURPOSE) == GENERIC else {}


def returned(properties: Mapping[str, str]) -> dict[str, str]:
    """What changes in the properties of a replaced image that gets its name back."""
    return {PURPOSE: GENERIC} if properties.get(PURPOSE) == OLDGENERIC else {}
