"""The verb ``promote``."""

from datetime import timedelta
from pathlib import Path

import click

from builder.cli.cloud_options import conclude, evidence_options, in_each
from builder.cli.options import cli, complete_profile, json_option, output_option
from builder.cli.publish import publish_one, settings_of


@cli.command()
@click.argument("profile", metavar="PROFILE", shell_complete=complete_profile)
@click.option("--from", "source", required=True, metavar="NAME", help="The cloud that has it.")
@click.option("--to", "target", required=True, metavar="NAME", help="The cloud that gets it.")
@output_option
@evidence_options[0]
@evidence_options[1]
@evidence_options[2]
@click.option(
    "--settings",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="Take the section 'publish' from this profile, not from the build.",
)
@json_option
def promote(
    *,
    profile: str,
    source: str,
    target: str,
    output: Path,
    max_age: timedelta,
    allow: str | None,
    drop_unproven: bool,
    settings: str | None,
    as_json: bool,
) -> int:
    """Publish in one cloud what is current in another, without a rebuild.

    The data comes from the first cloud; the build's manifest must be here, for its evidence counts
    in the second cloud too.

    \b
    Examples:
      guest-image promote pinned-scsi --from staging --to prod
    """
    from builder.publish.candidate.admission import Waivers
    from builder.publish.cloud.glance import Glance
    from builder.publish.promote import promotable
    from builder.publish.rollout.draft import Delivery
    from builder.terminal.progress import Progress

    with Progress() as progress:
        prepared = promotable(
            Glance(source, say=progress.line),
            profile,
            output,
            Waivers(allow_present=allow == "present", drop_unproven=drop_unproven),
            max_age=max_age,
            settings=settings_of(settings),
        )
        answers = in_each(
            [target],
            lambda glance: publish_one(glance, prepared, Delivery(), progress, dry_run=False),
            progress,
        )
    return conclude(answers, as_json=as_json)
