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

INVALID = 400
_NAME = "guest-image doctor"


def may_make(glance: Glance) -> Mapping[str, bool | None]:
    """Whether an image of each visibility may be made, or None where that cannot be asked.

    So it is where these credentials see no image at all, and where a schema of the operators'
    demands properties before the policy is asked. Raises ``CloudError`` for any other refusal.
    """
    taken = glance.any_image()
    return {name: _may(glance, taken, name) if taken else None for name in VISIBILITIES}


def _may(glance: Glance, taken: str, visibility: str) -> bool | None:
    try:
        image = glance.create(taken, {"name": _NAME, "visibility": visibility})
    except CloudError as error:
        if error.status == FORBIDDEN:
            return False
        if error.status == INVALID:
            return None
        raise
    if image is not None:
        raise CloudError(
            f"Cloud '{glance}' made an image with the id {taken}, which was in use.",
            hint="Look at that image: if it is empty, and its old one was just deleted, delete it.",
        )
    return True
