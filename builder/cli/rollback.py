"""The verb ``rollback``."""

import click

from builder.cli.cloud_options import Answer, cloud_option, conclude, in_each
from builder.cli.options import complete_profile, json_option
from builder.cli.verbs import cli
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.lease import state_directory
from builder.publish.rollout.rollback import rollback as bring_back
from builder.terminal.progress import Progress


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

    def act(glance: Glance) -> Answer:
        image = bring_back(glance, profile, progress, home=state_directory())
        text = f"{glance}: '{image.name}' is image {image.id} of build {image.build} again"
        return Answer(
            [text],
            {"cloud": cloud, "image": image.id, "name": image.name, "build": image.build},
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)
