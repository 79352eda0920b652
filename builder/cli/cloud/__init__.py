"""The verbs below ``cloud``: what images need of a cloud besides their properties."""

from builder.cli.verbs import CLOUD_VERBS, Verbs, cli


@cli.group("cloud", cls=Verbs, verbs=CLOUD_VERBS, package=__name__)
def group() -> None:
    """Set up a cloud for a profile's images.

    \b
    Examples:
      guest-image cloud plan pinned-scsi
      guest-image cloud plan pinned-scsi --nova 2025.1 --format openstack
      guest-image cloud check pinned-scsi --cloud prod
      guest-image cloud apply pinned-scsi --cloud prod --dry-run
      guest-image cloud prove pinned-scsi --cloud staging
    """
