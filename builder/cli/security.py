"""The verb ``security``."""

from pathlib import Path

import click

from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.cli.verbs import cli
from builder.security.assess import assess
from builder.security.text import judgement_text
from builder.store import manifest
from builder.store.build_directory import find_published
from builder.terminal.output import show
from builder.terminal.progress import Progress


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@click.option(
    "--vulnerabilities",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    help="Known vulnerabilities: the JSON of Debian's security tracker, or OSV (an entry, a list, a"
    " directory, a zip archive).",
)
@click.option(
    "--exceptions",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Exceptions from them: VEX, as OpenVEX or CycloneDX, each of which expires.",
)
@json_option
def security(
    build: str,
    *,
    output: Path,
    vulnerabilities: Path | None,
    exceptions: Path | None,
    as_json: bool,
) -> int:
    """Tell which security updates a build lacks, and which vulnerabilities are known of it.

    The distribution's archive is asked, as 'due' asks it; with --vulnerabilities also a tracker's
    file. BUILD is a build directory, the name of a built profile (its latest build), or the id of
    an image that was published from this machine. Needs no root, changes nothing.

    The exit code is 1 where an update is lacking or a vulnerability known that no exception covers,
    0 where there is none, and 3 where that is unknown: the archive does not answer, the file is
    old.

    \b
    Examples:
      guest-image security base
      guest-image security base --vulnerabilities tracker.json --exceptions accepted.vex.json
      guest-image security base --json | jq -r '.updates[].package'
    """
    if exceptions is not None and vulnerabilities is None:
        raise click.UsageError("--exceptions needs --vulnerabilities.")
    directory = find_published(build, output)
    with Progress() as progress:
        judgement = assess(
            directory,
            manifest.read(directory),
            progress,
            vulnerabilities=vulnerabilities,
            vex_file=exceptions,
        )
    if as_json:
        print_json(judgement.to_json())
    else:
        show(judgement_text(judgement))
    return judgement.exit_code
