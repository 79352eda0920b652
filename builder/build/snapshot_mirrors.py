"""The mirrors of a build from a snapshot: its own, and those that guests keep. Pure.

An image from a snapshot is one that was built then. So its guests do not keep the snapshot, which
never has another update for them, but the mirrors that a build without one would be made from.
"""

from collections.abc import Mapping
from datetime import datetime

from builder.build.setting import Setting
from builder.distribution import Distribution
from builder.errors import InputError
from builder.profile.mirrors import IMAGE_MIRRORS
from builder.profile.snapshot import SNAPSHOT_MIRRORS, snapshot_address, told


def snapshot_mirrors(
    distribution: Distribution, at: datetime, found: Mapping[str, Setting]
) -> dict[str, Setting]:
    """The settings with the snapshot's mirrors in place of others, which become the image's.

    Raises ``InputError`` for each kind of mirror of which nobody names one of the two.
    """
    settings, unnamed, nowhere = dict(found), [], []
    for kind, variable in distribution.mirrors.items():
        template, usual = found.get(SNAPSHOT_MIRRORS[kind]), found.get(variable)
        if template is None:
            unnamed.append(f"mirrors.snapshot.{kind} or {SNAPSHOT_MIRRORS[kind]}")
            continue
        settings[variable] = Setting(snapshot_address(template.value, at), template.origin)
        image = found.get(IMAGE_MIRRORS[kind], usual)
        if image is None:
            nowhere.append(f"mirrors.in_image.{kind}, mirrors.{kind} or {variable}")
        else:
            settings[IMAGE_MIRRORS[kind]] = image
    if unnamed:
        raise InputError(
            f"Nobody names where the archive's snapshot of {told(at)} is.",
            hint=f"Name it, with {{at}} in place of the moment: {' and '.join(unnamed)}; the first"
            " in the profile, the other in the environment.",
        )
    if nowhere:
        raise InputError(
            "Nobody names the mirrors that guests are to have in place of the snapshot.",
            hint=f"Name them: {' and '.join(nowhere)}.",
        )
    return settings
