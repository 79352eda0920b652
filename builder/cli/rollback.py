"""The verb ``rollback``."""

from typing import TYPE_CHECKING

import click

from builder.cli.cloud_options import Answer, cloud_option, conclude, in_each
from builder.cli.options import cli, complete_profile, json_option

if TYPE_CHECKING:
    from builder.publish.cloud.glance import Glance


@cli.command()
@click.argument("profile", metavar="PROFILE", shell_complete=complete_profile)
@cloud_option
@json_option
def rollback(*, profile: str, cloud: str, as_json: bool) -> int:
    """Bring a profile's previous image back under its public name, without an upload.

    The image that has the name now is hidden and renamed with its build date. Called again, it goes
    back one more; an interrupted rollback is completed, an interrupted publication taken back.

    \b
    Examples:
      guest-image rollback pinned-scsi --cloud prod
    """
    from builder.publish.cloud.lease import state_directory
    from builder.publish.rollout.rollback import rollback as bring_back
    from builder.terminal.progress import Progress

    def act(glance: "Glance") -> Answer:
        back = bring_back(glance, profile, progress, home=state_directory())
        text = f"{glance}: '{back.name}' is image {back.id} of build {back.build} again"
        return Answer(
            [text],
            {"cloud": cloud, "image": back.id, "name": back.name, "build": back.build},
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)
