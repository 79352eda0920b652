"""Verbs that make images and check them."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from builder.cli.common import (
    BUILDS_OWN,
    cli,
    complete_check,
    complete_profile,
    html_option,
    json_option,
    junit_option,
    output_option,
    print_json,
    profile_argument,
    write_file,
)

if TYPE_CHECKING:
    from builder.manifest import Manifest
    from builder.plan import Plan


@cli.command()
@profile_argument
@output_option
@click.option(
    "--fresh", is_flag=True, help="Build even if a build of a day or less, of equal inputs, exists."
)
@junit_option
@json_option
def image(profile: str, output: Path, *, fresh: bool, junit: Path | None, as_json: bool) -> int:
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
    from builder.verdict import verdict_of
    from builder.verify import verify

    registry = installed()
    made = make_plan(load(profile, registry), registry)
    _warn_if_unproven(made)
    with Progress() as progress:
        require_for_proof(made.boots)
        directory = None if fresh else reusable(made, output)
        if directory is None:
            directory = build(made, output, progress)
        else:
            progress.event(f"taken as it is: {directory}")
        known = read(directory)
        if not verdict_of(known).proven:
            known = verify(directory, registry, progress, boots=True)
    _write_junit(junit, known)
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
    _warn_if_unproven(made)
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
    FILE is any disk image: the foundation's inspections tell whether it is a sound guest, those of
    the features which abilities it has.

    The exit code is 1 where an inspection of a build did not pass. Of a FILE it is 1 where one of
    the foundation's did not pass, or any could not be made; an ability that a FILE lacks is in the
    output only.

    \b
    Examples:
      guest-image inspect pinned-scsi
      guest-image inspect ~/Downloads/cloud.qcow2
      guest-image inspect cloud.qcow2 --json | jq -r '.[] | select(.outcome != "passed").check'
    """
    from builder.builds import find_build, is_file
    from builder.features import installed
    from builder.progress import Progress
    from builder.verify import verify

    if is_file(Path(target)) and Path(target).name != "manifest.json":
        return _inspect_file(Path(target), as_json=as_json)
    registry = installed()
    directory = find_build(target, output)
    with Progress() as progress:
        known = verify(directory, registry, progress, boots=False)
    return _conclude(directory, known, as_json=as_json, inspected_only=True)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--admin-user",
    metavar="NAME",
    help="cloud-init's default user in the image; by default the one that its disk names.",
)
@output_option
@json_option
def adopt(file: Path, admin_user: str | None, output: Path, *, as_json: bool) -> int:
    """Inspect and boot an image that was built elsewhere, and print what it has evidence for.

    FILE is a qcow2 or raw disk image. A copy of it becomes a build directory, adopted-NAME, whose
    claims are those that its checks bear out; for the others the reason is said. An image that
    no proof gets into, such as a Windows, is inspected only.

    \b
    Examples:
      guest-image adopt debian-12-genericcloud-amd64.qcow2 --admin-user debian
      guest-image adopt windows-server.qcow2 --output /srv/images
      guest-image report adopted-debian-12-genericcloud-amd64
    """
    from builder.adopt import adopt as make
    from builder.adoption import boots_at_most
    from builder.features import installed
    from builder.host import require_for_proof
    from builder.manifest import read
    from builder.progress import Progress

    registry = installed()
    require_for_proof(boots_at_most(registry))
    with Progress() as progress:
        directory = make(file, output, registry, progress, admin_user=admin_user)
    return _conclude(directory, read(directory), as_json=as_json)


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
    from builder.accel import asked_for
    from builder.booting import Wishes
    from builder.builds import find_build
    from builder.checks import checks_of
    from builder.features import installed
    from builder.host import require_for_proof
    from builder.manifest import read
    from builder.progress import Progress
    from builder.selection import selected
    from builder.verify import verify

    registry = installed()
    directory = find_build(build, output)
    known = read(directory)
    plan = selected(known.planned(), checks_of(known.planned(), registry), only)
    if listed:
        return _list_checks(plan, known, as_json=as_json)
    require_for_proof(plan.boots)
    wishes = Wishes(only, keep=keep, accelerator=asked_for(accel) if accel else None)
    with Progress() as progress:
        known = verify(directory, registry, progress, boots=True, wishes=wishes)
    _write_junit(junit, known)
    if only:
        return _conclude_part(plan, known, as_json=as_json)
    return _conclude(directory, known, as_json=as_json)


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@output_option
@html_option
@json_option
def report(build: str, output: Path, *, html: Path | None, as_json: bool) -> int:
    """Print the verdict of a build by the evidence in its manifest; check nothing anew.

    \b
    Examples:
      guest-image report pinned-scsi
      guest-image report dist/pinned-scsi/latest --json | jq .claims
      guest-image report pinned-scsi --html /srv/www/pinned-scsi.html
    """
    from builder.builds import find_build
    from builder.manifest import read
    from builder.report.html import FILE_NAME, read_html

    directory = find_build(build, output)
    known = read(directory)
    if html is not None:
        path = directory / FILE_NAME if html == BUILDS_OWN else html
        write_file(path, read_html(directory, known))
    return _conclude(directory, known, as_json=as_json)


def _warn_if_unproven(made: "Plan") -> None:
    distribution = made.distribution
    if distribution.unproven:
        click.echo(f"Warning: {distribution.name} is unproven: {distribution.unproven}.", err=True)


def _write_junit(path: Path | None, known: "Manifest") -> None:
    from builder.report.junit import junit_xml

    if path is not None:
        write_file(path, junit_xml(known))


def _conclude(
    directory: Path, known: "Manifest", *, as_json: bool, inspected_only: bool = False
) -> int:
    """Print the verdict; the exit code is 0 where it is complete."""
    from builder.report.text import evidence_text, verdict_json, verdict_text
    from builder.terminal import show
    from builder.verdict import verdict_of

    if as_json:
        print_json({"directory": str(directory), **verdict_json(known)})
    elif inspected_only:
        show(evidence_text(one for one in known.valid_evidence() if one.boot is None))
    else:
        show(verdict_text(known))
        click.echo(f"{directory}")
    if inspected_only:
        return int(any(one.boot is None for one in verdict_of(known).problems))
    return int(not verdict_of(known).complete)


def _list_checks(plan: "Plan", known: "Manifest", *, as_json: bool) -> int:
    from builder.report.text import checks_text
    from builder.terminal import show
    from builder.verdict import expected

    if as_json:
        print_json([{"check": one.check, "boot": one.boot} for one in expected(plan)])
    else:
        show(checks_text(plan, known))
    return 0


def _conclude_part(plan: "Plan", known: "Manifest", *, as_json: bool) -> int:
    """Print what the chosen checks saw; the exit code is 0 where all of them passed."""
    from builder.feature import Outcome
    from builder.report.text import evidence_text
    from builder.terminal import show
    from builder.verdict import expected

    wanted = {(one.check, one.boot) for one in expected(plan)}
    made = [one for one in known.valid_evidence() if (one.check, one.boot) in wanted]
    if as_json:
        print_json([one.model_dump(mode="json") for one in made])
    else:
        show(evidence_text(made))
    passed = {(one.check, one.boot) for one in made if one.outcome is Outcome.PASSED}
    return int(passed != wanted)


def _inspect_file(path: Path, *, as_json: bool) -> int:
    from builder.features import installed
    from builder.foreign import inspect_foreign
    from builder.progress import Progress
    from builder.report.text import evidence_text
    from builder.terminal import show

    with Progress() as progress:
        evidence, sound = inspect_foreign(path, installed(), progress)
    if as_json:
        print_json([one.model_dump(mode="json") for one in evidence])
    else:
        show(evidence_text(evidence))
    return int(not sound)
