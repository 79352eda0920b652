"""What the verbs share: arguments, options, and how a file or JSON is written."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from builder.errors import HostError
from builder.host.files import replace_text
from builder.profile.load import shipped_profiles
from builder.profile.snapshot import moment
from builder.terminal.output import say


def complete_profile(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a shipped profile's name, or a file's."""
    names = [name for name in shipped_profiles() if name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


profile_argument = click.argument("profile", shell_complete=complete_profile)
output_option = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Where builds are kept.",
)

builds_option = click.option(
    "--builds",
    metavar="DIRECTORY",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Where builds are kept.",
)
"""For verbs whose ``--output`` is what they write."""


def _moment(
    _context: click.Context, _parameter: click.Parameter, given: str | None
) -> datetime | None:
    try:
        return moment(given) if given else None
    except ValueError as error:
        raise click.BadParameter(f"'{given}' {error}.") from error


at_option = click.option(
    "--at",
    metavar="MOMENT",
    callback=_moment,
    help="Take packages from the archive's snapshot of this day or time in UTC, such as 2026-11-01"
    " or 2026-11-01T12:00:00Z, in place of the profile's 'snapshot'.",
)

BUILDS_OWN = Path()
"""In place of a file's name: the file that a build directory has anyway."""


def file_at(
    _context: click.Context, _parameter: click.Parameter, given: Path | None
) -> Path | None:
    """Where a file can be written, known before a long proof begins.

    A link is followed: a device that it leads to must not be replaced by a file.
    """
    if given is None:
        return None
    path = given.resolve()
    if path.exists() and not path.is_file():
        raise click.BadParameter(f"'{given}' is not a regular file.")
    if not os.access(path.parent, os.W_OK):
        raise click.BadParameter(f"'{given}' cannot be written.")
    return path


def _file_at_or_builds_own(
    context: click.Context, parameter: click.Parameter, given: Path | None
) -> Path | None:
    """The same of an option that may stand without a value."""
    return given if given == BUILDS_OWN else file_at(context, parameter, given)


junit_option = click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=file_at,
    help="Write the evidence as JUnit XML too, for CI.",
)
html_option = click.option(
    "--html",
    metavar="[FILE]",
    is_flag=False,
    flag_value=BUILDS_OWN,
    type=click.Path(path_type=Path),
    callback=_file_at_or_builds_own,
    help="Write it as one HTML file too: FILE, or report.html in the build directory.",
)
page_option = click.option(
    "--html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=file_at,
    help="Write it as one HTML file too.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def write_file(path: Path, text: str) -> None:
    """Write a file that an option names. Raises ``HostError``."""
    try:
        replace_text(path, text)
    except OSError as error:
        raise HostError(
            f"Could not write {path}: {error.strerror}.",
            hint="Make room, or write it elsewhere.",
        ) from error


def print_json(data: Any) -> None:  # Any: JSON
    """Print data for programs. Whatever could disturb a terminal is escaped, as JSON may be."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    safe = "".join(
        character if character == "\n" or character.isprintable() else _escaped(character)
        for character in text
    )
    say(f"{safe}\n")


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]
