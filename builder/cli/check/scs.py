"""The verb ``check scs``."""

from collections.abc import Sequence
from pathlib import Path

import click

from builder.cli.check import group
from builder.cli.cloud_options import settings_option
from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.publish.candidate.prepare import settings_of
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.unverified import warn_unverified
from builder.publish.conformity import judge_build, judge_cloud
from builder.scs.judge import Judged
from builder.scs.text import conform, conformity_json, conformity_text
from builder.store.build_directory import find_build
from builder.terminal.output import show
from builder.terminal.progress import Progress


@group.command()
@click.argument("build", metavar="[BUILD]", required=False, shell_complete=complete_profile)
@click.option(
    "--cloud", metavar="NAME", help="Judge the images of a cloud of clouds.yaml, or 'envvars'."
)
@output_option
@settings_option
@json_option
def scs(
    build: str | None, *, cloud: str | None, output: Path, settings: str | None, as_json: bool
) -> int:
    """Tell where an image falls short of SCS-0102 and SCS-0104; change nothing.

    BUILD is a build directory or the name of a built profile, and is judged as the image that it
    would be published as. Of a cloud, its project's images are judged: the public and the community
    ones, and what was published by this program. Each line has the rule, what is there, and what
    helps. The exit code is 1 where something is not as it must be; what only should be is told.

    \b
    Examples:
      guest-image check scs pinned-scsi
      guest-image check scs pinned-scsi --settings public-debian.yaml
      guest-image check scs --cloud prod --json | jq -r '.images[] | select(.conforms | not).name'
    """
    judged = _judged(build, cloud, output, settings)
    if as_json:
        print_json(conformity_json(judged))
    else:
        show(conformity_text(judged))
    return int(not conform(judged))


def _judged(
    build: str | None, cloud: str | None, output: Path, settings: str | None
) -> Sequence[Judged]:
    if build is not None and cloud is None:
        return [judge_build(find_build(build, output), settings_of(settings))]
    if build is not None or cloud is None:
        raise click.UsageError("Name a BUILD, or a --cloud without one.")
    if settings is not None:
        raise click.UsageError("--settings belongs to a BUILD: a cloud's images say it themselves.")
    with Progress() as progress:
        glance = Glance(cloud, say=progress.line)
        warn_unverified(glance, progress)
        progress.phase(f"{glance}: looking")
        return judge_cloud(glance)
