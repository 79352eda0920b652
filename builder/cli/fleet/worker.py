"""The verb ``fleet worker``."""

import os
from pathlib import Path

import click

from builder.cli.fleet import group
from builder.cli.fleet.options import cluster, key_option
from builder.cli.options import output_option
from builder.fleet.perform import Place
from builder.terminal.output import say


@group.command()
@click.argument("scheduler")
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    default=max(1, len(os.sched_getaffinity(0)) // 2),
    show_default="half of the CPUs",
    help="How many builds and proofs to do side by side, each on its share of the CPUs.",
)
@output_option
@key_option
def worker(*, scheduler: str, slots: int, output: Path, key: Path | None) -> None:
    """Work for the fleet of SCHEDULER, until that ends.

    What this machine can do is announced: builds (root or user namespaces, and the
    programs for them), proofs, KVM, its architecture, the firmware that its guests can have, its
    memory and space, and clouds where it has a clouds.yaml.

    \b
    Examples:
      guest-image fleet worker tcp://10.0.0.5:8786 --key fleet.pem
      guest-image fleet worker tcp://127.0.0.1:8786 --slots 2 --output /srv/images
    """
    secret = cluster("secret")
    security = secret.security_for(scheduler, key)
    address = secret.spoken(scheduler, security)
    cluster("serve").serve_worker(
        address, security, Place(output), slots, lambda announced: say(f"announces {announced}\n")
    )
