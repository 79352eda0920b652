"""The verb ``build``."""

from pathlib import Path

from builder.cli.conclusion import warn_if_unproven
from builder.cli.options import (
    cli,
    output_option,
    profile_argument,
)


@cli.command()
@profile_argument
@output_option
def build(profile: str, output: Path) -> None:
    """Build PROFILE's image from scratch and print its directory; check nothing.

    \b
    Examples:
      guest-image build base
      guest-image prove "$(guest-image build base)"
    """
    from builder.build.build import build as make
    from builder.features.registry import installed
    from builder.plan.merge import make_plan
    from builder.profile.load import load
    from builder.terminal.output import say
    from builder.terminal.progress import Progress

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    warn_if_unproven(made)
    with Progress() as progress:
        directory = make(made, output, progress)
    say(f"{directory}\n")
