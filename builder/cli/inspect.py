"""The verb ``inspect``."""

from pathlib import Path

import click

from builder.cli.conclusion import conclude
from builder.cli.options import (
    cli,
    complete_profile,
    json_option,
    output_option,
    print_json,
)


@cli.command()
@click.argument("target", metavar="BUILD|FILE", shell_complete=complete_profile)
@output_option
@json_option
def inspect(target: str, output: Path, *, as_json: bool) -> int:
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
    from builder.features.registry import installed
    from builder.proof.prove import verify
    from builder.store.build_directory import find_build, is_file
    from builder.terminal.progress import Progress

    if is_file(Path(target)) and Path(target).name != "manifest.json":
        return _inspect_file(Path(target), as_json=as_json)
    registry = installed()
    directory = find_build(target, output)
    with Progress() as progress:
        known = verify(directory, registry, progress, boots=False)
    return conclude(directory, known, as_json=as_json, inspected_only=True)


def _inspect_file(path: Path, *, as_json: bool) -> int:
    from builder.adopt.inspect_file import inspect_foreign
    from builder.features.registry import installed
    from builder.report.text import evidence_text
    from builder.terminal.output import show
    from builder.terminal.progress import Progress

    with Progress() as progress:
        evidence, sound = inspect_foreign(path, installed(), progress)
    if as_json:
        print_json([one.model_dump(mode="json") for one in evidence])
    else:
        show(evidence_text(evidence))
    return int(not sound)
