"""The verb ``doctor``."""

from pathlib import Path

import click

from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.cli.verbs import cli
from builder.doctor.examine import examine
from builder.doctor.text import findings_json, findings_text, ready
from builder.errors import HostError
from builder.terminal.output import show
from builder.terminal.progress import Progress


@cli.command()
@click.argument("profile", required=False, shell_complete=complete_profile)
@click.option(
    "--cloud",
    "clouds",
    multiple=True,
    metavar="NAME",
    help="Ask this cloud of clouds.yaml, too; it may be given several times.",
)
@output_option
@json_option
def doctor(profile: str | None, *, clouds: tuple[str, ...], output: Path, as_json: bool) -> int:
    """Tell what this host can do, before a build at night finds it out.

    Rights, accelerator, programs, firmware, space, mirrors, clouds with their rights, and the times
    of earlier builds. It changes nothing and takes ten seconds at most. The exit code is 3 where
    something lacks that PROFILE needs, or without PROFILE any build.

    \b
    Examples:
      guest-image doctor
      guest-image doctor pinned-scsi --cloud prod
      guest-image doctor --json | jq -r '.findings[] | select(.state == "lacking") | .remedy'
    """
    with Progress() as progress:
        progress.phase("asking this host")
        findings = examine(profile, output, clouds)
    if as_json:
        print_json(findings_json(findings, profile))
    else:
        show(findings_text(findings, profile))
    return 0 if ready(findings) else HostError.exit_code
