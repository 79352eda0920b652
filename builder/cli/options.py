"""What the verbs share: the group itself, their arguments and options, JSON."""

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from builder.errors import BuilderError, HostError
from builder.words import did_you_mean

COMPLETION_HELP = """\b
Shell completion, for bash (zsh and fish likewise):
  eval "$(_GUEST_IMAGE_COMPLETE=bash_source guest-image)"

\b
Exit codes: 0 all is well, 1 a build or a check failed, 2 wrong input,
3 this machine lacks something, 4 no safe image, 5 a cloud refused something,
70 an internal error, 130 interrupted."""


VERBS = (
    "profiles", "features", "plan", "schema", "image", "build", "inspect", "adopt", "prove",
    "report", "publish", "list", "rollback", "promote", "audit",
)  # fmt: skip
"""Each is a module of this package, which is loaded when the verb is called."""


class Verbs(click.Group):
    """A group that loads a verb when it is called, and names the nearest to one it has not."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None where there is none of that name."""
        if cmd_name in VERBS:
            import_module(f"builder.cli.{cmd_name}")  # which adds its command to this group
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own; raises ``UsageError`` with the nearest verb."""
        verb = args[0]
        if self.get_command(ctx, verb) is None and not verb.startswith("-"):
            verbs = self.list_commands(ctx)
            hint = did_you_mean(verb, verbs) or f"Verbs are {', '.join(verbs)}."
            raise click.UsageError(f"There is no verb '{verb}'. {hint}", ctx)
        return super().resolve_command(ctx, args)


def complete_profile(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a shipped profile's name, or a file's."""
    from builder.profile.load import shipped_profiles

    names = [name for name in shipped_profiles() if name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


def complete_check(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the id of a check of the build that is named before."""
    from builder.store.build_directory import find_build
    from builder.store.manifest import read

    try:
        plan = read(find_build(context.params["build"], context.params["output"])).planned()
    except (BuilderError, KeyError):
        return []
    names = [one.id for one in (*plan.inspections, *plan.probes)]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


profile_argument = click.argument("profile", shell_complete=complete_profile)
output_option = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Where builds are kept.",
)

BUILDS_OWN = Path()
"""In place of a file's name: the file that a build directory has anyway."""


def _writable(
    _context: click.Context, _parameter: click.Parameter, given: Path | None
) -> Path | None:
    """Where a file can be written, known before a long proof begins.

    A link is followed: a device that it leads to must not be replaced by a file.
    """
    if given is None or given == BUILDS_OWN:
        return given
    path = given.resolve()
    if path.exists() and not path.is_file():
        raise click.BadParameter(f"'{given}' is no regular file.")
    if not os.access(path.parent, os.W_OK):
        raise click.BadParameter(f"'{given}' cannot be written.")
    return path


junit_option = click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
    help="Write the evidence as JUnit XML too, for CI.",
)
html_option = click.option(
    "--html",
    metavar="[FILE]",
    is_flag=False,
    flag_value=BUILDS_OWN,
    type=click.Path(path_type=Path),
    callback=_writable,
    help="Write it as one HTML file too: FILE, or report.html in the build directory.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def write_file(path: Path, text: str) -> None:
    """Write a file that an option names. Raises ``HostError``."""
    from builder.host.files import replace_text

    try:
        replace_text(path, text)
    except OSError as error:
        raise HostError(f"Could not write {path}: {error.strerror}.") from error


def print_json(data: Any) -> None:  # Any: JSON
    """Print data for programs."""
    from builder.terminal.output import say

    say(f"{json.dumps(data, indent=2, ensure_ascii=False)}\n")


@click.group(
    cls=Verbs,
    epilog=COMPLETION_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="guest-image-builder", prog_name="guest-image")
def cli() -> None:
    """Build OpenStack guest images whose Glance properties are proven, not promised.

    \b
    Examples:
      guest-image profiles
      guest-image plan pinned-scsi
      guest-image image pinned-scsi
    """
