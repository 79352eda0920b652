"""The proof of another machine becomes evidence here: of the very image that it was made of."""

import contextlib
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from builder.attest.canonical import place_of
from builder.attest.key import Attester
from builder.attest.sign import add, sign_observations, sign_proof, sign_record
from builder.errors import HostError, InputError
from builder.host.files import sha256_of, temporary_name
from builder.host.locking import locked
from builder.proof.boot import kept_logs
from builder.proof.foreign import ForeignProof, R
from builder.report.update import update
from builder.store import manifest
from builder.store.build_directory import manifests
from builder.store.manifest import Manifest

LOG_LIMIT = 256 << 20
"""Bytes of a log that is taken over."""


def build_of(proof: ForeignProof, dist: Path) -> Path:
    """The build below a directory that the proof was made of.

    Raises ``InputError`` where there is none, or more than one.
    """
    proven = {record.image_sha256 for record in proof.evidence}
    proven |= {record.image_sha256 for record in proof.observations}
    found = [
        directory
        for directory, build in manifests(dist)
        if build.image.sha256 in proven and directory.resolve() != _resolved(proof.home)
    ]
    if len(found) == 1:
        return found[0]
    raise InputError(
        f"{len(found) or 'No'} builds in {dist} are of the image that was proven.",
        details=[
            *map(str, found),
            *(f"The image has the SHA-256 {sha256}." for sha256 in sorted(proven)),
        ],
        hint="Name with --output where the build is kept, and no copy of it.",
    )


def import_proof(
    directory: Path, proof: ForeignProof, *, vouching: bool, attester: Attester | None
) -> tuple[Manifest, int]:
    """Add what is new in a proof to a build; the result tells how many results are.

    ``attester`` signs the record as it is then; ``vouching``, also the results, as if this machine
    had made them. Raises ``HostError`` where the build cannot be written.
    """
    build = manifest.read(directory)
    evidence = _new(proof.evidence, build.evidence, build)
    observations = _new(proof.observations, build.observations, build)
    booted = {record.boot for record in evidence if record.boot}
    boots = [boot for boot in proof.boots if boot.name in booted]
    if not evidence and not observations:
        return build, 0
    try:
        logs = _copy_logs(proof, directory, sorted(booted))
        build = update(
            directory,
            lambda present: present.with_evidence(evidence, boots).with_observations(observations),
        )
    except OSError as error:
        raise HostError(
            f"The proof could not be written into {directory}.",
            details=[error.strerror or str(error)],
            hint="Make room, or make it writable; then import it again.",
        ) from error
    with locked(directory):
        signed_logs = [
            envelope for envelope, files in proof.logs if {file.name for file in files} <= logs
        ]
        add(directory, build, [*proof.envelopes, *signed_logs])
    if attester and vouching:
        sign_proof(directory, evidence, boots, logs, attester)
        sign_observations(directory, observations, attester)
    elif attester:
        sign_record(directory, attester)
    return build, len(evidence) + len(observations)


def _new(records: Sequence[R], present: Sequence[R], build: Manifest) -> list[R]:
    """Those of this image that are newer than what is known of the same check."""
    since = {place_of(record): record.at for record in present}
    return [
        record
        for record in records
        if record.image_sha256 == build.image.sha256
        and not since.get(place_of(record), record.at) > record.at
        and record not in present
    ]


def _copy_logs(proof: ForeignProof, directory: Path, boots: Sequence[str]) -> set[str]:
    """Take over the logs of the boots, and return their names; signed ones only as signed."""
    if proof.home is None:
        return set()
    signed = {file.name: file.sha256 for _, files in proof.logs for file in files}
    return {
        name
        for name in kept_logs(proof.home, boots)
        if _copied(proof.home / name, directory / name, signed.get(name))
    }


def _copied(source: Path, target: Path, sha256: str | None) -> bool:
    """Copy a log; not one that another than its signer has changed, nor what is no file."""
    status = source.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > LOG_LIMIT:
        return False
    with _partial(target) as partial:
        shutil.copyfile(source, partial, follow_symlinks=False)
        if sha256 is not None and sha256_of(partial) != sha256:
            return False
        partial.replace(target)
    return True


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[Path]:
    path = temporary_name(target)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _resolved(home: Path | None) -> Path | None:
    return home.resolve() if home else None
