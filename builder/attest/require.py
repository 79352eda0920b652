"""What a build must be signed in before it is built upon: its content, and what it has shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.attest import bundle
from builder.attest.contents import contents
from builder.attest.key import PublicKey
from builder.attest.part import State
from builder.attest.trusted import short, trusted
from builder.store.manifest import Manifest
from builder.words import counted


def unsigned(directory: Path, build: Manifest, keys: Sequence[PublicKey]) -> list[str]:
    """What none of the keys has signed of it, a sentence each; nothing where all is signed.

    Judged is what the manifest says of build, evidence and observations. The image is not read: its
    digests are among what is signed, and whoever sends it compares them.
    """
    found = trusted(bundle.read(directory / bundle.FILE_NAME), keys)
    signed = [each for each in found.signed if each.statement.image_sha256 == build.image.sha256]
    faults = [str(part) for part in contents(build, signed) if part.state is not State.SIGNED]
    if not faults:
        return []
    if len(signed) < len(found.signed):
        faults.append(f"{bundle.FILE_NAME} has statements of another image.")
    return [
        *faults,
        *(f"{bundle.FILE_NAME}: {problem}." for problem in found.problems),
        *strangers_told(found.strangers),
    ]


def strangers_told(strangers: Mapping[str, int]) -> list[str]:
    """Whose signatures count for nothing, as their keys were not given."""
    return [
        f"{counted(number, 'statement')} signed by the key {short(key)}…, which was not given."
        for key, number in strangers.items()
    ]
