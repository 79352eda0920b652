"""The verb ``report``."""

from pathlib import Path

import click

from builder.cli.conclusion import conclude
from builder.cli.options import (
    BUILDS_OWN,
    cli,
    complete_profile,
    html_option,
    json_option,
    output_option,
    write_file,
)


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@html_option
@json_option
def report(build: str, output: Path, *, html: Path | None, as_json: bool) -> int:
    """Print the verdict of a build by the evidence in its manifest; check nothing anew.

    \b
    Examples:
      guest-image report pinned-scsi
      guest-image report dist/pinned-scsi/latest --json | jq .claims
      guest-image report pinned-scsi --html /srv/www/pinned-scsi.html
    """
    from builder.report.html import FILE_NAME, read_html
    from builder.store.build_directory import find_build
    from builder.store.manifest import read

    directory = find_build(build, output)
    known = read(directory)
    if html is not None:
        path = directory / FILE_NAME if html == BUILDS_OWN else html
        write_file(path, read_html(directory, known))
    return conclude(directory, known, as_json=as_json)
