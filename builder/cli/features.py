"""The verb ``features``."""

from builder.cli.options import json_option, print_json
from builder.cli.verbs import cli
from builder.features.registry import installed
from builder.report.catalogue import features_text
from builder.terminal.output import show


@cli.command()
@json_option
def features(*, as_json: bool) -> None:
    """List the features that a profile can use, with their parameters.

    \b
    Examples:
      guest-image features
      guest-image features --json | jq -r '.[] | .name + ": " + .origin'
    """
    registered = installed().values()
    if as_json:
        print_json(
            [
                {
                    "name": entry.feature.name,
                    "summary": entry.feature.summary,
                    "origin": entry.origin,
                    "parameters": entry.feature.parameters.model_json_schema(),
                }
                for entry in registered
            ]
        )
    else:
        show(features_text(registered))
