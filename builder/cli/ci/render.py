"""The verb ``ci render``."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from builder.attest.key import public_key
from builder.ci.committed import committed, write
from builder.ci.definition import SYSTEMS, difference
from builder.ci.images import images_of
from builder.ci.nightly import CRON, PATH, WORD, Nightly, Place
from builder.ci.paths import path_from_top
from builder.cli.ci import group
from builder.cli.options import complete_profile
from builder.terminal.output import say
from builder.words import shown


class Plain(click.ParamType[str]):
    """Text that means nothing else in YAML, in a shell, or in a CI's own expressions."""

    def __init__(self, name: str, pattern: str, example: str) -> None:
        self.name = name
        self._pattern = re.compile(pattern)
        self._example = example

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Check it. Raises ``BadParameter``."""
        text = str(value)
        if not self._pattern.fullmatch(text):
            self.fail(
                f"{shown(text)} is not a {self.name}: write it as {self._example}.", param, ctx
            )
        return text


_CLOUD = Plain("plain name", WORD, "staging or my-cloud_2")
_LABEL = Plain("plain label", WORD, "guest-image")
_PATH = Plain("plain path below the repository's top", rf"\.|{PATH}", "tools/builder")
_SCHEDULE = Plain("schedule", CRON, "five fields of cron, '17 2 * * *'")
_NOT_OF_THE_TEXT = ("profiles", "directory", "check", "signed_by")
"""Parameters that the definition's text does not depend on, or that stand at its end."""


@group.command()
@click.argument("profiles", nargs=-1, shell_complete=complete_profile)
@click.option(
    "--for",
    "system",
    type=click.Choice(list(SYSTEMS)),
    required=True,
    help="The CI that runs the jobs.",
)
@click.option(
    "--on",
    "place",
    type=click.Choice([place.value for place in Place]),
    default=Place.SELF_HOSTED.value,
    show_default=True,
    help="A host that has the program and keeps the builds, or a new system each night.",
)
@click.option("--runner", type=_LABEL, help="The label or tag of what runs the jobs.")
@click.option(
    "--checkout",
    type=_PATH,
    default=".",
    show_default=True,
    metavar="DIRECTORY",
    help="Where a new system finds this program's checkout: a submodule of the repository.",
)
@click.option(
    "--staging",
    type=_CLOUD,
    default="staging",
    show_default=True,
    metavar="NAME",
    help="The cloud where images are published first, and proven.",
)
@click.option(
    "--production",
    type=_CLOUD,
    default="prod",
    show_default=True,
    metavar="NAME",
    help="The cloud that gets what staging has proven.",
)
@click.option(
    "--signed-by",
    type=click.Path(path_type=Path),
    metavar="PUBLIC",
    help="Sign what is made, with a key among the CI's secrets, and publish only what this public"
    " key (PEM), a file of the repository, vouches for.",
)
@click.option(
    "--schedule",
    type=_SCHEDULE,
    default="17 2 * * *",
    show_default=True,
    metavar="CRON",
    help="When, in UTC.",
)
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The top of the repository; by default the current directory.",
)
@click.option("--check", is_flag=True, help="Write nothing; tell whether the files are up to date.")
def render(
    *,
    profiles: Sequence[str],
    system: str,
    place: str,
    runner: str | None,
    staging: str,
    production: str,
    signed_by: Path | None,
    directory: Path,
    check: bool,
    **texts: str,
) -> int:
    """Write the definition of scheduled builds for a CI: a job for each of the PROFILES.

    Each night a job asks whether its image is due. If so it builds, proves and publishes it in
    staging, proves it there, and promotes it to production. Without PROFILES it has those that are
    shipped and proven.

    With --check, give the same options: the exit code is 1, and the difference is printed, where
    the files are not what would be written.

    \b
    Examples:
      guest-image ci render --for gitlab pinned-scsi ./profiles/mine.yaml
      guest-image ci render --for github --on container --checkout guest-image-builder pinned-scsi
      guest-image ci render --for gitlab --signed-by keys/build.pub pinned-scsi
      guest-image ci render --for zuul --staging test --production prod pinned-scsi --check
    """
    if staging == production:
        raise click.UsageError(
            f"Staging and production are both {shown(staging)}: name two clouds, or two projects"
            " of one."
        )
    images = images_of(profiles, directory)
    key = _key(signed_by, directory)
    nightly = Nightly(
        images=images,
        place=Place(place),
        runner=runner or "",
        staging=staging,
        production=production,
        signed_by=key,
        command=_command([image.profile for image in images], key),
        **texts,
    )
    files = SYSTEMS[system](nightly)
    if not check:
        write(directory, files)
        say("".join(f"{directory / name}\n" for name in files))
        return 0
    lines = list(difference(files, committed(directory, files)))
    say("".join(f"{line}\n" for line in lines))
    return int(bool(lines))


def _key(file: Path | None, repository: Path) -> str:
    """The path of the public key's file from the repository's top, or nothing.

    Raises ``InputError`` for what is no public key, or lies where no job finds it.
    """
    if file is None:
        return ""
    public_key(file)
    return path_from_top(file, repository, "key")


def _command(profiles: Sequence[str], key: str) -> str:
    """The command line that has these options: all that are not the default."""
    context = click.get_current_context()
    words = ["guest-image", "ci", "render"]
    for option in context.command.params:
        value = context.params.get(option.name or "")
        if option.name in _NOT_OF_THE_TEXT or value in (None, option.get_default(context)):
            continue
        words += [option.opts[0], str(value)]
    words += ["--signed-by", key] if key else []
    return shlex.join([*words, *profiles])
