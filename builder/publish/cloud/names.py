"""Names of images in a cloud: public, dated, and of drafts. Pure."""

from datetime import UTC, datetime

from builder.plan.model import Plan
from builder.profile.publication import Publication

_DATED = "%Y%m%dT%H%M%SZ"


def public_name(plan: Plan, settings: Publication) -> str:
    """The name that users know the image by."""
    distribution = plan.distribution
    return settings.name.format(
        profile=plan.profile,
        distribution=distribution.name,
        os_distro=distribution.os_distro,
        os_version=distribution.os_version,
        architecture=distribution.architecture,
    )


def dated(name: str, built: datetime) -> str:
    """The name of a replaced image."""
    return f"{name} {built.astimezone(UTC):{_DATED}}"


def draft_name(name: str, build: str) -> str:
    """The name of an image that is being published."""
    return f"{name} {build} (being published)"
