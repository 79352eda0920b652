"""The group ``cloud``: its verbs are modules of this package."""

from builder.cli.verbs import Verbs, cli

CLOUD_VERBS = {
    "prove": "Boot a published build by a cloud's Nova, and record what its server shows.",
}


@cli.group(cls=Verbs, verbs=CLOUD_VERBS, package=__name__)
def cloud() -> None:
    """The cloud's half of an image.

    \b
    Examples:
      guest-image cloud prove pinned-scsi --cloud staging
    """
