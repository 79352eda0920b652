"""What a cloud lets these credentials do with images, asked of the cloud and without a trace.

Glance tells nobody its policy. But it asks its policy before its database: to make an image with an
id that is taken ends in 409 for whoever may, in 403 for whoever may not, and makes none
(``ImagesController.create`` of Glance's ``api/v2/images.py``).
"""

from collections.abc import Mapping

from builder.errors import CloudError
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.remedies import FORBIDDEN

VISIBILITIES = ("private", "community", "public")
"""Those that need a right each: ``shared`` is what ``private`` is."""

_NAME = "guest-image doctor"


def may_make(glance: Glance) -> Mapping[str, bool] | None:
    """Whether an image of each visibility may be made; None where no image can be seen at all.

    Raises ``CloudError`` where the cloud does not tell.
    """
    taken = glance.any_image()
    if not taken:
        return None
    return {name: _may(glance, taken, name) for name in VISIBILITIES}


def _may(glance: Glance, taken: str, visibility: str) -> bool:
    try:
        made = glance.create(taken, {"name": _NAME, "visibility": visibility})
    except CloudError as error:
        if error.status == FORBIDDEN:
            return False
        raise
    if made is not None:
        raise CloudError(
            f"Cloud '{glance}' made an image with the id {taken}, which was in use.",
            hint="Look at that image: if it is empty, and its old one was just deleted, delete it.",
        )
    return True
