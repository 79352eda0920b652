"""Verbs that show what there is and what would be done; they change nothing."""

import os
from dataclasses import asdict

from builder.cli.common import cli, json_option, print_json, profile_argument


@cli.command()
@json_option
def profiles(*, as_json: bool) -> None:
    """List the shipped profiles.

    \b
    Examples:
      guest-image profiles
      guest-image profiles --json | jq -r '.[].name'
    """
    from builder.features import installed
    from builder.profilefile import load, shipped_profiles
    from builder.render import profiles_text
    from builder.terminal import show

    registry = installed()
    loaded = [load(name, registry) for name in shipped_profiles()]
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "description": one.description,
                    "distribution": one.distribution.name,
                    "unproven": one.distribution.unproven,
                    "features": list(one.features),
                }
                for one in loaded
            ]
        )
    else:
        show(profiles_text(loaded))


@cli.command()
@json_option
def features(*, as_json: bool) -> None:
    """List the features that a profile can use, with their parameters.

    \b
    Examples:
      guest-image features
      guest-image features --json | jq -r '.[] | .name + ": " + .origin'
    """
    from builder.features import installed
    from builder.render import features_text
    from builder.terminal import show

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


@cli.command()
@profile_argument
@json_option
def plan(profile: str, *, as_json: bool) -> None:
    """Show what a build of PROFILE would do, without doing any of it.

    PROFILE is the name of a shipped profile, or the path of a profile file. The environment is
    what a build on this machine would set for diskimage-builder; what only the build itself knows
    stands there in <angle brackets>.

    \b
    Examples:
      guest-image plan pinned-scsi
      guest-image plan ./mine.yaml
      guest-image plan pinned-scsi --json | jq .claims
      guest-image plan base --json | jq .build_environment.DIB_DISTRIBUTION_MIRROR
    """
    from builder.dryrun import expected_environment
    from builder.features import installed
    from builder.plan import make_plan, to_json
    from builder.profilefile import load
    from builder.render import plan_text
    from builder.terminal import show

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    environment = expected_environment(made, registry, os.environ)
    if as_json:
        settings = {name: asdict(one) for name, one in environment.items()}
        print_json({**to_json(made), "build_environment": settings})
    else:
        rows = ((one.origin, f"{name}={one.value}") for name, one in environment.items())
        show(plan_text(made, rows))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a profile, with every installed feature's parameters.

    \b
    Examples:
      guest-image schema > profile.schema.json
    """
    from builder.features import installed
    from builder.schema import profile_schema

    print_json(profile_schema(installed()))
