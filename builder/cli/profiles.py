"""The verb ``profiles``."""

from builder.cli.options import json_option, print_json
from builder.cli.verbs import cli
from builder.features.registry import installed
from builder.profile.load import load_shipped
from builder.report.catalogue import profiles_text
from builder.terminal.output import show


@cli.command()
@json_option
def profiles(*, as_json: bool) -> None:
    """List the shipped profiles.

    \b
    Examples:
      guest-image profiles
      guest-image profiles --json | jq -r '.[].name'
    """
    loaded = load_shipped(installed())
    if as_json:
        print_json(
            [
                {
                    "name": profile.name,
                    "description": profile.description,
                    "distribution": profile.distribution.name,
                    "unproven": profile.distribution.untested_reason,
                    "features": list(profile.features),
                }
                for profile in loaded
            ]
        )
    else:
        show(profiles_text(loaded))
