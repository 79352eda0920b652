"""The verb ``reproduce``."""

from datetime import datetime
from pathlib import Path

import click

from builder.cli.options import at_option, complete_profile, json_option, output_option, print_json
from builder.cli.verbs import cli
from builder.host.user_namespace import become_root
from builder.pipeline import reproduce_build
from builder.report.reproduction import reproduction_json, reproduction_text
from builder.terminal.output import show
from builder.terminal.progress import Progress


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@click.option(
    "--keep",
    metavar="DIRECTORY",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the new build there; it is removed otherwise.",
)
@at_option
@json_option
def reproduce(
    build: str, *, output: Path, keep: Path | None, at: datetime | None, as_json: bool
) -> int:
    """Build an image again, and tell whether it is the same file.

    The plan, the times, the ids and the packages' versions are those of BUILD's manifest, so that
    with equal elements and tools every byte is the same. If not, what is known to differ is named:
    what it was made from, packages, and files that belong to no package. BUILD is a build
    directory, or the name of a built profile (its latest build).

    The exit code is 0 where it is the same, and 1 where it is not; 3 where the archive does not
    have the versions any more, which are named.

    \b
    Examples:
      guest-image reproduce pinned-scsi
      guest-image reproduce dist/pinned-scsi/20261126T040113Z-73af0c --keep again
      guest-image reproduce pinned-scsi --at 2026-11-01
      guest-image reproduce pinned-scsi --json | jq .same
    """
    become_root()
    with Progress() as progress:
        found = reproduce_build(build, output, progress, keep=keep, at=at)
    if as_json:
        print_json(reproduction_json(found))
    else:
        show(reproduction_text(found))
    return int(not found.same)
