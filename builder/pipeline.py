"""The whole way on one machine: from a profile, or a file, to an image and its evidence.

What a verb of the command line does is one function here: it asks first for what this machine
lacks, then lets each room do its part.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from minisign import SecretKey

from builder.adopt.adopt import adopt
from builder.adopt.plan import boots_at_most
from builder.archive.releases import releases_now
from builder.archive.snapshot import snapshot_of
from builder.attest.checksums import check, sign_checksums
from builder.attest.key import Attester
from builder.attest.require import unsigned
from builder.attest.sign import sign_build, sign_proof
from builder.build.build import build
from builder.build.reuse import of_same_content, reusable
from builder.build.take_over import take_over
from builder.compare.builds import Difference, compare
from builder.compare.change import changes
from builder.compare.changelogs import changelog_changes, without_changelog
from builder.compare.packages import in_another_version
from builder.compare.reproduction import Reproduction
from builder.features.registry import installed
from builder.host.paths import cache_directory
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of
from builder.proof.boot import ProofOptions, kept_logs
from builder.proof.checks import checks_of
from builder.proof.disk_contents import disk_contents
from builder.proof.prove import prove
from builder.proof.requirements import require_for_proof
from builder.proof.result import Result
from builder.proof.selection import selected
from builder.reproduce import reproduce
from builder.security.changes import vulnerability_changes
from builder.store import manifest
from builder.store.build_directory import Seal, find_build, find_published
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class Build:
    """A build directory, and what its manifest says."""

    directory: Path
    manifest: Manifest
    plan: Plan
    """That of the manifest, with the checks only that were asked for."""


def build_image(
    profile: str,
    dist: Path,
    progress: Progress,
    attester: Attester | None = None,
    minisigner: SecretKey | None = None,
    *,
    at: datetime | None = None,
) -> Path:
    """Build a profile's image anew, and return its directory.

    ``attester`` signs what it is, ``minisigner`` its checksums; ``at`` is the moment that its
    packages are of, in place of the profile's.

    Raises ``InputError``, ``HostError`` and ``BuilderError`` as the build does.
    """
    plan = plan_of(profile, at)
    _warn_if_unproven(plan, progress)
    return _build(plan, dist, progress, _seal(attester, minisigner))


def make_image(
    profile: str,
    dist: Path,
    progress: Progress,
    *,
    fresh: bool,
    at: datetime | None = None,
    attester: Attester | None = None,
    minisigner: SecretKey | None = None,
) -> Build:
    """Build a profile's image, or reuse a build of equal inputs unless ``fresh``; then prove it.

    Where a build of another plan has the same image, it is taken over, and proven anew.
    What has been proven by earlier evidence is not proven again. An ``attester`` signs both, and
    reuses only what it has signed itself; ``at`` as for ``build_image``. Raises ``InputError``,
    ``HostError``, ``ImageError`` and ``BuilderError`` as the build and the proof do.
    """
    plan = plan_of(profile, at)
    _warn_if_unproven(plan, progress)
    require_for_proof(plan.boots)
    directory = _made(plan, dist, progress, fresh=fresh, attester=attester, minisigner=minisigner)
    present = manifest.read(directory)
    if not verdict_of(present).proven:
        present = _prove(directory, progress, attester, boots=True)
    return Build(directory, present, plan)


def must_be_built(
    profile: str,
    dist: Path,
    *,
    fresh: bool,
    at: datetime | None = None,
    attester: Attester | None = None,
    minisigner: SecretKey | None = None,
) -> bool:
    """Whether ``make_image`` would build. Raises as it does where this machine lacks something."""
    plan = plan_of(profile, at)
    require_for_proof(plan.boots)
    return fresh or not any(_present(plan, dist, attester, minisigner))


def find(word: str, dist: Path, only: Sequence[str] = ()) -> Build:
    """The build that a word names, and the checks that are asked for. Raises ``InputError``."""
    directory = find_build(word, dist)
    present = manifest.read(directory)
    plan = present.planned()
    return Build(directory, present, selected(plan, checks_of(plan, installed()), only))


def prove_build(
    word: str,
    dist: Path,
    progress: Progress,
    options: ProofOptions,
    attester: Attester | None = None,
) -> Build:
    """Inspect and boot a build's image; ``attester`` signs the evidence. Raises as ``prove``."""
    found = find(word, dist, options.only)
    require_for_proof(found.plan.boots)
    proven = _prove(found.directory, progress, attester, boots=True, options=options)
    return Build(found.directory, proven, found.plan)


def inspect_build(
    word: str, dist: Path, progress: Progress, attester: Attester | None = None
) -> Build:
    """Inspect a build's image, without a boot. As ``prove_build`` otherwise."""
    directory = find_build(word, dist)
    inspected = _prove(directory, progress, attester, boots=False)
    return Build(directory, inspected, inspected.planned())


def adopt_image(
    file: Path,
    dist: Path,
    progress: Progress,
    *,
    admin_user: str | None,
    attester: Attester | None = None,
    minisigner: SecretKey | None = None,
) -> Build:
    """Make a build of an image from elsewhere; ``attester`` signs it. Raises as ``adopt`` does."""
    registry = installed()
    require_for_proof(boots_at_most(registry))
    directory = adopt(
        file, dist, registry, progress, admin_user=admin_user, seal=_seal(attester, minisigner)
    )
    adopted = manifest.read(directory)
    return Build(directory, adopted, adopted.planned())


def reproduce_build(
    word: str,
    dist: Path,
    progress: Progress,
    *,
    keep: Path | None = None,
    at: datetime | None = None,
) -> Reproduction:
    """Build what a word names again, and compare both. Raises as ``reproduce`` does."""
    return reproduce(find_build(word, dist), progress, keep=keep, at=at)


def compare_builds(
    old: str,
    new: str,
    dist: Path,
    progress: Progress,
    *,
    deep: bool,
    vulnerabilities: Path | None = None,
) -> Difference:
    """What differs between the builds that two words name, by their manifests.

    With ``deep`` also between the files below ``/etc`` of their images and the changelogs of their
    packages, with ``vulnerabilities`` between those that this file knows of them. Raises
    ``InputError``, and then as ``disk_contents`` does.
    """
    directories = find_published(old, dist), find_published(new, dist)
    before, after = ((directory, manifest.read(directory)) for directory in directories)
    difference = compare(before[1], after[1])
    if vulnerabilities is not None:
        told = vulnerability_changes(before, after, vulnerabilities)
        difference = replace(
            difference,
            vulnerabilities=told.changes,
            unknown=(*difference.unknown, *told.unknown),
        )
    return _compare_disks(before, after, difference, progress) if deep else difference


def _compare_disks(
    old: tuple[Path, Manifest],
    new: tuple[Path, Manifest],
    difference: Difference,
    progress: Progress,
) -> Difference:
    """What the disks of both builds add to their difference. Raises as ``disk_contents``."""
    packages = in_another_version(difference.packages)
    before, after = (disk_contents(*build, packages, progress) for build in (old, new))
    return replace(
        difference,
        configuration=changes(before.configuration.files, after.configuration.files),
        changelogs=changelog_changes(before.changelogs, after.changelogs),
        unknown=(
            *difference.unknown,
            *without_changelog(packages, before.changelogs, after.changelogs),
        ),
    )


def _build(plan: Plan, dist: Path, progress: Progress, seal: Seal) -> Path:
    if plan.snapshot is not None:
        progress.phase("asking the archive")
    snapshot = snapshot_of(plan, cache=cache_directory(), caller=os.environ)
    indexes = releases_now(plan, os.environ)
    return build(plan, dist, progress, seal=seal, snapshot=snapshot, indexes=indexes)


def _prove(
    directory: Path,
    progress: Progress,
    attester: Attester | None,
    *,
    boots: bool,
    options: ProofOptions | None = None,
) -> Manifest:
    """Prove a build, and sign what has come of it, however the proof ends."""
    results = list[Result]()
    try:
        return prove(
            directory, installed(), progress, boots=boots, options=options, tell=results.append
        )
    finally:
        if attester and results:
            evidence = [each for result in results for each in result.evidence]
            records = [boot for result in results for boot in result.boots]
            logs = kept_logs(directory, {each.boot for each in evidence if each.boot})
            sign_proof(directory, evidence, records, logs, attester)


def _seal(attester: Attester | None, minisigner: SecretKey | None) -> Seal:
    def seal(directory: Path) -> None:
        if minisigner:
            sign_checksums(directory, minisigner)
        if attester:
            sign_build(directory, attester)

    return seal


def _made(
    plan: Plan,
    dist: Path,
    progress: Progress,
    *,
    fresh: bool,
    attester: Attester | None,
    minisigner: SecretKey | None,
) -> Path:
    """The directory of a build of the plan: an earlier one, or a new one."""
    seal = _seal(attester, minisigner)
    same, origin = (None, None) if fresh else _present(plan, dist, attester, minisigner)
    if same:
        progress.event(f"reusing build {same}")
        return same
    if origin:
        progress.event(f"taking over the image of {origin}")
        return take_over(plan, origin, dist, progress, seal=seal)
    return _build(plan, dist, progress, seal)


def _present(
    plan: Plan, dist: Path, attester: Attester | None, minisigner: SecretKey | None
) -> tuple[Path | None, Path | None]:
    """A build that stands for a new one, or else one of whose image a new one can be made."""
    same = reusable(plan, dist)
    if same and _vouched(same, attester, minisigner):
        return same, None
    origin = of_same_content(plan, dist)
    return None, origin if origin and _vouched(origin, attester, minisigner) else None


def _vouched(directory: Path, attester: Attester | None, minisigner: SecretKey | None) -> bool:
    """Whether those who sign, where there are any, have signed a build that is reused."""
    if minisigner and not check(directory, [minisigner.get_public_key()]).told:
        return False
    if attester is None:
        return True
    return not unsigned(directory, manifest.read(directory), [attester.signer.public_key])


def _warn_if_unproven(plan: Plan, progress: Progress) -> None:
    """Say where no image of the plan's distribution has been proven yet."""
    distribution = plan.distribution
    if distribution.untested_reason:
        progress.warning(f"{distribution.name} is unproven: {distribution.untested_reason}.")
