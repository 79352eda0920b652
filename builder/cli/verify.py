"""The verb ``verify``."""

from pathlib import Path

import click

from builder.attest import bundle
from builder.attest.part import Part, State
from builder.attest.require import strangers_told
from builder.attest.trusted import short
from builder.attest.verify import Verification
from builder.attest.verify import verify as verify_directory
from builder.cli.keys import Keys, any_key_option
from builder.cli.options import complete_profile, json_option, output_option, print_json
from builder.cli.verbs import cli
from builder.store.build_directory import find_build, is_file
from builder.terminal import output as terminal
from builder.terminal.output import BAD, DOUBT, GOOD, items, line, show, table

_STYLES = {
    State.SIGNED: GOOD,
    State.CHANGED: BAD,
    State.MISSING: BAD,
    State.UNSIGNED: DOUBT,
}


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@any_key_option
@output_option
@json_option
def verify(build: str, *, keys: Keys, output: Path, as_json: bool) -> int:
    """Tell whether a build is as it was signed, and what was changed.

    Read are the image, its bills of materials, the logs, the report, and the manifest with all
    evidence, and compared with what one of the keys has signed. Needs no network. Build host, proof
    host and publisher may have a key each: name them all.

    The exit code is 1 where anything was changed, is missing, or is not signed by any of the keys.

    \b
    Examples:
      guest-image verify pinned-scsi --key build.pub
      guest-image verify /mnt/release --key build.pub --key proof.pub --key publisher.pub
      guest-image verify pinned-scsi --key build.pub --json | jq .parts
    """
    given = Path(build)
    # What has lost its manifest is verified, too.
    directory = given if is_file(given / bundle.FILE_NAME) else find_build(build, output)
    found = verify_directory(directory, keys.of_statements, keys.of_checksums)
    if as_json:
        print_json(_json(directory, found))
    else:
        show(_text(found))
    return int(not found.holds)


def _text(found: Verification) -> list[terminal.Part]:
    rows = [
        (
            part.name,
            line(part.state, _STYLES[part.state]),
            ", ".join(filter(None, [part.seen, _signer(part)])),
        )
        for part in found.parts
    ]
    parts = table(rows, level=0)
    if not found.signed:
        return [*parts, line("This build is not signed: it has no attestation.", BAD)]
    return [*parts, *items(strangers_told(found.strangers)), line(_conclusion(found))]


def _signer(part: Part) -> str:
    return f"by the key {short(part.key_id)}…" if part.key_id and part.state is State.SIGNED else ""


def _conclusion(found: Verification) -> str:
    if found.holds:
        return "Everything is as it was signed."
    states = {part.state for part in found.parts}
    if states & {State.CHANGED, State.MISSING}:
        return "This build is not what was signed."
    return "Not everything in this build is signed by the keys that were given."


def _json(directory: Path, found: Verification) -> object:
    return {
        "directory": str(directory),
        "holds": found.holds,
        "signed": found.signed,
        "parts": [
            {"name": part.name, "state": part.state, "seen": part.seen, "key": part.key_id}
            for part in found.parts
        ],
        "strangers": dict(found.strangers),
    }
