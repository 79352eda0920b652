"""The verb ``image``."""

from pathlib import Path

import click

from builder.cli.conclusion import conclude, warn_if_unproven, write_junit
from builder.cli.options import (
    cli,
    json_option,
    junit_option,
    output_option,
    profile_argument,
)


@cli.command()
@profile_argument
@output_option
@click.option(
    "--fresh", is_flag=True, help="Build even if a build of a day or less, of equal inputs, exists."
)
@junit_option
@json_option
def image(profile: str, output: Path, *, fresh: bool, junit: Path | None, as_json: bool) -> int:
    """Build PROFILE's image, inspect it, boot it, and print the verdict.

    A build of the same profile, features and elements that is at most a day old is reused,
    and what it has been proven by already is not proven again.

    \b
    Examples:
      guest-image image pinned-scsi
      guest-image image ./mine.yaml --output /srv/images --fresh
    """
    from builder.build.build import build
    from builder.build.reuse import reusable
    from builder.features.registry import installed
    from builder.plan.merge import make_plan
    from builder.profile.load import load
    from builder.proof.prove import verify
    from builder.proof.requirements import require_for_proof
    from builder.store.manifest import read
    from builder.store.verdict import verdict_of
    from builder.terminal.progress import Progress

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    warn_if_unproven(made)
    with Progress() as progress:
        require_for_proof(made.boots)
        directory = None if fresh else reusable(made, output)
        if directory is None:
            directory = build(made, output, progress)
        else:
            progress.event(f"reusing build {directory}")
        known = read(directory)
        if not verdict_of(known).proven:
            known = verify(directory, registry, progress, boots=True)
    write_junit(junit, known)
    return conclude(directory, known, as_json=as_json)
