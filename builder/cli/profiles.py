"""The verb ``profiles``."""

from builder.cli.options import cli, json_option, print_json


@cli.command()
@json_option
def profiles(*, as_json: bool) -> None:
    """List the shipped profiles.

    \b
    Examples:
      guest-image profiles
      guest-image profiles --json | jq -r '.[].name'
    """
    from builder.features.registry import installed
    from builder.profile.load import load, shipped_profiles
    from builder.report.catalogue import profiles_text
    from builder.terminal.output import show

    registry = installed()
    loaded = [load(name, registry) for name in shipped_profiles()]
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "description": one.description,
                    "distribution": one.distribution.name,
                    "unproven": one.distribution.untested_reason,
                    "features": list(one.features),
                }
                for one in loaded
            ]
        )
    else:
        show(profiles_text(loaded))
