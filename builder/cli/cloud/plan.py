"""The verb ``cloud plan``."""

from pathlib import Path

import click

from builder.cli.cloud import group
from builder.cli.cloud.nova_options import Release, aggregate_option, flavor_option
from builder.cli.options import json_option, print_json, profile_argument, write_file
from builder.cloud.compute_host.cpu_list import parsed
from builder.cloud.compute_host.layout import Division
from builder.cloud.compute_host.operator_plan import Host, OperatorPlan, operator_plan
from builder.cloud.compute_host.page import layout_page
from builder.cloud.compute_host.picture import layout_json, layout_text
from builder.cloud.plan.ability import ABILITIES
from builder.cloud.plan.fragments import TEMPLATES, Names, fragment
from builder.cloud.plan.text import cloud_plan_json, cloud_plan_text
from builder.feature import NovaRelease
from builder.feature.nova_release import NEWEST
from builder.terminal.output import say, show
from builder.words import shown

TABLE = "table"


class CpuList(click.ParamType[frozenset[int]]):
    """CPUs as the kernel writes them: ``0-3,8``."""

    name = "cpus"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[int]:
        """Parse it. Raises ``BadParameter``."""
        if isinstance(value, frozenset):
            return value
        try:
            return parsed(str(value))
        except ValueError as error:
            self.fail(f"{shown(value)}: {error}.", param, ctx)


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
@flavor_option
@aggregate_option
@click.option(
    "--host-topology",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    help="A compute host's own: what lscpu -J -e=CPU,NODE,SOCKET,CORE,ONLINE prints there, or a"
    " copy of its /sys/devices/system.",
)
@click.option(
    "--host-cpus",
    type=CpuList(),
    metavar="CPUS",
    help="What that host keeps for itself, such as 0-3; by default the first core of each node.",
)
@click.option(
    "--shared-cpus",
    type=CpuList(),
    metavar="CPUS",
    help="What guests float on there, beside those that are pinned; by default none.",
)
@click.option(
    "--host-page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write that host's layout as one HTML file, too.",
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
    host_topology: Path | None,
    host_cpus: frozenset[int] | None,
    shared_cpus: frozenset[int] | None,
    host_page: Path | None,
) -> None:
    """Show what PROFILE's images need of a cloud: flavor, scheduler, nova.conf, hosts.

    An image is half of a feature. This is the other half: each need with its reason, as the cloud's
    release of Nova wants it. As commands or fragments it is ready to be run and copied, but for
    what each host has of its own: that stands there as a comment with an example, or as it is to be
    on the host whose topology is given.

    \b
    Examples:
      guest-image cloud plan pinned-scsi
      guest-image cloud plan pinned-scsi --nova train --format nova.conf
      guest-image cloud plan pinned-scsi --format openstack --flavor db.large > flavor.sh
      guest-image cloud plan pinned-scsi --with soft-delete --format ansible > cloud.yaml
      guest-image cloud plan pinned-scsi --host-topology host.json --host-cpus 0-3
      guest-image cloud plan pinned-scsi --json | jq -r '.needs[] | .place + ": " + .text'
    """
    if as_json and form != TABLE:
        raise click.UsageError("--json prints the whole plan: give it without --format.")
    if host_topology is None and (host_cpus, shared_cpus, host_page) != (None, None, None):
        raise click.UsageError("These CPUs are of a host: give its --host-topology, too.")
    host = None
    if host_topology is not None:
        host = Host(host_topology, Division(host_cpus, shared_cpus or frozenset()))
    planned = operator_plan(profile, release, dict.fromkeys(abilities), host)
    if planned.layout is not None and host_page is not None:
        write_file(host_page.resolve(), layout_page(planned.layout, planned.cloud.profile))
    if as_json:
        print_json(_json(planned))
    elif form == TABLE:
        layout = planned.layout
        show([*cloud_plan_text(planned.cloud), *(layout_text(layout) if layout else ())])
    else:
        names = Names(flavor or planned.cloud.profile, aggregate or planned.cloud.profile)
        say(fragment(planned.cloud, form, names, planned.facts))


def _json(planned: OperatorPlan) -> dict[str, object]:
    of_host = {} if planned.layout is None else {"host": layout_json(planned.layout)}
    return {**cloud_plan_json(planned.cloud), **of_host}
