"""The verb ``cloud apply``."""

import click

from builder.cli.cloud import group
from builder.cli.cloud.nova_options import Release, aggregate_option, flavor_option
from builder.cli.cloud_options import Answer, cloud_option, conclude
from builder.cli.options import json_option, profile_argument
from builder.cloud.api.client import CloudApi
from builder.cloud.apply.apply import ApplyOptions
from builder.cloud.apply.apply import apply as make
from builder.feature.nova_release import NovaRelease
from builder.plan.of_profile import plan_of
from builder.publish.cloud.unverified import warn_unverified
from builder.terminal.progress import Progress


@group.command()
@profile_argument
@cloud_option
@flavor_option
@aggregate_option
@click.option("--vcpus", type=click.IntRange(1), help="The flavor's vCPUs.")
@click.option("--memory", type=click.IntRange(1), metavar="MIB", help="The flavor's memory.")
@click.option("--disk", type=click.IntRange(0), metavar="GIB", help="The flavor's disk.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A compute host for the aggregate, where one is needed. May be given again.",
)
@click.option(
    "--nova",
    type=Release(),
    metavar="RELEASE",
    help="Make what this release needs (2025.1, epoxy, 31), not what the cloud's own does.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be changed; change nothing.")
@click.option("--remove", is_flag=True, help="Take away all that was made for the profile.")
@json_option
def apply(
    profile: str,
    *,
    cloud: str,
    flavor: str | None,
    aggregate: str | None,
    vcpus: int | None,
    memory: int | None,
    disk: int | None,
    hosts: tuple[str, ...],
    nova: NovaRelease | None,
    dry_run: bool,
    remove: bool,
    as_json: bool,
) -> int:
    """Make the flavor and aggregate that PROFILE's images need, or correct them.

    It needs an administrator's credentials. What is there as it is to be stays as it is. What this
    command has not made is not touched: a tag tells, 'guest-image-builder:profile' among extra
    specs and metadata; extra specs that others have added to its flavor go. A flavor of another
    size is deleted and made anew; servers keep what they have.

    \b
    Examples:
      guest-image cloud apply pinned-scsi --cloud prod --dry-run
      guest-image cloud apply pinned-scsi --cloud prod --vcpus 4 --memory 8192
      guest-image cloud apply pinned-scsi --cloud prod --remove
    """
    plan = plan_of(profile)
    with Progress() as progress:
        api = CloudApi(cloud, progress.line)
        warn_unverified(api, progress)
        options = ApplyOptions(
            flavor=flavor,
            aggregate=aggregate,
            vcpus=vcpus,
            memory=memory,
            disk=disk,
            hosts=hosts,
            release=nova,
            remove=remove,
            dry_run=dry_run,
        )
        changes = make(plan, api, options, progress)
    lines = [line for change in changes for line in change.lines]
    data = {"cloud": cloud, "dry_run": dry_run, "changes": lines}
    return conclude([Answer(lines or [f"{cloud}: nothing to change"], data)], as_json=as_json)
