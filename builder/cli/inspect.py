"""The verb ``inspect``."""

from pathlib import Path

import click

from builder.adopt.inspect_file import inspect_foreign
from builder.attest.key import Attester
from builder.cli.conclusion import conclude
from builder.cli.keys import signing_key_option
from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.cli.verbs import cli
from builder.features.registry import installed
from builder.pipeline import inspect_build
from builder.report.text import evidence_text
from builder.store.build_directory import is_file
from builder.store.manifest import FILE_NAME as MANIFEST
from builder.terminal.output import show
from builder.terminal.progress import Progress


@cli.command()
@click.argument("target", metavar="BUILD|FILE", shell_complete=complete_profile)
@output_option
@signing_key_option
@json_option
def inspect(target: str, output: Path, *, attester: Attester | None, as_json: bool) -> int:
    """Inspect an image's disk at rest.

    BUILD is a build directory or the name of a built profile; the evidence goes into its manifest.
    FILE is any disk image: the foundation's inspections tell whether it is a sound guest, those of
    the features which abilities it has.

    The exit code is 1 where an inspection of a build did not pass. Of a FILE it is 1 where one of
    the foundation's did not pass, or any could not be made; an ability that a FILE lacks is in the
    output only.

    \b
    Examples:
      guest-image inspect pinned-scsi
      guest-image inspect ~/Downloads/cloud.qcow2
      guest-image inspect cloud.qcow2 --json | jq -r '.[] | select(.outcome != "passed").check'
    """
    if is_file(Path(target)) and Path(target).name != MANIFEST:
        return _inspect_file(Path(target), as_json=as_json)
    with Progress() as progress:
        build = inspect_build(target, output, progress, attester)
    return conclude(build, as_json=as_json, inspected_only=True)


def _inspect_file(path: Path, *, as_json: bool) -> int:
    with Progress() as progress:
        evidence, sound = inspect_foreign(path, installed(), progress)
    if as_json:
        print_json([result.model_dump(mode="json") for result in evidence])
    else:
        show(evidence_text(evidence))
    return int(not sound)
