"""The proof of another machine: read from its build directory, or from what it sent of that."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from securesystemslib.dsse import Envelope

from builder.attest import bundle
from builder.attest.canonical import place_of
from builder.attest.key import PublicKey
from builder.attest.require import strangers_told
from builder.attest.statement import FILES, TEST_RESULT, Descriptor, files_of, result_of
from builder.attest.trusted import Signed, trusted, unchecked
from builder.errors import BuilderError, InputError
from builder.store import manifest
from builder.store.sections import BootRecord, Evidence, Observed

R = TypeVar("R", Evidence, Observed)

_LOG = re.compile(r"[a-z0-9][a-z0-9._-]*-[a-z]+\.log")
"""What a boot's log is called; the build's own is none."""


@dataclass(frozen=True)
class ForeignProof:
    """What another machine has found, and what it has signed of it."""

    home: Path | None
    """Where its logs are; none where a file alone was sent."""
    evidence: tuple[Evidence, ...]
    boots: tuple[BootRecord, ...]
    observations: tuple[Observed, ...]
    envelopes: tuple[Envelope, ...] = ()
    """Its signed results."""
    logs: tuple[tuple[Envelope, tuple[Descriptor, ...]], ...] = ()
    """Its signed logs."""


def read_signed(source: Path, keys: Sequence[PublicKey]) -> ForeignProof:
    """The proof that one of the keys has signed.

    ``source`` is a build directory or a bundle. Raises ``InputError`` where there is none, and
    ``BuilderError`` where the keys have signed no result in it.
    """
    home = source if source.is_dir() else None
    path = home / bundle.FILE_NAME if home else source
    if not path.is_file():
        raise InputError(
            f"There is no signed proof at {path}.",
            hint=f"Name a build directory that was proven, or its {bundle.FILE_NAME}; --trust takes"
            " an unsigned proof.",
        )
    found = trusted(bundle.read(path), keys)
    proof = _of_statements(found.signed, home)
    if proof.evidence or proof.observations:
        return proof
    raise BuilderError(
        f"{path} has no result of a proof that one of the given keys has signed.",
        details=[*found.problems, *strangers_told(found.strangers)],
        hint="Name the public key of the machine that has made the proof.",
    )


def read_unsigned(source: Path) -> ForeignProof:
    """The proof in a build directory, its manifest or its bundle, whoever has made it.

    Raises ``InputError`` where there is none.
    """
    if source.suffix == ".jsonl":
        proof = _of_statements(unchecked(bundle.read(source)).signed, None)
    else:
        home = source.parent if source.name == manifest.FILE_NAME else source
        build = manifest.read(home)
        told = _of_statements(unchecked(bundle.read(home / bundle.FILE_NAME)).signed, home)
        proof = replace(
            told,
            evidence=build.valid_evidence(),
            boots=build.boots,
            observations=build.valid_observations(),
        )
    if proof.evidence or proof.observations:
        return proof
    raise InputError(
        f"{source} has no result of a proof.",
        hint=f"Name a build directory that was proven, its {manifest.FILE_NAME}, or its"
        f" {bundle.FILE_NAME}.",
    )


def _of_statements(signed: Sequence[Signed], home: Path | None) -> ForeignProof:
    results = [each for each in signed if each.statement.predicate_type == TEST_RESULT]
    records = [result_of(each.statement) for each in results]
    return ForeignProof(
        home,
        tuple(_newest(record for each in records for record in each.evidence)),
        tuple(dict.fromkeys(record for each in records for record in each.boots)),
        tuple(_newest(record for each in records for record in each.observations)),
        tuple(each.envelope for each in results),
        tuple(_logs(signed)),
    )


def _newest(records: Iterable[R]) -> Iterable[R]:
    """Of each check the newest record."""
    return {
        place_of(record): record for record in sorted(records, key=lambda record: record.at)
    }.values()


def _logs(signed: Sequence[Signed]) -> Iterator[tuple[Envelope, tuple[Descriptor, ...]]]:
    for each in signed:
        files = files_of(each.statement) if each.statement.predicate_type == FILES else ()
        if files and all(_LOG.fullmatch(file.name) for file in files):
            yield each.envelope, files
