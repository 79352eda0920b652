"""The verb ``catalogue``."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from builder.catalogue.site import Addresses, write_catalogue
from builder.cli.options import builds_option
from builder.cli.verbs import cli
from builder.terminal.output import say
from builder.terminal.progress import Progress


def _address(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    """An address that others are put behind."""
    if not given:
        return ""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise click.BadParameter(f"'{given}' is not an address: write https://HOST/DIRECTORY/.")
    return f"{given.rstrip('/')}/"


@cli.command()
@builds_option
@click.option(
    "--output",
    metavar="DIRECTORY",
    type=click.Path(path_type=Path),
    required=True,
    help="Where a web server reads the catalogue: a link to it, which is replaced at once.",
)
@click.option(
    "--url",
    metavar="ADDRESS",
    default="",
    callback=_address,
    help="Where the catalogue is served; openstack-image-manager needs whole addresses.",
)
@click.option(
    "--base-url",
    metavar="ADDRESS",
    default="",
    callback=_address,
    help="Put no images into the catalogue: they are there already, as PROFILE/BUILD/FILE.",
)
def catalogue(*, builds: Path, output: Path, url: str, base_url: str) -> int:
    """Write a static site of the proven builds, for people and for programs.

    A page with every image and how the builds changed; their reports, bills of materials and
    checksums; simplestreams; with --url or --base-url definitions for OSISM's
    openstack-image-manager; links to the newest builds. Images are linked, not copied, where one
    file system has both. A build that is broken is named and left out; the exit code says so then.

    \b
    Examples:
      guest-image catalogue --output /srv/www/images
      guest-image catalogue --output /srv/www/images --url https://images.example/
      guest-image catalogue --output site --base-url https://objects.example/images/
    """
    with Progress() as progress:
        errors = write_catalogue(builds, output, Addresses(url, base_url), progress)
        for error in errors:
            progress.error(error)
    say(f"{output}\n")
    return next((error.exit_code for error in errors), 0)
