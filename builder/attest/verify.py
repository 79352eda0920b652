"""Whether a build is as it was signed: every file, each read once, and the manifest by its meaning.

Needs no network, and trusts nothing in the directory but what one of the given keys has signed.
"""

import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from minisign import PublicKey as MinisignKey

from builder.attest import bundle
from builder.attest.canonical import section_digests
from builder.attest.checksums import check as check_checksums
from builder.attest.contents import BUILD, changed_sections, contents, listed, provenance_of
from builder.attest.key import PublicKey
from builder.attest.part import Part, State
from builder.attest.provenance import SECTION
from builder.attest.statement import FILES, byproducts_of, files_of
from builder.attest.trusted import Signed, Trusted, trusted
from builder.errors import InputError
from builder.host.files import sha256_of
from builder.store import manifest
from builder.store.build_directory import CHECKSUMS, REPORT
from builder.store.manifest import Manifest


@dataclass(frozen=True)
class Verification:
    """What was found in a build directory."""

    parts: tuple[Part, ...]
    strangers: Mapping[str, int]
    """How many statements each key has signed that was not given."""
    signed: bool
    """Whether there is any statement at all, whoever has signed it."""

    @property
    def holds(self) -> bool:
        """Whether everything is as one of the given keys has signed it."""
        return all(part.state is State.SIGNED for part in self.parts)


@dataclass(frozen=True)
class _Told:
    """What was signed of a file."""

    sha256: str
    key_id: str


def verify(
    directory: Path, keys: Sequence[PublicKey], minisign_keys: Sequence[MinisignKey] = ()
) -> Verification:
    """Compare a build directory with what was signed of it. Raises nothing for what it has."""
    checksums = check_checksums(directory, minisign_keys)
    present = bundle.read(directory / bundle.FILE_NAME)
    found = trusted(present, keys)
    build, unreadable = _manifest(directory)
    name = build.image.name if build else _image_name(found.signed)
    image_sha256, image_fault = _digest(directory / name) if name else ("", "")
    # By the file itself, for the manifest may be what was changed.
    own = {image_sha256, build.image.sha256 if build else ""} - {""}
    signed = [each for each in found.signed if each.statement.image_sha256 in own]
    others = [each for each in found.signed if each not in signed]
    told = {
        **{name: _Told(sha256, checksums.key_id) for name, sha256 in checksums.told.items()},
        **_told(signed),
    }
    parts = [
        _file(name, image_sha256, image_fault, told.get(name)) if name else None,
        *(
            _file(other, *_digest(directory / other), told.get(other))
            for other in _names(directory, build, told)
            if other != name
        ),
        *checksums.parts,
        *_contents(directory, build, unreadable, signed, told),
        *_bundle_faults(found, others),
    ]
    return Verification(
        tuple(part for part in parts if part), found.strangers, bool(present.envelopes)
    )


def _manifest(directory: Path) -> tuple[Manifest | None, str]:
    try:
        return manifest.read(directory), ""
    except InputError as error:
        return None, "; ".join(error.details) or error.message


def _image_name(signed: Sequence[Signed]) -> str:
    """What the signers call the image, where no manifest tells it."""
    source = provenance_of(signed)
    return source.statement.subject[0].name if source else ""


def _told(signed: Sequence[Signed]) -> dict[str, _Told]:
    """What was signed of each file, and of each section of the manifest: the newest word counts.

    Only a provenance tells of what the build has made.
    """
    told: dict[str, _Told] = {}
    for each in signed:
        if each.statement.predicate_type == FILES:
            told |= {
                file.name: _Told(file.sha256, each.key_id) for file in files_of(each.statement)
            }
    if source := provenance_of(signed):
        of_build = (*source.statement.subject, *byproducts_of(source.statement))
        told |= {file.name: _Told(file.sha256, source.key_id) for file in of_build}
    return {name: each for name, each in told.items() if _is_plain(name)}


def _is_plain(name: str) -> bool:
    """Whether it names a file beside the manifest, and no other one."""
    return bool(name) and name == Path(name).name and "\0" not in name


def _names(directory: Path, build: Manifest | None, told: Iterable[str]) -> Iterator[str]:
    """The files that a build has, or should have, besides its manifest."""
    names = dict.fromkeys(name for name in told if not name.startswith(SECTION))
    if build:
        names |= dict.fromkeys(file.name for file in build.files)
        names |= dict.fromkeys(bill.name for bill in build.sbom)
    logs = sorted(path.name for path in directory.glob("*.log"))
    names |= dict.fromkeys(
        name for name in (CHECKSUMS, REPORT, *logs) if (directory / name).exists()
    )
    return (name for name in names if name != manifest.FILE_NAME)


def _digest(path: Path) -> tuple[str, str]:
    """The SHA-256 of a file, or why it has none."""
    try:
        # A build from elsewhere may have a link or a pipe there.
        if not stat.S_ISREG(path.lstat().st_mode):
            return "", "it is not a regular file"
        return sha256_of(path), ""
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return "", f"it cannot be read ({error.strerror})"


def _file(name: str, sha256: str, fault: str, told: _Told | None) -> Part:
    if fault:
        return Part(name, State.CHANGED, fault)
    if not sha256:
        return Part(name, State.MISSING)
    if told is None:
        return Part(name, State.UNSIGNED)
    if sha256 != told.sha256:
        seen = f"its SHA-256 is {sha256[:12]}…, and was {told.sha256[:12]}…"
        return Part(name, State.CHANGED, seen, told.key_id)
    return Part(name, State.SIGNED, key_id=told.key_id)


def _contents(
    directory: Path,
    build: Manifest | None,
    unreadable: str,
    signed: Sequence[Signed],
    told: Mapping[str, _Told],
) -> Iterator[Part]:
    if build is None:
        exists = (directory / manifest.FILE_NAME).exists()
        yield Part(BUILD, State.CHANGED if exists else State.MISSING, unreadable)
        return
    of_build, *rest = contents(build, signed)
    yield of_build if of_build.state is not State.SIGNED else _record(directory, build, told)
    yield from rest


def _record(directory: Path, build: Manifest, told: Mapping[str, _Told]) -> Part:
    """The manifest as it was left last, to the byte."""
    last = told.get(manifest.FILE_NAME)
    part = _file(BUILD, *_digest(directory / manifest.FILE_NAME), last)
    if part.state is State.UNSIGNED:
        return Part(BUILD, State.UNSIGNED, "what was written into it after the build")
    if part.state is not State.CHANGED:
        return part
    sections = {
        name.removeprefix(SECTION): each.sha256
        for name, each in told.items()
        if name.startswith(SECTION)
    }
    changed = changed_sections(sections, section_digests(build))
    return Part(BUILD, State.CHANGED, listed(changed) or "its form alone", part.key_id)


def _bundle_faults(found: Trusted, others: Sequence[Signed]) -> Iterator[Part]:
    for problem in found.problems:
        yield Part(bundle.FILE_NAME, State.CHANGED, problem)
    for each in others:
        what = each.statement.subject[0]
        yield Part(
            bundle.FILE_NAME,
            State.CHANGED,
            f"line {each.line} is of another image: {what.name} with the SHA-256"
            f" {what.sha256[:12]}…",
            each.key_id,
        )
