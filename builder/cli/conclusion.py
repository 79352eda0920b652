"""How a verb that checks an image ends: verdict, JUnit file, exit code."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import (
    print_json,
    write_file,
)

if TYPE_CHECKING:
    from builder.plan.model import Plan
    from builder.store.manifest import Manifest


def warn_if_unproven(made: "Plan") -> None:
    """Warn on stderr where no image of the plan's distribution has been proven yet."""
    distribution = made.distribution
    if distribution.untested_reason:
        click.echo(
            f"Warning: {distribution.name} is unproven: {distribution.untested_reason}.", err=True
        )


def write_junit(path: Path | None, known: "Manifest") -> None:
    """Write the evidence as JUnit XML where a file is named. Raises ``HostError``."""
    from builder.report.junit import junit_xml

    if path is not None:
        write_file(path, junit_xml(known))


def conclude(
    directory: Path, known: "Manifest", *, as_json: bool, inspected_only: bool = False
) -> int:
    """Print the verdict; the exit code is 0 where the image is proven."""
    from builder.report.text import evidence_text, verdict_json, verdict_text
    from builder.store.verdict import verdict_of
    from builder.terminal.output import say, show

    if as_json:
        print_json({"directory": str(directory), **verdict_json(known)})
    elif inspected_only:
        show(evidence_text(one for one in known.valid_evidence() if one.boot is None))
    else:
        show(verdict_text(known))
        say(f"{directory}\n")
    if inspected_only:
        return int(any(one.boot is None for one in verdict_of(known).problems))
    return int(not verdict_of(known).proven)
