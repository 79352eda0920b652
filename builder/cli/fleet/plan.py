"""The verb ``fleet plan``."""

from datetime import UTC, datetime
from pathlib import Path

from builder.cli.fleet import group
from builder.cli.fleet.options import matrix_argument
from builder.cli.options import json_option, output_option, print_json
from builder.features.registry import installed
from builder.fleet.graph import steps
from builder.fleet.matrix import load_fleet
from builder.fleet.state import State, states
from builder.fleet.text import plan_json, plan_text
from builder.terminal.output import show


@group.command()
@matrix_argument
@output_option
@json_option
def plan(*, matrix: Path, output: Path, as_json: bool) -> None:
    """Show the steps of all images in FILE, and which of them are due; do none of them.

    Nobody is asked: what is due is told by the builds that are here. A build of more than a day is
    'to be asked': before it is taken once more, the archive is; and so is a publication.

    \b
    Examples:
      guest-image fleet plan
      guest-image fleet plan nightly/images.yaml --output /srv/images
      guest-image fleet plan --json | jq -r '.steps[] | select(.standing == "due").id'
    """
    fleet = load_fleet(matrix, installed())
    planned = steps(fleet.images)
    now = datetime.now(UTC)
    standings: dict[str, State] = {}
    for image in fleet.images:
        own = [step for step in planned if step.image == image.name]
        standings |= states(image, own, output, now=now)
    if as_json:
        print_json(plan_json(fleet, planned, standings))
    else:
        show(plan_text(fleet, planned, standings))
