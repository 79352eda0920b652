"""The verb ``audit``."""

from pathlib import Path

import click

from builder.cli.cloud_options import Answer, cloud_option, conclude, in_each
from builder.cli.options import json_option, output_option
from builder.cli.verbs import cli
from builder.publish.audit import audit as compare
from builder.publish.cloud.glance import Glance
from builder.publish.drift import Finding
from builder.terminal.progress import Progress


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

    def act(glance: Glance) -> Answer:
        findings = compare(glance, output, progress, repair=repair)
        drift = [finding for finding in findings if finding.drift]
        lines = [line for finding in findings for line in _lines(finding)]
        data = [
            {"subject": finding.subject, "drift": finding.drift, "lines": list(finding.lines)}
            for finding in findings
        ]
        return Answer(
            lines or [f"{glance}: everything is as it was published"],
            {"cloud": cloud, "findings": data},
            int(bool(drift)),
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)


def _lines(finding: Finding) -> list[str]:
    return [finding.subject, *(f"  {line}" for line in finding.lines)]
