"""Each machine signs what it has made itself: a build, a proof, or the record as it leaves it.

Statements are added to the bundle of the build. What they replace goes: of evidence that has been
made anew, of a record that has been written anew.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from securesystemslib.dsse import Envelope

from builder.attest import bundle
from builder.attest import statement as statements
from builder.attest.canonical import place_of, section_digests
from builder.attest.key import Attester
from builder.attest.provenance import SECTION, provenance
from builder.attest.results import observation_results, proof_results
from builder.attest.statement import (
    FILES,
    PROVENANCE,
    Json,
    Statement,
    descriptors,
    files_of,
    read,
    result_of,
    sign,
    statement,
)
from builder.errors import HostError
from builder.host.files import sha256_of
from builder.host.locking import locked
from builder.store import manifest
from builder.store.build_directory import CHECKSUMS, LOG, REPORT
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord, Evidence, Observed

_Record = Evidence | Observed


def sign_build(directory: Path, attester: Attester) -> None:
    """Sign what a build that has just been made has, all evidence and logs included."""
    build = manifest.read(directory)
    names = (CHECKSUMS, LOG, *(bill.name for bill in build.sbom))
    files = _digests(directory, names)
    statements = [
        provenance(build, files, attester, datetime.now(UTC)),
        *proof_results(build, build.evidence, build.boots),
        *_logs(directory, build, {path.name for path in directory.glob("*.log")} - {LOG}),
    ]
    with locked(directory):
        _add(directory, build, statements, attester)


def sign_proof(
    directory: Path,
    evidence: Sequence[Evidence],
    boots: Sequence[BootRecord],
    logs: Iterable[str],
    attester: Attester,
) -> None:
    """Sign the evidence that a proof has made, and the ``logs`` that it has written.

    Raises ``HostError`` where the bundle cannot be written.
    """
    with locked(directory):
        build = manifest.read(directory)
        statements = [*proof_results(build, evidence, boots), *_logs(directory, build, logs)]
        _add(directory, build, statements, attester)


def sign_observations(
    directory: Path, observations: Sequence[Observed], attester: Attester
) -> None:
    """Sign what a server on a real Nova has shown. Raises as ``sign_proof``."""
    with locked(directory):
        build = manifest.read(directory)
        shown = [observation_results(build, observations)] if observations else []
        _add(directory, build, shown, attester)


def sign_record(directory: Path, attester: Attester) -> None:
    """Sign manifest and report as they have just been left. Raises as ``sign_proof``."""
    with locked(directory):
        _add(directory, manifest.read(directory), [], attester)


def add(directory: Path, build: Manifest, envelopes: Iterable[Envelope]) -> None:
    """Add envelopes to the bundle, whose directory is locked. Raises ``HostError``.

    Of each statement that is there already it keeps one, and what the manifest has no more of goes.
    """
    present = [envelope for _, envelope in bundle.read(directory / bundle.FILE_NAME).envelopes]
    new = [envelope for envelope in envelopes if envelope not in present]
    newest = [statement for envelope in new if (statement := _statement(envelope))]
    kept = [envelope for envelope in present if _is_current(envelope, build, newest)]
    try:
        bundle.write(directory, [*kept, *new])
    except OSError as error:
        raise HostError(
            f"What was signed of {build.build} could not be written into {directory}.",
            details=[error.strerror or str(error)],
            hint="Make room, or make it writable.",
        ) from error


def _add(directory: Path, build: Manifest, statements: Sequence[Json], attester: Attester) -> None:
    """Sign statements, and the record with them."""
    signed = [sign(content, attester) for content in (*statements, _record(directory, build))]
    add(directory, build, signed)


def _record(directory: Path, build: Manifest) -> Json:
    """The manifest and the report as they are, and each section of the manifest."""
    files = _digests(directory, (manifest.FILE_NAME, REPORT))
    sections = {f"{SECTION}{name}": value for name, value in section_digests(build).items()}
    return _files(build, {**files, **sections})


def _logs(directory: Path, build: Manifest, names: Iterable[str]) -> list[Json]:
    files = _digests(directory, sorted(names))
    return [_files(build, files)] if files else []


def _files(build: Manifest, digests: dict[str, str]) -> Json:
    return statement(build.image, FILES, {"files": descriptors(digests)})


def _digests(directory: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: sha256_of(directory / name) for name in names if (directory / name).is_file()}


def _statement(envelope: Envelope) -> Statement | None:
    try:
        return read(envelope)
    except ValueError:
        return None


def _is_current(envelope: Envelope, build: Manifest, newest: Sequence[Statement]) -> bool:
    """Whether a statement that is there says something that no newer one says."""
    content = _statement(envelope)
    if content is None:
        return True
    match content.predicate_type:
        case statements.PROVENANCE:
            return all(new.predicate_type != PROVENANCE for new in newest)
        case statements.TEST_RESULT:
            result = result_of(content)
            records: tuple[_Record, ...] = (*result.evidence, *result.observations)
            return not records or not all(_is_replaced(record, build) for record in records)
        case statements.FILES:
            names = {file.name for file in files_of(content)}
            newer = {file.name for new in newest for file in files_of(new)}
            if manifest.FILE_NAME in names:
                return manifest.FILE_NAME not in newer
            return not names or not names <= newer
        case _:
            return True


def _is_replaced(record: _Record, build: Manifest) -> bool:
    """Whether there is a newer one; one that is only gone must stay to be missed."""
    present: tuple[_Record, ...] = (*build.evidence, *build.observations)
    return any(place_of(other) == place_of(record) and other.at > record.at for other in present)
