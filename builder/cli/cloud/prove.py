"""The verb ``cloud prove``."""

from pathlib import Path

import click

from builder.attest.key import Attester
from builder.attest.sign import sign_observations
from builder.cli.cloud import group
from builder.cli.cloud_options import cloud_option
from builder.cli.keys import signing_key_option
from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.cloud.proof.prove import CloudProofOptions, Result, clean_up, failed, prove_in_cloud
from builder.publish.cloud.glance import Glance
from builder.report.text import observations_text, verdict_json
from builder.store.build_directory import find_build
from builder.terminal.output import say, show
from builder.terminal.progress import Progress


@group.command()
@click.argument("build", metavar="BUILD", required=False, shell_complete=complete_profile)
@cloud_option
@click.option("--flavor", metavar="NAME", help="The server's flavor; else one that fits the image.")
@click.option(
    "--network",
    metavar="NAME",
    help="The server's network, or 'none'; else the only one that there is, or none.",
)
@click.option(
    "--libvirt",
    metavar="URI",
    help="The compute host's libvirt, for what only an operator sees: pinning, growing a disk.",
)
@click.option("--clean", is_flag=True, help="Only delete what interrupted proofs have left.")
@output_option
@signing_key_option
@json_option
def prove(
    *,
    build: str | None,
    cloud: str,
    flavor: str | None,
    network: str | None,
    libvirt: str | None,
    clean: bool,
    output: Path,
    attester: Attester | None,
    as_json: bool,
) -> int:
    """Boot a published build by a cloud's Nova, and record what its server shows.

    A server is made of the image that the build is published as, watched by its console, given a
    password and a volume, rescued, rebuilt, hung, deleted and restored. What it shows makes claims
    'observed'; what this cloud cannot show is skipped. The exit code is 1 where something did not
    pass.

    \b
    Examples:
      guest-image cloud prove pinned-scsi --cloud staging
      guest-image cloud prove pinned-scsi --cloud staging --flavor pinned-2 --network none
      guest-image cloud prove --cloud staging --clean
    """
    if (build is None) != clean:
        raise click.UsageError("Name a BUILD, or --clean without one.")
    with Progress() as progress:
        glance = Glance(cloud, say=progress.line)
        if build is None:
            return _conclude_clean(clean_up(glance, progress), as_json=as_json)
        directory = find_build(build, output)
        result = prove_in_cloud(
            glance, directory, CloudProofOptions(flavor, network, libvirt), progress
        )
        if attester:
            sign_observations(directory, result.observations, attester)
    return _conclude(directory, result, as_json=as_json)


def _conclude(directory: Path, result: Result, *, as_json: bool) -> int:
    if as_json:
        print_json({"directory": str(directory), **verdict_json(result.build)})
    else:
        show(observations_text(result.build, result.observations))
    return int(failed(result.observations))


def _conclude_clean(stay: list[str], *, as_json: bool) -> int:
    if as_json:
        print_json({"left": stay})
    else:
        say("".join(f"{reason}\n" for reason in stay))
    return int(bool(stay))
