"""A valid profile as the document of one file that extends nothing: any machine can load it."""

from dataclasses import fields
from typing import Any

from pydantic_core import to_jsonable_python

from builder.profile.model import Profile

_OF_THE_FILE = {"name", "distribution"}
"""What a document says in other words than a profile does, or not at all."""


def document_of(profile: Profile) -> dict[str, Any]:  # Any: JSON
    """Load this from a file of the profile's name, and the profile is the same.

    Files of the user's own are named by absolute paths.
    """
    rest = {
        field.name: to_jsonable_python(getattr(profile, field.name), exclude_none=True)
        for field in fields(profile)
        if field.name not in _OF_THE_FILE
    }
    distribution = profile.distribution
    return {
        "distribution": distribution.name,
        "architecture": distribution.architecture,
        "initramfs": distribution.initramfs,
        **rest,
    }
