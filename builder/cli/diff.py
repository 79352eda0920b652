"""The verb ``diff``."""

from pathlib import Path

import click

from builder.cli.options import (
    complete_profile,
    json_option,
    output_option,
    page_option,
    print_json,
    write_file,
)
from builder.cli.verbs import cli
from builder.compare.builds import Difference
from builder.pipeline import compare_builds
from builder.report.difference import (
    difference_html,
    difference_json,
    difference_markdown,
    difference_text,
)
from builder.terminal.output import say, show
from builder.terminal.progress import Progress


@cli.command()
@click.argument("old", metavar="OLD", shell_complete=complete_profile)
@click.argument("new", metavar="NEW", shell_complete=complete_profile)
@output_option
@click.option(
    "--deep",
    is_flag=True,
    help="Compare the changelogs of packages and the files below /etc, too; read-only.",
)
@click.option(
    "--vulnerabilities",
    metavar="FILE",
    type=click.Path(exists=True, path_type=Path),
    help="Compare the known vulnerabilities, too, by a tracker's file as 'security' takes it.",
)
@click.option("--markdown", is_flag=True, help="Print what is new in the image, for release notes.")
@page_option
@json_option
def diff(
    old: str,
    new: str,
    *,
    output: Path,
    deep: bool,
    vulnerabilities: Path | None,
    markdown: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Tell what differs between two builds, by their manifests alone.

    Packages, kernel, claims, checks, plan, sizes, boot times, tools; with --deep the changelogs of
    packages in another version and the files below /etc, too, which libguestfs reads of both images
    in a minute; with --vulnerabilities those that are gone and new. OLD and NEW are build
    directories, names of built profiles (their latest builds), or ids of images that were published
    from this machine.

    The exit code is diff's own: 0 where nothing differs but sizes and times, 1 where something
    does, 2 and more where the builds could not be compared.

    \b
    Examples:
      guest-image diff dist/pinned-scsi/20261126T040113Z-73af0c pinned-scsi
      guest-image diff OLD NEW --vulnerabilities tracker.json
      guest-image diff OLD NEW --deep --markdown >> release-notes.md
      guest-image diff OLD NEW --json | jq -r '.packages[] | select(.kind == "down").name'
    """
    if markdown and as_json:
        raise click.UsageError("--markdown and --json exclude each other.")
    with Progress() as progress:
        difference = compare_builds(
            old, new, output, progress, deep=deep, vulnerabilities=vulnerabilities
        )
    if html is not None:
        write_file(html, difference_html(difference))
    _print(difference, markdown=markdown, as_json=as_json)
    return int(bool(difference.parts))


def _print(difference: Difference, *, markdown: bool, as_json: bool) -> None:
    if as_json:
        print_json(difference_json(difference))
    elif markdown:
        say(difference_markdown(difference))
    else:
        show(difference_text(difference))
