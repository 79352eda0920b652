"""The verb ``schema``."""

from builder.cli.options import print_json
from builder.cli.verbs import cli
from builder.features.registry import installed
from builder.profile.schema import profile_schema


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a profile, with every installed feature's parameters.

    \b
    Examples:
      guest-image schema > profile.schema.json
    """
    print_json(profile_schema(installed()))
