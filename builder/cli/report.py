"""The verb ``report``."""

from pathlib import Path

import click

from builder.attest.key import Attester
from builder.attest.sign import sign_record
from builder.cli.conclusion import conclude
from builder.cli.keys import signing_key_option
from builder.cli.options import (
    BUILDS_OWN,
    complete_profile,
    html_option,
    json_option,
    output_option,
    write_file,
)
from builder.cli.verbs import cli
from builder.pipeline import find
from builder.report.html import read_html
from builder.report.update import rewrite_report


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@html_option
@signing_key_option
@json_option
def report(
    build: str, output: Path, *, html: Path | None, attester: Attester | None, as_json: bool
) -> int:
    """Print the verdict of a build by the evidence in its manifest; check nothing anew.

    \b
    Examples:
      guest-image report pinned-scsi
      guest-image report dist/pinned-scsi/latest --json | jq .claims
      guest-image report pinned-scsi --html /srv/www/pinned-scsi.html
    """
    found = find(build, output)
    if html == BUILDS_OWN:
        rewrite_report(found.directory)
        if attester:
            sign_record(found.directory, attester)
    elif html is not None:
        write_file(html, read_html(found.directory, found.manifest))
    return conclude(found, as_json=as_json)
