"""The verb ``features``."""

from builder.cli.options import cli, json_option, print_json


@cli.command()
@json_option
def features(*, as_json: bool) -> None:
    """List the features that a profile can use, with their parameters.

    \b
    Examples:
      guest-image features
      guest-image features --json | jq -r '.[] | .name + ": " + .origin'
    """
    from builder.features.registry import installed
    from builder.report.catalogue import features_text
    from builder.terminal.output import show

    registered = installed().values()
    if as_json:
        print_json(
            [
                {
                    "name": one.feature.name,
                    "summary": one.feature.summary,
                    "origin": one.origin,
                    "parameters": one.feature.parameters.model_json_schema(),
                }
                for one in registered
            ]
        )
    else:
        show(features_text(registered))
