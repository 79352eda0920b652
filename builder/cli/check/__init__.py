"""The verbs below ``check``: what others demand of images."""

from builder.cli.verbs import CHECK_VERBS, Verbs, cli


@cli.group("check", cls=Verbs, verbs=CHECK_VERBS, package=__name__)
def group() -> None:
    """Tell where images fall short of a standard.

    \b
    Examples:
      guest-image check scs pinned-scsi
      guest-image check scs --cloud prod
    """
