"""The verb ``promote``."""

from datetime import timedelta
from pathlib import Path

import click

from builder.attest.key import Attester, PublicKey
from builder.cli.cloud_options import (
    Answer,
    conclude,
    evidence_options,
    in_each,
    security_lag_option,
    settings_option,
)
from builder.cli.keys import require_signed_by_option, signing_key_option
from builder.cli.options import complete_profile, json_option, output_option
from builder.cli.publication import published_answer
from builder.cli.verbs import cli
from builder.publish.candidate.admission import Waivers
from builder.publish.candidate.prepare import settings_of
from builder.publish.cloud.glance import Glance
from builder.publish.promote import promotable
from builder.publish.publish import publish_build
from builder.publish.rollout.draft import Delivery
from builder.terminal.progress import Progress


@cli.command()
@click.argument("profile", metavar="PROFILE", shell_complete=complete_profile)
@click.option("--from", "source", required=True, metavar="NAME", help="The cloud that has it.")
@click.option("--to", "target", required=True, metavar="NAME", help="The cloud that gets it.")
@output_option
@evidence_options
@security_lag_option
@settings_option
@require_signed_by_option
@signing_key_option
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
    max_security_lag: timedelta | None,
    settings: str | None,
    signers: tuple[PublicKey, ...],
    attester: Attester | None,
    as_json: bool,
) -> int:
    """Publish in one cloud what is current in another, without a rebuild.

    The data comes from the first cloud; the build's manifest must be here, for its evidence counts
    in the second cloud too.

    \b
    Examples:
      guest-image promote pinned-scsi --from staging --to prod
    """

    def act(glance: Glance) -> Answer:
        result = publish_build(glance, candidate, Delivery(), progress, attester)
        return published_answer(glance, candidate, result)

    with Progress() as progress:
        candidate = promotable(
            Glance(source, say=progress.line),
            profile,
            output,
            Waivers(allow_present=allow == "present", drop_unproven=drop_unproven),
            max_age=max_age,
            settings=settings_of(settings),
            signers=signers,
            max_security_lag=max_security_lag,
        )
        answers = in_each([target], act, progress)
    return conclude(answers, as_json=as_json)
