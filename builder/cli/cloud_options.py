"""What the verbs of clouds share: options, one answer for each cloud, the exit code."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import click

from builder.cli.options import complete_profile, print_json
from builder.errors import BuilderError, InterruptedByUser
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.unverified import warn_unverified
from builder.terminal.output import BAD, DOUBT, GOOD, line, show
from builder.terminal.progress import Progress

Verb = TypeVar("Verb", bound=Callable[..., Any])  # Any: whatever options a verb has

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Age(click.ParamType[timedelta]):
    """A time span such as ``12h``, ``30d`` or ``4w``."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Parse it. Raises ``BadParameter``."""
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,5})([hdw])", str(value))
        if match is None:
            self.fail(f"'{value}' is not an age: write 12h, 30d or 4w.", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


cloud_option = click.option(
    "--cloud", required=True, metavar="NAME", help="A cloud of clouds.yaml, or 'envvars'."
)
settings_option = click.option(
    "--settings",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="Take the section 'publish' from this profile, not from the build.",
)
_max_age_option = click.option(
    "--max-age",
    type=Age(),
    default="30d",
    show_default=True,
    help="How old evidence may be for an upload: 12h, 30d, 4w.",
)
security_lag_option = click.option(
    "--max-security-lag",
    type=Age(),
    help="How long the archive may have a security update that an uploaded image lacks: 12h, 7d;"
    " by default nobody asks it.",
)
_allow_option = click.option(
    "--allow",
    type=click.Choice(["present"]),
    help="Let through probes that were not made or skipped; the image's tags say so.",
)
_drop_unproven_option = click.option(
    "--drop-unproven",
    is_flag=True,
    help="Leave out the properties without proof; the image's tags name them.",
)


def evidence_options(verb: Verb) -> Verb:
    """Which evidence a verb asks for: ``--max-age``, ``--allow`` and ``--drop-unproven``."""
    return _max_age_option(_allow_option(_drop_unproven_option(verb)))


@dataclass(frozen=True)
class Answer:
    """What a verb says of one cloud: to people, and to programs."""

    lines: Sequence[str]
    data: Mapping[str, object]
    status: int = 0


def in_each(
    clouds: Sequence[str], act: Callable[[Glance], Answer], progress: Progress
) -> list[Answer]:
    """Do it in every cloud, also where another one fails."""
    answers = []
    for name in dict.fromkeys(clouds):
        try:
            glance = Glance(name, say=progress.line)
            warn_unverified(glance, progress)
            answers.append(act(glance))
        except InterruptedByUser:
            raise
        except BuilderError as error:
            progress.error(error)
            data = {"cloud": name, "error": str(error)}
            answers.append(Answer([], data, error.exit_code))
    return answers


def conclude(answers: Sequence[Answer], *, as_json: bool) -> int:
    """Print the answers; the exit code is that of the first cloud where something is amiss."""
    styles = {"+": GOOD, "~": DOUBT, "-": BAD}
    if as_json:
        print_json([answer.data for answer in answers])
    else:
        lines = [text for answer in answers for text in answer.lines]
        show(line(text, styles.get(text.strip()[:1], "")) for text in lines)
    return next((answer.status for answer in answers if answer.status), 0)
