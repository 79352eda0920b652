"""The verb ``adopt``."""

from pathlib import Path

import click
from minisign import SecretKey

from builder.attest.key import Attester
from builder.cli.conclusion import conclude
from builder.cli.keys import minisign_key_option, signing_key_option
from builder.cli.options import json_option, output_option
from builder.cli.verbs import cli
from builder.pipeline import adopt_image
from builder.terminal.progress import Progress


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--admin-user",
    metavar="NAME",
    help="cloud-init's default user in the image; by default the one that its disk names.",
)
@output_option
@signing_key_option
@minisign_key_option
@json_option
def adopt(
    file: Path,
    admin_user: str | None,
    output: Path,
    *,
    attester: Attester | None,
    minisigner: SecretKey | None,
    as_json: bool,
) -> int:
    """Inspect and boot an image that was built elsewhere, and print what it has evidence for.

    FILE is a qcow2 or raw disk image. A copy of it becomes a build directory, adopted-NAME, whose
    claims are those that its checks bear out; for the others the reason is said. An image that
    no proof gets into, such as a Windows, is inspected only.

    \b
    Examples:
      guest-image adopt debian-12-genericcloud-amd64.qcow2 --admin-user debian
      guest-image adopt windows-server.qcow2 --output /srv/images
      guest-image report adopted-debian-12-genericcloud-amd64
    """
    with Progress() as progress:
        build = adopt_image(
            file, output, progress, admin_user=admin_user, attester=attester, minisigner=minisigner
        )
    return conclude(build, as_json=as_json)
