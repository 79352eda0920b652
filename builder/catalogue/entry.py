"""What a catalogue tells of one build. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from builder.attest import bundle
from builder.attest import checksums as minisign
from builder.distribution import Distribution
from builder.feature import Grade
from builder.publish.cloud.names import public_name
from builder.store import manifest
from builder.store.build_directory import CHECKSUMS, REPORT
from builder.store.manifest import Manifest
from builder.store.sections import DiskFile, FormatFile, ImageFile, SbomFile
from builder.store.verdict import ORDER, Verdict

IMAGES = "images"
"""Where a catalogue has its builds, as ``PROFILE/BUILD``, each with the files of its directory."""

BESIDE = (REPORT, CHECKSUMS, minisign.FILE_NAME, bundle.FILE_NAME, manifest.FILE_NAME)
"""What it has of a build besides image and bills. Logs tell of the host that built it."""


_SEPARATORS = re.compile(r"[^A-Za-z0-9._+]+")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A proven build. It keeps no manifest: one of hundreds takes a megabyte of memory."""

    directory: Path
    """Where it was found."""
    profile: str
    build: str
    created: datetime
    description: str
    public_name: str
    """The name that it is, or would be, published under."""
    keep_last: int | None
    """How many replaced images its profile keeps."""
    distribution: Distribution
    image: ImageFile
    formats: tuple[FormatFile, ...]
    """The same disk in other formats."""
    bills: tuple[SbomFile, ...]
    sizes: Mapping[str, int]
    """Bytes of the image in all formats and of the bills, by the names of their files."""
    beside: tuple[str, ...]
    """Those of ``BESIDE`` that it has."""
    packages: int | None
    """None where the manifest does not list them: of some adopted images."""
    boots: Mapping[str, float]
    """Seconds until the first login, the shortest of its boots, by accelerator."""
    grades: Mapping[Grade, int]
    """How many claims have each grade, the strongest first."""

    @property
    def home(self) -> str:
        """Its directory in a catalogue, as an address relative to the catalogue's."""
        return f"{IMAGES}/{self.below}"

    @property
    def below(self) -> str:
        """Its directory below that of all builds, as part of an address."""
        return f"{quote(self.profile, safe='')}/{quote(self.build, safe='')}"

    @property
    def files(self) -> tuple[DiskFile, ...]:
        """Every file that has the disk: the image first."""
        return (self.image, *self.formats)

    def address_of(self, file: DiskFile, base_url: str) -> str:
        """Where a file is: below ``base_url`` where that is given, else in the catalogue."""
        return f"{base_url}{self.below if base_url else self.home}/{file.name}"


def entry_of(
    directory: Path,
    build: Manifest,
    verdict: Verdict,
    *,
    sizes: Mapping[str, int],
    beside: Iterable[str],
) -> Entry:
    """What a catalogue tells of a proven build and its files."""
    plan = build.planned()
    grades = Counter(claim.grade for claim in verdict.claims)
    logins = {boot.name for boot in plan.boots if boot.login}
    boots: dict[str, float] = {}
    for boot in build.boots:
        if boot.name in logins and boot.image_sha256 == build.image.sha256:
            least = boots.get(boot.accelerator, boot.until_ssh)
            boots[boot.accelerator] = min(least, boot.until_ssh)
    return Entry(
        directory=directory,
        profile=plan.profile,
        build=build.build,
        created=build.created,
        description=plan.description or plan.distribution.name,
        public_name=public_name(plan, plan.publish),
        keep_last=plan.publish.keep_last,
        distribution=plan.distribution,
        image=build.image,
        formats=build.formats,
        bills=build.sbom,
        sizes=sizes,
        beside=tuple(beside),
        packages=len(build.packages) or None,
        boots=dict(sorted(boots.items())),
        grades={grade: grades[grade] for grade in reversed(ORDER) if grades[grade]},
    )


def by_profile(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The builds of each profile by its name, the newest first."""
    profiles: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=_age, reverse=True):
        profiles.setdefault(entry.profile, []).append(entry)
    return dict(sorted(profiles.items()))


def aliases(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The newest build by each name that it answers to, as a name of a file.

    That is the profile's name, and the public one, which belongs to the newest of all builds that
    would take it. A public name that is another profile's name gives way to it.
    """
    newest: dict[str, Entry] = {}
    oldest_first = sorted(entries, key=_age)
    for entry in oldest_first:
        if name := file_name(entry.public_name):
            newest[name] = entry
    for entry in oldest_first:
        newest[entry.profile] = entry
    return dict(sorted(newest.items()))


def file_name(name: str) -> str:
    """A public name as the name of a file that nobody has to quote: Debian-12 for ``Debian 12``.

    Empty where it has no character that may stand there.
    """
    return _SEPARATORS.sub("-", name).strip("-.")


def _age(entry: Entry) -> tuple[datetime, str]:
    return entry.created, entry.build
