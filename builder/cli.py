"""The command ``guest-image``: verbs only. What they do lies in modules that they import late."""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from builder.errors import BuilderError, InterruptedByUser
from builder.words import did_you_mean

DEFECT = 70
"""``EX_SOFTWARE`` of sysexits.h."""

COMPLETION_HELP = """\b
Shell completion, for bash (zsh and fish likewise):
  eval "$(_GUEST_IMAGE_COMPLETE=bash_source guest-image)"

\b
Exit codes: 0 all is well, 1 a build or a check failed, 2 wrong input,
3 this machine lacks something, 4 no safe image, 70 a defect of this program,
130 interrupted."""


class Verbs(click.Group):
    """A group that names the nearest verb when it does not know one."""

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
    from builder.profilefile import shipped_profiles  # noqa: PLC0415 - verbs import late

    names = [name for name in shipped_profiles() if name.startswith(incomplete)]
    return [*map(CompletionItem, names), CompletionItem(incomplete, type="file")]


profile_argument = click.argument("profile", shell_complete=complete_profile)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(
    cls=Verbs,
    epilog=COMPLETION_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="guest-image-builder", prog_name="guest-image")
def cli() -> None:
    r"""Build OpenStack guest images whose Glance properties are proven, not promised.

    \b
    Examples:
      guest-image profiles
      guest-image plan pinned-scsi
    """


@cli.command()
@json_option
def profiles(*, as_json: bool) -> None:
    r"""List the shipped profiles.

    \b
    Examples:
      guest-image profiles
      guest-image profiles --json | jq -r '.[].name'
    """
    from builder.features import installed  # noqa: PLC0415 - verbs import late
    from builder.profilefile import load, shipped_profiles  # noqa: PLC0415 - verbs import late
    from builder.render import profiles_text  # noqa: PLC0415 - verbs import late

    registry = installed()
    loaded = [load(name, registry) for name in shipped_profiles()]
    if as_json:
        _print_json(
            [
                {
                    "name": one.name,
                    "description": one.description,
                    "distribution": one.distribution.name,
                    "features": list(one.features),
                }
                for one in loaded
            ]
        )
    else:
        click.echo(profiles_text(loaded))


@cli.command()
@json_option
def features(*, as_json: bool) -> None:
    r"""List the features that a profile can use, with their parameters.

    \b
    Examples:
      guest-image features
      guest-image features --json | jq -r '.[] | .name + ": " + .origin'
    """
    from builder.features import installed  # noqa: PLC0415 - verbs import late
    from builder.render import features_text  # noqa: PLC0415 - verbs import late

    registered = installed().values()
    if as_json:
        _print_json(
            [
                {
                    "name": one.feature.name,
                    "summary": one.feature.summary,
                    "origin": one.origin,
                    "parameters": one.feature.parameters.model_json_schema(),
                }
                for one in registered
            ]
        )
    else:
        click.echo(features_text(registered))


@cli.command()
@profile_argument
@json_option
def plan(profile: str, *, as_json: bool) -> None:
    r"""Show what a build of PROFILE would do, without doing any of it.

    PROFILE is the name of a shipped profile, or the path of a profile file.

    \b
    Examples:
      guest-image plan pinned-scsi
      guest-image plan ./mine.yaml
      guest-image plan pinned-scsi --json | jq .claims
    """
    from builder.features import installed  # noqa: PLC0415 - verbs import late
    from builder.plan import make_plan, to_json  # noqa: PLC0415 - verbs import late
    from builder.profilefile import load  # noqa: PLC0415 - verbs import late
    from builder.render import plan_text  # noqa: PLC0415 - verbs import late

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    if as_json:
        _print_json(to_json(made))
    else:
        click.echo(plan_text(made))


@cli.command()
def schema() -> None:
    r"""Print the JSON Schema of a profile, with every installed feature's parameters.

    \b
    Examples:
      guest-image schema > profile.schema.json
    """
    from builder.features import installed  # noqa: PLC0415 - verbs import late
    from builder.schema import profile_schema  # noqa: PLC0415 - verbs import late

    _print_json(profile_schema(installed()))


def _print_json(data: Any) -> None:  # Any: JSON
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb and exit. Every error of the program becomes text and an exit code here."""
    try:
        status = cli.main(
            None if arguments is None else list(arguments),
            prog_name="guest-image",
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(InterruptedByUser.exit_code)
    except BuilderError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last resort that keeps tracebacks from users
        _report_defect(error)
        sys.exit(DEFECT)
    sys.exit(status if isinstance(status, int) else 0)


def _report_defect(error: Exception) -> None:
    trace = "".join(traceback.format_exception(error))
    if os.environ.get("GUEST_IMAGE_DEBUG") == "1":
        click.echo(trace, err=True)
        return
    handle, log = tempfile.mkstemp(prefix="guest-image-defect-", suffix=".log")
    os.close(handle)
    Path(log).write_text(f"{sys.argv}\n{trace}", encoding="utf-8", errors="replace")
    click.echo(
        f"This is a defect of guest-image: {type(error).__name__}: {error}\n"
        f"  The details are in {log}; please attach it to your report.\n"
        "  With GUEST_IMAGE_DEBUG=1 they are shown here.",
        err=True,
    )
