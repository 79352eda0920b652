"""What the verbs of a fleet share."""

from pathlib import Path

import click

from builder.fleet.matrix import FILE_NAME

matrix_argument = click.argument(
    "matrix",
    metavar="[FILE]",
    default=FILE_NAME,
    type=click.Path(path_type=Path),
)
