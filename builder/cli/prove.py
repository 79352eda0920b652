"""The verb ``prove``."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from builder.cli.conclusion import conclude, write_junit
from builder.cli.options import (
    cli,
    complete_check,
    complete_profile,
    json_option,
    junit_option,
    output_option,
    print_json,
)

if TYPE_CHECKING:
    from builder.plan.model import Plan
    from builder.store.manifest import Manifest


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
    from builder.features.registry import installed
    from builder.host.accelerator import asked_for
    from builder.proof.boot import ProofOptions
    from builder.proof.checks import checks_of
    from builder.proof.prove import verify
    from builder.proof.requirements import require_for_proof
    from builder.proof.selection import selected
    from builder.store.build_directory import find_build
    from builder.store.manifest import read
    from builder.terminal.progress import Progress

    registry = installed()
    directory = find_build(build, output)
    known = read(directory)
    plan = selected(known.planned(), checks_of(known.planned(), registry), only)
    if listed:
        return _list_checks(plan, known, as_json=as_json)
    require_for_proof(plan.boots)
    options = ProofOptions(only, keep=keep, accelerator=asked_for(accel) if accel else None)
    with Progress() as progress:
        known = verify(directory, registry, progress, boots=True, options=options)
    write_junit(junit, known)
    if only:
        return _conclude_part(plan, known, as_json=as_json)
    return conclude(directory, known, as_json=as_json)


def _list_checks(plan: "Plan", known: "Manifest", *, as_json: bool) -> int:
    from builder.report.text import checks_text
    from builder.store.verdict import expected
    from builder.terminal.output import show

    if as_json:
        print_json([{"check": one.check, "boot": one.boot} for one in expected(plan)])
    else:
        show(checks_text(plan, known))
    return 0


def _conclude_part(plan: "Plan", known: "Manifest", *, as_json: bool) -> int:
    """Print what the chosen checks saw; the exit code is 0 where all of them passed."""
    from builder.feature import Outcome
    from builder.report.text import evidence_text
    from builder.store.verdict import expected
    from builder.terminal.output import show

    wanted = {(one.check, one.boot) for one in expected(plan)}
    made = [one for one in known.valid_evidence() if (one.check, one.boot) in wanted]
    if as_json:
        print_json([one.model_dump(mode="json") for one in made])
    else:
        show(evidence_text(made))
    passed = {(one.check, one.boot) for one in made if one.outcome is Outcome.PASSED}
    return int(passed != wanted)
