"""The verb ``cloud plan``."""

import click

from builder.cli.cloud import group
from builder.cli.options import json_option, print_json, profile_argument
from builder.cloud.ability import ABILITIES
from builder.cloud.fragments import TEMPLATES, Names, fragment
from builder.cloud.plan import cloud_plan
from builder.cloud.plan_text import cloud_plan_json, cloud_plan_text
from builder.feature import NovaRelease
from builder.feature.nova_release import NEWEST, nova_release
from builder.plan.of_profile import plan_of
from builder.terminal.output import say, show
from builder.words import shown

TABLE = "table"


class Release(click.ParamType[NovaRelease]):
    """A release of Nova: ``2025.1``, ``epoxy`` or ``31``."""

    name = "release"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> NovaRelease:
        """Parse it. Raises ``BadParameter``."""
        if isinstance(value, NovaRelease):
            return value
        try:
            return nova_release(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _named(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """A name that is a word of the commands, and none of their options."""
    if given is not None and (not given.isprintable() or not given.strip(" -") or given[0] == "-"):
        raise click.BadParameter(f"{shown(given)} is no name of a flavor or an aggregate.")
    return given


@group.command()
@profile_argument
@click.option(
    "--nova",
    "release",
    type=Release(),
    default=NEWEST,
    help=f"The cloud's release of Nova: 2025.1, epoxy or 31; by default {NEWEST}.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([TABLE, *TEMPLATES]),
    default=TABLE,
    show_default=True,
    help="What is printed: a table, commands, a file's fragment, an Ansible playbook.",
)
@json_option
@click.option(
    "--with",
    "abilities",
    type=click.Choice(list(ABILITIES)),
    multiple=True,
    help="What else the cloud shall do, which no image has a part in; may be given several times.",
)
@click.option(
    "--flavor", metavar="NAME", callback=_named, help="The flavor's name; by default the profile's."
)
@click.option(
    "--aggregate",
    metavar="NAME",
    callback=_named,
    help="The name of the aggregate, where one is needed; by default the profile's.",
)
def plan(
    *,
    profile: str,
    release: NovaRelease,
    form: str,
    as_json: bool,
    abilities: tuple[str, ...],
    flavor: str | None,
    aggregate: str | None,
) -> None:
    """Show what PROFILE's images need of a cloud: flavor, scheduler, nova.conf, hosts.

    An image is half of a feature. This is the other half: each need with its reason, as the cloud's
    release of Nova wants it. As commands or fragments it is ready to be run and copied, but for
    what each host has of its own, which stands there as a comment with an example.

    \b
    Examples:
      guest-image cloud plan pinned-scsi
      guest-image cloud plan pinned-scsi --nova train --format nova.conf
      guest-image cloud plan pinned-scsi --format openstack --flavor db.large > flavor.sh
      guest-image cloud plan pinned-scsi --with soft-delete --format ansible > cloud.yaml
      guest-image cloud plan pinned-scsi --json | jq -r '.needs[] | .place + ": " + .text'
    """
    if as_json and form != TABLE:
        raise click.UsageError("--json prints the whole plan: give it without --format.")
    image_plan = plan_of(profile)
    planned = cloud_plan(
        image_plan, release, [ABILITIES[name] for name in dict.fromkeys(abilities)]
    )
    if as_json:
        print_json(cloud_plan_json(planned))
    elif form == TABLE:
        show(cloud_plan_text(planned))
    else:
        names = Names(flavor or planned.profile, aggregate or planned.profile)
        say(fragment(planned, form, names, {}))
