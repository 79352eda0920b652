"""The verb ``due``."""

from datetime import timedelta
from pathlib import Path

import click

from builder.cli.cloud_options import evidence_options
from builder.cli.options import json_option, output_option, print_json, profile_argument
from builder.cli.verbs import cli
from builder.due.due import EvidencePolicy, judge
from builder.due.text import judgement_text
from builder.publish.candidate.admission import Waivers
from builder.terminal.output import show
from builder.terminal.progress import Progress


@cli.command()
@profile_argument
@output_option
@click.option(
    "--cloud",
    "clouds",
    multiple=True,
    metavar="NAME",
    help="Ask a cloud of clouds.yaml, too, or 'envvars'; may be given several times.",
)
@evidence_options
@json_option
def due(
    *,
    profile: str,
    output: Path,
    clouds: tuple[str, ...],
    max_age: timedelta,
    allow: str | None,
    drop_unproven: bool,
    as_json: bool,
) -> int:
    """Tell whether a build of PROFILE is due: whether it would differ, or must be made.

    Compared with the latest build are the archive's packages, by apt itself in a simulation; the
    profile, elements, features and this program; the age of the evidence; what the profile promises
    its users; and the images in each cloud. Needs no root, builds nothing, changes nothing.

    The exit code is 0 where a build is due, 10 where none is, and 3 or 5 where that is unknown: the
    archive, or a cloud, does not answer.

    \b
    Examples:
      guest-image due base && sudo guest-image image base --fresh
      guest-image due base --cloud staging --cloud prod
      guest-image due base --json | jq -r '.reasons[] | select(.must).subject'
    """
    with Progress() as progress:
        waivers = Waivers(allow_present=allow == "present", drop_unproven=drop_unproven)
        judgement = judge(profile, output, clouds, EvidencePolicy(waivers, max_age), progress)
    if as_json:
        print_json(judgement.to_json())
    else:
        show(judgement_text(judgement))
    return judgement.exit_code
