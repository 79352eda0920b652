"""The verb ``fleet schema``."""

from builder.cli.fleet import group
from builder.cli.options import print_json
from builder.features.registry import installed
from builder.fleet.schema import fleet_schema


@group.command()
def schema() -> None:
    """Print the JSON Schema of images.yaml, with every installed feature's parameters.

    \b
    Examples:
      guest-image fleet schema > images.schema.json
    """
    print_json(fleet_schema(installed()))
