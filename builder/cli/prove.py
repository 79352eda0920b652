"""The verb ``prove``."""

from pathlib import Path
from typing import Literal

import click
from click.shell_completion import CompletionItem

from builder.attest.key import Attester
from builder.cli.conclusion import conclude, write_junit
from builder.cli.keys import signing_key_option
from builder.cli.options import (
    complete_profile,
    json_option,
    junit_option,
    output_option,
    print_json,
)
from builder.cli.verbs import cli
from builder.errors import BuilderError
from builder.host.accelerator import asked_for
from builder.pipeline import Build, find, prove_build
from builder.proof.boot import ProofOptions
from builder.report.text import checks_text, evidence_text
from builder.store.verdict import expected, part_verdict
from builder.terminal.output import show
from builder.terminal.progress import Progress


def complete_check(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete the id of a check of the build that is named before."""
    try:
        plan = find(context.params["build"], context.params["output"]).plan
    except (BuilderError, KeyError):
        return []
    names = [check.id for check in (*plan.inspections, *plan.probes)]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@click.option(
    "--probe",
    "only",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_check,
    help="Make this check only: FEATURE/CHECK, CHECK, or all of a FEATURE. May be given again.",
)
@click.option("--list", "listed", is_flag=True, help="List the checks and their boots; make none.")
@click.option("--keep", is_flag=True, help="Keep each boot's disk, and say how to log in to it.")
@click.option(
    "--accel",
    type=click.Choice(("kvm", "tcg")),
    help="Boot with KVM or by emulation, instead of what this machine is good for.",
)
@signing_key_option
@junit_option
@json_option
def prove(
    build: str,
    output: Path,
    *,
    only: tuple[str, ...],
    listed: bool,
    keep: bool,
    accel: Literal["kvm", "tcg"] | None,
    attester: Attester | None,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Inspect and boot a build's image, and print the verdict.

    BUILD is a build directory or the name of a built profile (its latest build).

    \b
    Examples:
      guest-image prove pinned-scsi
      guest-image prove pinned-scsi --list
      guest-image prove pinned-scsi --probe watchdog --probe guest-agent/agent-answers
      guest-image prove pinned-scsi --probe root-has-grown --keep
      guest-image prove dist/pinned-scsi/latest --json | jq .proven
      guest-image prove pinned-scsi --junit proof.xml
    """
    if listed:
        return _list_checks(find(build, output, only), as_json=as_json)
    options = ProofOptions(only, keep=keep, accelerator=asked_for(accel) if accel else None)
    with Progress() as progress:
        proven = prove_build(build, output, progress, options, attester)
    write_junit(junit, proven.manifest)
    if only:
        return _conclude_part(proven, as_json=as_json)
    return conclude(proven, as_json=as_json)


def _list_checks(build: Build, *, as_json: bool) -> int:
    if as_json:
        results = expected(build.plan)
        print_json([{"check": result.check, "boot": result.boot} for result in results])
    else:
        show(checks_text(build.plan, build.manifest))
    return 0


def _conclude_part(build: Build, *, as_json: bool) -> int:
    """Print what the chosen checks saw; the exit code is 0 where all of them passed."""
    part = part_verdict(build.plan, build.manifest.valid_evidence())
    if as_json:
        print_json([result.model_dump(mode="json") for result in part.evidence])
    else:
        show(evidence_text(part.evidence))
    return int(not part.passed)
