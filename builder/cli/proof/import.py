"""The verb ``proof import``."""

from pathlib import Path

import click

from builder.attest.key import Attester, PublicKey
from builder.cli.conclusion import conclude
from builder.cli.keys import key_option, signing_key_option
from builder.cli.options import json_option, output_option
from builder.cli.proof import group
from builder.pipeline import Build
from builder.proof.foreign import read_signed, read_unsigned
from builder.proof.import_proof import build_of, import_proof
from builder.terminal.progress import Progress
from builder.words import counted


@group.command("import")
@click.argument("proof", metavar="DIR|FILE", type=click.Path(path_type=Path))
@key_option
@click.option("--trust", is_flag=True, help="Take an unsigned proof, whoever has made it.")
@output_option
@signing_key_option
@json_option
def import_verb(
    proof: Path,
    *,
    keys: tuple[PublicKey, ...],
    trust: bool,
    output: Path,
    attester: Attester | None,
    as_json: bool,
) -> int:
    """Take over a proof that another machine has made of a build that is here.

    DIR is that machine's copy of the build directory; FILE its attestations.intoto.jsonl, or, with
    --trust, its manifest.json. Taken is what one of the keys has signed, of the very image, and
    newer than what is known; from DIR the logs of the boots, too. With --trust and --attest-key
    this machine vouches for the proof.

    \b
    Examples:
      guest-image proof import /mnt/kvm-host/pinned-scsi/latest --key proof.pub
      guest-image proof import attestations.intoto.jsonl --key proof.pub --output /srv/images
      guest-image proof import /mnt/kvm-host/pinned-scsi/latest --trust
    """
    if trust == bool(keys):
        raise click.UsageError("Name the key of the machine with --key, or --trust the proof.")
    found = read_unsigned(proof) if trust else read_signed(proof, keys)
    directory = build_of(found, output)
    with Progress() as progress:
        build, number = import_proof(directory, found, vouching=trust, attester=attester)
        progress.event(f"imported {counted(number, 'result')} into {directory}")
    return conclude(Build(directory, build, build.planned()), as_json=as_json)
