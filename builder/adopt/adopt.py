"""An image that was built elsewhere becomes a build directory: inspected, booted, and judged."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from builder.adopt.disk_facts import DiskFacts, disk_facts
from builder.adopt.plan import (
    ForeignImage,
    boots_of_rest,
    candidates,
    inspections,
    lacking,
    plan_of_evidence,
    plan_to_probe,
)
from builder.errors import BuilderError, ImageError
from builder.features.registry import Registry
from builder.host import files
from builder.host.files import digests
from builder.image.held import held, private_copy
from builder.image.safety import ImageInfo, check_image
from builder.nova.properties import is_storable
from builder.plan.model import Plan, to_json
from builder.profile.model import Disk
from builder.proof.checks import Check, checks_of_feature
from builder.proof.inspection import Look, examine
from builder.proof.prove import prove
from builder.report.update import update
from builder.sbom.write import packages_of, subject_of, write_bills
from builder.store import build_directory, manifest
from builder.store.build_directory import CHECKSUMS, DIGEST_LENGTH, Seal
from builder.store.disk_files import image_file
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, Evidence
from builder.terminal.progress import Progress

FORMATS = ("qcow2", "raw")
"""What a build directory can have: Nova's hosts take others apart, and not every one of them."""

PREFIX = "adopted-"


def adopt(
    file: Path,
    dist: Path,
    registry: Registry,
    progress: Progress,
    *,
    admin_user: str | None,
    seal: Seal = lambda _: None,
) -> Path:
    """Inspect and boot the image, and return its directory, ``dist/adopted-NAME/TIME-DIGEST``.

    ``admin_user`` is cloud-init's default user; None takes the one that the disk names. ``seal`` is
    handed the complete directory before it gets its name.
    Raises ``InputError`` for a user that the disk contradicts, ``ImageError`` for what is no safe
    image, ``HostError``, and ``BuilderError`` where the image does not come up.
    """
    with held(file) as source:
        info = replace(check_image(source, called=file), path=file)
        if info.format not in FORMATS:
            raise ImageError(
                f"{file} is in the format {info.format}, which is not adopted.",
                hint="Convert it: qemu-img convert -O qcow2 IMAGE NEW.",
            )
        progress.phase("checksum")
        sums = digests(source)
        name = name_of(file)
        with build_directory.workplace(dist.absolute(), name, sums[0][:DIGEST_LENGTH]) as place:
            progress.phase("copy")
            image = _copied(source, info, sums, place.directory)
            _adopt_in(place, image, info, sums, registry, progress, admin_user)
            seal(place.directory)
    return dist.absolute() / name / place.name


def name_of(file: Path) -> str:
    """The name that the file's builds are found by: its own, without what no directory can have."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._")
    return f"{PREFIX}{plain or 'image'}"[:64]


def _adopt_in(
    place: build_directory.Workplace,
    image: Path,
    info: ImageInfo,
    sums: tuple[str, str],
    registry: Registry,
    progress: Progress,
    admin_user: str | None,
) -> None:
    created = datetime.now(UTC).replace(microsecond=0)
    progress.phase("inspection")
    facts, evidence = _inspected(info, image, sums[0], registry, progress, admin_user)
    foreign = _foreign_image(facts, info, registry)
    plan = plan_to_probe(foreign, evidence)
    build = Manifest(
        build=place.name,
        inputs=sums[0],
        created=created,
        plan=to_json(_booting_only(plan)),
        image=image_file(image, foreign.disk.format, info.virtual_size),
        tools={"guest-image-builder": version("guest-image-builder")},
        packages=packages_of(facts.contents) if facts.contents else (),
        timings={},
        hooks={},
        evidence=evidence,
    )
    if facts.contents:
        bills = write_bills(place.directory, subject_of(build, plan), facts.contents)
        build = build.model_copy(update={"sbom": bills})
    manifest.write(place.directory, build)
    if plan.boots:
        plan = _booted(place.directory, foreign, plan, registry, progress)
    update(place.directory, lambda build: _judged(build, foreign, plan, progress.timings))


def _copied(source: Path, info: ImageInfo, sums: tuple[str, str], directory: Path) -> Path:
    """A copy of the image in its build directory, with its checksum; what is checked is the copy.

    Raises ``ImageError`` where somebody writes to the image meanwhile.
    """
    image = directory / f"image.{info.format}"
    private_copy(source, image, option="--output")
    check_image(image, called=info.path)
    if digests(image) != sums:
        raise ImageError(
            f"{info.path} has changed while it was read.", hint="Stop what writes to it."
        )
    files.replace_text(directory / CHECKSUMS, f"{sums[0]}  {image.name}\n")
    return image


def _booted(
    directory: Path, foreign: ForeignImage, plan: Plan, registry: Registry, progress: Progress
) -> Plan:
    """Boot it by the plan; return the plan with the further boots that this gave reason for."""
    build = prove(directory, registry, progress, boots=True)
    _require_one_boot(build, plan)
    rest = boots_of_rest(plan, foreign, (boot.name for boot in build.boots))
    if not rest:
        return plan
    remaining = to_json(replace(_booting_only(plan), boots=rest))
    update(directory, lambda build: build.model_copy(update={"plan": remaining}))
    prove(directory, registry, progress, boots=True)
    return replace(plan, boots=(*plan.boots, *rest))


def _judged(
    build: Manifest, foreign: ForeignImage, plan: Plan, timings: Mapping[str, float]
) -> Manifest:
    """The manifest that claims what its evidence bears out, and tells why it claims no more."""
    proven = plan_of_evidence(plan, build.evidence, (boot.name for boot in build.boots))
    adopted = Adopted(
        source=foreign.source,
        lacking=lacking(foreign, proven, build.evidence),
        limits=(*foreign.limits, *_not_up(build)),
    )
    return build.model_copy(
        update={"plan": to_json(proven), "adopted": adopted, "timings": dict(timings)}
    )


def _inspected(
    info: ImageInfo,
    image: Path,
    sha256: str,
    registry: Registry,
    progress: Progress,
    admin_user: str | None,
) -> tuple[DiskFacts, tuple[Evidence, ...]]:
    """What the disk is, and what every candidate's inspections see, in one start of libguestfs."""

    def checks(facts: DiskFacts) -> Iterator[Check]:
        used = candidates(registry, facts.distribution)
        wanted = {check.id for check in inspections(used)}
        for feature, parameters in used:
            for check in checks_of_feature(feature, parameters):
                if check.id in wanted:
                    yield check

    look = Look(lambda disk: disk_facts(disk, admin_user, info.path), DiskFacts, checks)
    return examine(image, info.format, look, sha256, progress)


def _foreign_image(facts: DiskFacts, info: ImageInfo, registry: Registry) -> ForeignImage:
    return ForeignImage(
        name=name_of(info.path),
        source=_told(info.path.name),
        distribution=facts.distribution,
        disk=Disk(format="raw" if info.format == "raw" else "qcow2", compression="none"),
        used=candidates(registry, facts.distribution),
        limits=facts.limits,
        unknown=facts.unknown,
    )


def _told(name: str) -> str:
    """A file's name as it can stand in a manifest, and in a property of Glance's."""
    return "".join(
        character if character.isprintable() and is_storable(character) else "?"
        for character in name
    )


def _booting_only(plan: Plan) -> Plan:
    """The plan without its inspections, which have been made."""
    return replace(plan, inspections=())


def _require_one_boot(build: Manifest, plan: Plan) -> None:
    if build.boots:
        return
    raise BuilderError(
        f"{plan.description}: the image does not come up under any firmware.",
        details=list(
            dict.fromkeys(
                line
                for result in build.evidence
                if result.boot
                for line in result.seen.splitlines()
            )
        ),
        hint=f"It is waited for to let '{plan.distribution.default_user}' in by SSH; "
        "'guest-image inspect FILE' tells what its disk has.",
    )


def _not_up(build: Manifest) -> tuple[str, ...]:
    """For each boot that did not come up, why: every probe of such a boot says the same."""
    up = {boot.name for boot in build.boots}
    said = {
        result.boot: result.seen.partition("\n")[0]
        for result in build.evidence
        if result.boot is not None and result.boot not in up
    }
    return tuple(f"It does not come up in the boot {name}: {why}" for name, why in said.items())
