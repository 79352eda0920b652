"""The command ``guest-image``: verbs only. What they do lies in modules that they import late."""

import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from builder.errors import BuilderError, InterruptedByUser
from builder.words import did_you_mean

if TYPE_CHECKING:
    from builder.manifest import Manifest
    from builder.progress import Progress

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
    from builder.profilefile import shipped_profiles

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
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


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


@cli.command()
@json_option
def profiles(*, as_json: bool) -> None:
    """List the shipped profiles.

    \b
    Examples:
      guest-image profiles
      guest-image profiles --json | jq -r '.[].name'
    """
    from builder.features import installed
    from builder.profilefile import load, shipped_profiles
    from builder.render import profiles_text

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
    """List the features that a profile can use, with their parameters.

    \b
    Examples:
      guest-image features
      guest-image features --json | jq -r '.[] | .name + ": " + .origin'
    """
    from builder.features import installed
    from builder.render import features_text

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
    """Show what a build of PROFILE would do, without doing any of it.

    PROFILE is the name of a shipped profile, or the path of a profile file.

    \b
    Examples:
      guest-image plan pinned-scsi
      guest-image plan ./mine.yaml
      guest-image plan pinned-scsi --json | jq .claims
    """
    from builder.features import installed
    from builder.plan import make_plan, to_json
    from builder.profilefile import load
    from builder.render import plan_text

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    if as_json:
        _print_json(to_json(made))
    else:
        click.echo(plan_text(made))


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a profile, with every installed feature's parameters.

    \b
    Examples:
      guest-image schema > profile.schema.json
    """
    from builder.features import installed
    from builder.schema import profile_schema

    _print_json(profile_schema(installed()))


@cli.command()
@profile_argument
@output_option
@click.option(
    "--fresh", is_flag=True, help="Build even if a build of a day or less, of equal inputs, exists."
)
@json_option
def image(profile: str, output: Path, *, fresh: bool, as_json: bool) -> int:
    """Build PROFILE's image, inspect it, boot it, and print the verdict.

    A build of the same profile, features and elements that is at most a day old is taken as it is,
    and what it has been proven by already is not proven again.

    \b
    Examples:
      guest-image image pinned-scsi
      guest-image image ./mine.yaml --output /srv/images --fresh
    """
    from builder.build import build, reusable
    from builder.features import installed
    from builder.host import require_for_proof
    from builder.manifest import read
    from builder.plan import make_plan
    from builder.profilefile import load
    from builder.progress import Progress
    from builder.report import verdict_of
    from builder.verify import verify

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    with Progress() as progress:
        require_for_proof()
        directory = None if fresh else reusable(made, output)
        if directory is None:
            directory = build(made, output, progress)
        else:
            progress.event(f"taken as it is: {directory}")
        known = read(directory)
        if not verdict_of(known).proven:
            known = verify(directory, registry, progress, boots=True)
    return _conclude(directory, known, as_json=as_json)


@cli.command()
@profile_argument
@output_option
def build(profile: str, output: Path) -> None:
    """Build PROFILE's image from scratch and print its directory; check nothing.

    \b
    Examples:
      guest-image build base
      guest-image prove "$(guest-image build base)"
    """
    from builder.build import build as make
    from builder.features import installed
    from builder.plan import make_plan
    from builder.profilefile import load
    from builder.progress import Progress

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    with Progress() as progress:
        directory = make(made, output, progress)
    click.echo(str(directory))


@cli.command()
@click.argument("target", metavar="BUILD|FILE", shell_complete=complete_profile)
@output_option
@json_option
def inspect(target: str, output: Path, *, as_json: bool) -> int:
    """Inspect an image's disk at rest.

    BUILD is a build directory or the name of a built profile; the evidence goes into its manifest.
    FILE is any disk image: what is said of it is what each feature's inspections see.

    \b
    Examples:
      guest-image inspect pinned-scsi
      guest-image inspect ~/Downloads/cloud.qcow2
    """
    from builder.builds import find_build
    from builder.features import installed
    from builder.progress import Progress
    from builder.verify import verify

    registry = installed()
    with Progress() as progress:
        if Path(target).is_file() and Path(target).name != "manifest.json":
            return _inspect_file(Path(target), progress, as_json=as_json)
        directory = find_build(target, output)
        known = verify(directory, registry, progress, boots=False)
    return _conclude(directory, known, as_json=as_json, inspected_only=True)


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@json_option
def prove(build: str, output: Path, *, as_json: bool) -> int:
    """Inspect and boot a build's image, and print the verdict.

    BUILD is a build directory or the name of a built profile (its latest build).

    \b
    Examples:
      guest-image prove pinned-scsi
      guest-image prove dist/pinned-scsi/latest --json | jq .proven
    """
    from builder.builds import find_build
    from builder.features import installed
    from builder.host import require_for_proof
    from builder.progress import Progress
    from builder.verify import verify

    require_for_proof()
    directory = find_build(build, output)
    with Progress() as progress:
        known = verify(directory, installed(), progress, boots=True)
    return _conclude(directory, known, as_json=as_json)


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@json_option
def report(build: str, output: Path, *, as_json: bool) -> int:
    """Print the verdict of a build by the evidence in its manifest; check nothing anew.

    \b
    Examples:
      guest-image report pinned-scsi
      guest-image report dist/pinned-scsi/latest --json | jq .claims
    """
    from builder.builds import find_build
    from builder.manifest import read

    directory = find_build(build, output)
    return _conclude(directory, read(directory), as_json=as_json)


def _conclude(
    directory: Path, known: "Manifest", *, as_json: bool, inspected_only: bool = False
) -> int:
    """Print the verdict; the exit code is 0 where the image is proven."""
    from builder.report import evidence_text, verdict_json, verdict_of, verdict_text

    if as_json:
        _print_json({"directory": str(directory), **verdict_json(known)})
    elif inspected_only:
        click.echo(evidence_text(one for one in known.valid_evidence() if one.boot is None))
    else:
        click.echo(verdict_text(known))
        click.echo(f"{directory}")
    if inspected_only:
        return int(any(one.boot is None for one in verdict_of(known).problems))
    return int(not verdict_of(known).proven)


def _inspect_file(path: Path, progress: "Progress", *, as_json: bool) -> int:
    from builder.features import installed
    from builder.foreign import inspect_foreign
    from builder.report import evidence_text

    evidence, sound = inspect_foreign(path, installed(), progress)
    if as_json:
        _print_json([one.model_dump(mode="json") for one in evidence])
    else:
        click.echo(evidence_text(evidence))
    return int(not sound)


def _print_json(data: Any) -> None:  # Any: JSON
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb and exit. Every error of the program becomes text and an exit code here."""
    signal.signal(signal.SIGTERM, _stop)
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


def _stop(_signal: int, _frame: object) -> None:
    """End as Ctrl-C does, by an exception that every ``with`` block cleans up after."""
    raise InterruptedByUser("Stopped by SIGTERM.")


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
