"""Options of the verbs below ``cloud`` that name what Nova has: its release, flavor, aggregate."""

import click

from builder.feature.nova_release import NovaRelease, nova_release
from builder.words import shown


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


def named(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """A name that is a word of the commands, and none of their options."""
    if given is not None and (not given.isprintable() or not given.strip(" -") or given[0] == "-"):
        raise click.BadParameter(f"{shown(given)} is not the name of a flavor or an aggregate.")
    return given


flavor_option = click.option(
    "--flavor", metavar="NAME", callback=named, help="The flavor's name; by default the profile's."
)
aggregate_option = click.option(
    "--aggregate",
    metavar="NAME",
    callback=named,
    help="The name of the aggregate, where one is needed; by default the profile's.",
)
