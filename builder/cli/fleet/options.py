"""What the verbs of a fleet share."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from builder.errors import HostError
from builder.fleet.matrix import FILE_NAME

matrix_argument = click.argument(
    "matrix",
    metavar="[FILE]",
    default=FILE_NAME,
    type=click.Path(path_type=Path),
)
key_option = click.option(
    "--key",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The fleet's key: its machines speak by TLS, and only to who has it, too.",
)
store_option = click.option(
    "--store",
    metavar="ADDRESS",
    help="Where all machines have the builds: a directory that they share, sftp://…, or s3://….",
)


def cluster(module: str) -> Any:  # Any: a module of this program, which may lack what it imports
    """A module of the rooms that need Dask. Raises ``HostError`` where that is not installed."""
    try:
        return import_module(f"builder.fleet.cluster.{module}")
    except ModuleNotFoundError as error:
        raise HostError(
            "A fleet on many machines needs more than is installed here.",
            details=[f"There is no module {error.name}."],
            hint="Install it: pip install 'guest-image-builder[fleet]'.",
        ) from error
