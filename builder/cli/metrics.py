"""The verb ``metrics``."""

from pathlib import Path

import click

from builder.cli.options import builds_option, file_at, write_file
from builder.cli.verbs import cli
from builder.metrics.collect import collect
from builder.metrics.openmetrics import openmetrics
from builder.terminal.output import say
from builder.terminal.progress import Progress


@cli.command()
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=file_at,
    help="Write this file, at once; by default the metrics are printed.",
)
@builds_option
@click.option(
    "--cloud",
    "clouds",
    multiple=True,
    metavar="NAME",
    help="Audit this cloud of clouds.yaml, too; it may be given several times.",
)
def metrics(*, output: Path | None, builds: Path, clouds: tuple[str, ...]) -> int:
    """Measure builds, proofs and clouds, and write it as OpenMetrics.

    By the manifests of the builds, and for each cloud by an audit: ages, times, claims by grade,
    the last result, drift and lag. Name FILE *.prom in the directory of node_exporter's textfile
    collector. It is written, too, where a cloud does not answer; the exit code then says so.

    \b
    Examples:
      guest-image metrics
      guest-image metrics --output /var/lib/prometheus/node-exporter/guest_image.prom --cloud prod
    """
    with Progress() as progress:
        progress.phase("measuring")
        samples, errors = collect(builds, clouds, progress)
        for error in errors:
            progress.error(error)
    text = openmetrics(samples)
    if output is None:
        say(text)
    else:
        write_file(output, text)
    return next((error.exit_code for error in errors), 0)
