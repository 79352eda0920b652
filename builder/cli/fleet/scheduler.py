"""The verb ``fleet scheduler``."""

from pathlib import Path

import click

from builder.cli.fleet import group
from builder.cli.fleet.options import cluster, key_option
from builder.errors import HostError
from builder.terminal.output import say


@group.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8786, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--dashboard",
    metavar="[HOST:]PORT",
    help="Serve Dask's dashboard there, on loopback without a HOST: it is open to all who reach"
    " it, without a key.",
)
@key_option
def scheduler(*, host: str, port: int, dashboard: str | None, key: Path | None) -> None:
    """Run the scheduler of a fleet on many machines, until it is ended.

    A key that is not there yet is made. Copy its file to the other machines of the fleet: who has
    it can run programs on all of them. Without a key the scheduler listens on loopback alone.

    \b
    Examples:
      guest-image fleet scheduler --host 10.0.0.5 --key fleet.pem
      guest-image fleet scheduler --host 10.0.0.5 --key fleet.pem --dashboard 8787
    """
    secret = cluster("secret")
    if key is not None:
        try:
            secret.make_secret(key)
        except OSError as error:
            raise HostError(
                f"The key could not be written to {key}.",
                details=[error.strerror or str(error)],
                hint="Name another file with --key.",
            ) from error
    named = secret.bracketed(host)
    security = secret.security_for(f"tcp://{named}:{port}", key)
    served = cluster("dashboard").address_of(dashboard) if dashboard else None
    cluster("serve").serve_scheduler(
        named, port, security, lambda told: say(f"{told}\n"), dashboard=served
    )
