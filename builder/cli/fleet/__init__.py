"""The verbs below ``fleet``: many images, by one file."""

from builder.cli.verbs import FLEET_VERBS, Verbs, cli


@cli.group("fleet", cls=Verbs, verbs=FLEET_VERBS, package=__name__)
def group() -> None:
    """Build, prove and publish many images by one file.

    \b
    Examples:
      guest-image fleet plan
      guest-image fleet plan nightly/images.yaml --json
      guest-image fleet schema > images.schema.json
    """
