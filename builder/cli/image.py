"""The verb ``image``."""

import os
from datetime import datetime
from pathlib import Path

import click
from minisign import SecretKey

from builder.attest.key import Attester
from builder.cli.conclusion import conclude, write_junit
from builder.cli.keys import given_keys, minisign_key_option, signing_key_option
from builder.cli.options import (
    at_option,
    json_option,
    junit_option,
    output_option,
    profile_argument,
)
from builder.cli.verbs import cli
from builder.host.user_namespace import run_as_root
from builder.pipeline import make_image, must_be_built
from builder.terminal import log
from builder.terminal.progress import Progress


@cli.command()
@profile_argument
@output_option
@at_option
@click.option(
    "--fresh", is_flag=True, help="Build even if a build of a day or less, of equal inputs, exists."
)
@signing_key_option
@minisign_key_option
@junit_option
@json_option
@click.pass_context
def image(
    context: click.Context,
    profile: str,
    output: Path,
    *,
    at: datetime | None,
    fresh: bool,
    attester: Attester | None,
    minisigner: SecretKey | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Build PROFILE's image, inspect it, boot it, and print the verdict.

    A build of the same profile, features and elements that is at most a day old is reused,
    and what it has been proven by already is not proven again. Of a build that differs in
    claims alone the image is taken over, and proven anew.

    \b
    Examples:
      guest-image image pinned-scsi
      guest-image image ./mine.yaml --output /srv/images --fresh
    """
    if os.geteuid() != 0:
        needed = must_be_built(
            profile, output, fresh=fresh, at=at, attester=attester, minisigner=minisigner
        )
        if needed:
            _build_as_root(context, profile, output, at)
        fresh = False
    with Progress() as progress:
        build = make_image(
            profile,
            output,
            progress,
            fresh=fresh,
            at=at,
            attester=attester,
            minisigner=minisigner,
        )
    write_junit(junit, build.manifest)
    return conclude(build, as_json=as_json)


def _build_as_root(context: click.Context, profile: str, output: Path, at: datetime | None) -> None:
    """Leave the build to root of a namespace, and nothing else: libguestfs does not work there."""
    json_lines = {log.VARIABLE: "json"} if log.speaks_json() else {}
    moment = [f"--at={at:%Y-%m-%dT%H:%M:%SZ}"] if at else []
    arguments = ["build", profile, "--output", str(output), *moment]
    status = run_as_root(arguments, {**given_keys(context), **json_lines})
    if status != 0:
        context.exit(status)
