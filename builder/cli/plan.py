"""The verb ``plan``."""

import os
from dataclasses import asdict

from builder.cli.options import cli, json_option, print_json, profile_argument


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
    from builder.build.dib_environment import expected_environment, unnamed_mirrors
    from builder.features.registry import installed
    from builder.plan.merge import make_plan
    from builder.plan.model import to_json
    from builder.profile.load import load
    from builder.report.catalogue import plan_text
    from builder.terminal.output import show

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    environment = expected_environment(made, registry, os.environ)
    notes = unnamed_mirrors(made.distribution, environment)
    if as_json:
        settings = {name: asdict(one) for name, one in environment.items()}
        print_json({**to_json(made), "build_environment": settings, "notes": notes})
    else:
        rows = ((one.origin, f"{name}={one.value}") for name, one in environment.items())
        show(plan_text(made, rows, notes))
