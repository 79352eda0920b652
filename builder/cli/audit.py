"""The verb ``audit``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.cloud_options import Answer, cloud_option, conclude, in_each
from builder.cli.options import cli, json_option, output_option

if TYPE_CHECKING:
    from builder.publish.cloud.glance import Glance


@cli.command()
@cloud_option
@output_option
@click.option("--repair", is_flag=True, help="Change back what differs, where that is possible.")
@json_option
def audit(*, cloud: str, output: Path, repair: bool, as_json: bool) -> int:
    """Compare the images published in a cloud with their manifests.

    Data, properties, tags, visibility, names. The exit code is 1 where something differs, and after
    a repair only where something differs still.

    \b
    Examples:
      guest-image audit --cloud prod
      guest-image audit --cloud prod --repair
    """
    from builder.publish.audit import audit as compare
    from builder.terminal.progress import Progress

    def act(glance: "Glance") -> Answer:
        findings = compare(glance, output, progress, repair=repair)
        drift = [one for one in findings if one.drift]
        lines = [line for one in findings for line in (one.subject, *_indented(one.lines))]
        data = [
            {"subject": one.subject, "drift": one.drift, "lines": list(one.lines)}
            for one in findings
        ]
        return Answer(
            lines or [f"{glance}: everything is as it was published"],
            {"cloud": cloud, "findings": data},
            int(bool(drift)),
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
