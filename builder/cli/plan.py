"""The verb ``plan``."""

import os
from dataclasses import asdict
from datetime import datetime

from builder.build.dib_environment import expected_environment, secrets, unnamed_mirrors
from builder.cli.options import at_option, json_option, print_json, profile_argument
from builder.cli.verbs import cli
from builder.features.registry import installed
from builder.plan.model import to_json
from builder.plan.of_profile import plan_of
from builder.report.catalogue import plan_text
from builder.terminal.output import show


@cli.command()
@profile_argument
@at_option
@json_option
def plan(profile: str, *, at: datetime | None, as_json: bool) -> None:
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
    planned = plan_of(profile, at)
    environment = expected_environment(planned, installed(), os.environ)
    notes = unnamed_mirrors(planned.distribution, environment)
    if as_json:
        shown = {name: asdict(setting) for name, setting in environment.items()}
        public = secrets(planned, os.environ).redact_json(to_json(planned))
        print_json({**public, "build_environment": shown, "notes": notes})
    else:
        rows = (
            (setting.origin, f"{name}={setting.value}") for name, setting in environment.items()
        )
        show(plan_text(planned, rows, notes))
