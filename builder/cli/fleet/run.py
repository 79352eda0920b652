"""The verb ``fleet run``."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from builder.cli.fleet import group
from builder.cli.fleet.options import cluster, key_option, matrix_argument, store_option
from builder.cli.options import file_at, json_option, output_option, print_json, write_file
from builder.errors import HostError
from builder.features.registry import installed
from builder.fleet.executor import Executor
from builder.fleet.graph import steps
from builder.fleet.job import Outcome, jobs
from builder.fleet.local import LocalExecutor
from builder.fleet.matrix import load_fleet
from builder.fleet.perform import Place
from builder.fleet.run import run as run_fleet
from builder.fleet.summary import (
    exit_code,
    summary_html,
    summary_json,
    summary_junit,
    summary_text,
)
from builder.fleet.watch import BoardWatcher
from builder.terminal.board import Board
from builder.terminal.output import show

PAGE = "fleet.html"
JUNIT = "fleet.xml"


@group.command()
@matrix_argument
@output_option
@click.option(
    "--html",
    metavar="PAGE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=file_at,
    help=f"Where the page is written; {PAGE} beside the builds by default.",
)
@click.option(
    "--junit",
    metavar="XML",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=file_at,
    help=f"Where the JUnit file is written; {JUNIT} beside the builds by default.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this scheduler do the steps: tcp://HOST:PORT.",
)
@store_option
@key_option
@json_option
def run(
    *,
    matrix: Path,
    output: Path,
    html: Path | None,
    junit: Path | None,
    scheduler: str | None,
    store: str | None,
    key: Path | None,
    as_json: bool,
) -> int:
    """Do all that is due of the images in FILE: build, prove, publish, prove there, promote.

    What is done is not done again, and what fails holds up only what needs it. Interrupted, or
    killed at any moment? The same command completes it. Steps run side by side on CPUs of their
    own, as far as CPUs and memory go.

    The exit code is that of the first step that failed.

    \b
    Examples:
      guest-image fleet run
      guest-image fleet run nightly/images.yaml --output /srv/images --junit fleet.xml
      guest-image fleet run --scheduler tcp://build-1:8786 --key fleet.pem --store sftp://store/srv
      guest-image fleet run --json | jq -r '.[] | select(.result == "failed").id'
    """
    fleet = load_fleet(matrix, installed())
    planned = jobs(fleet, steps(fleet.images))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f"Could not make the directory {output}.",
            details=[error.strerror or str(error)],
            hint="Choose another directory with --output.",
        ) from error
    with Board([image.name for image in fleet.images]) as board:
        watcher = BoardWatcher(board)
        with _executor(output, scheduler, store, key, watcher) as executor:
            outcomes = run_fleet(planned, executor, watcher)
    code = _conclude(outcomes, as_json=as_json)  # first: the disk may be full
    write_file(html or output / PAGE, summary_html(outcomes, datetime.now(UTC)))
    write_file(junit or output / JUNIT, summary_junit(outcomes))
    return code


def _executor(
    output: Path,
    scheduler: str | None,
    store: str | None,
    key: Path | None,
    watcher: BoardWatcher,
) -> Executor:
    if (scheduler is None) != (store is None):
        raise click.UsageError("--scheduler and --store belong together.")
    if scheduler is None:
        return LocalExecutor(Place(output), watcher.phase)
    secret = cluster("secret")
    security = secret.security_for(scheduler, key)
    address = secret.spoken(scheduler, security)
    builds = cluster("files").address_for_all(store)
    workers = cluster("executor").ClusterExecutor(
        address, security, builds, watcher.phase, watcher.dashboard
    )
    executor: Executor = cluster("waiting").WaitingExecutor(workers)
    return executor


def _conclude(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    if as_json:
        print_json(summary_json(outcomes))
    else:
        show(summary_text(outcomes))
    return exit_code(outcomes)
