"""The verb ``adopt``."""

from pathlib import Path

import click

from builder.cli.conclusion import conclude
from builder.cli.options import (
    cli,
    json_option,
    output_option,
)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--admin-user",
    metavar="NAME",
    help="cloud-init's default user in the image; by default the one that its disk names.",
)
@output_option
@json_option
def adopt(file: Path, admin_user: str | None, output: Path, *, as_json: bool) -> int:
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
    from builder.adopt.adopt import adopt as make
    from builder.adopt.plan import boots_at_most
    from builder.features.registry import installed
    from builder.proof.requirements import require_for_proof
    from builder.store.manifest import read
    from builder.terminal.progress import Progress

    registry = installed()
    require_for_proof(boots_at_most(registry))
    with Progress() as progress:
        directory = make(file, output, registry, progress, admin_user=admin_user)
    return conclude(directory, read(directory), as_json=as_json)
