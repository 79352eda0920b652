"""A published build is booted by a cloud's Nova, and what it shows becomes evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from builder.cloud.api.client import CloudApi
from builder.cloud.check.look import flavors
from builder.cloud.proof import choose
from builder.cloud.proof.course import Course
from builder.cloud.proof.leftovers import (
    Proof,
    at_work,
    end,
    end_volume,
    remove_left,
    state_directory,
)
from builder.cloud.proof.parameters import Limits, Setting
from builder.cloud.proof.record import Place, observed, record
from builder.cloud.server.operator import Operator
from builder.cloud.server.servers import NO_NIC, NO_NIC_SINCE, Servers
from builder.cloud.server.volumes import Volumes
from builder.errors import CloudError, HostError
from builder.plan.model import Plan
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import PROFILE
from builder.publish.record import require_writable
from builder.store import manifest
from builder.store.manifest import Manifest
from builder.store.sections import Observed
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class CloudProofOptions:
    """What of a proof is chosen by hand."""

    flavor: str | None = None
    network: str | None = None
    libvirt: str | None = None
    """The URI of the compute host's libvirt."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Result:
    """What a proof came to."""

    build: Manifest
    observations: tuple[Observed, ...]


def prove_in_cloud(
    glance: Glance, directory: Path, options: CloudProofOptions, progress: Progress
) -> Result:
    """Observe a build's image in one cloud, and write what was seen into manifest and report.

    Raises ``InputError``, ``HostError``, and ``CloudError`` where no server comes up; then nothing
    is recorded. What was made is deleted however this ends; where it cannot be, that is told.
    """
    build = manifest.read(directory)
    require_writable(directory)
    progress.phase(f"{glance}: looking")
    api = CloudApi(glance.cloud, progress.line)
    servers, volumes = Servers(api), Volumes(api)
    setting = _setting(glance, api, build, options)
    _clean_up(servers, volumes, glance.endpoint, progress)
    at = datetime.now(UTC)
    with at_work(state_directory(), glance.endpoint) as proof:
        course = Course(servers, volumes, setting, proof, progress)
        try:
            course.run()
        finally:
            _end(servers, volumes, proof, progress)
    place = Place(
        cloud=glance.cloud,
        endpoint=glance.endpoint,
        image=setting.image.id,
        image_sha256=build.image.sha256,
        at=at,
    )
    results = observed(course.sight, build.planned(), place)
    try:
        changed = record(directory, results)
    except OSError as error:
        raise HostError(
            f"{directory} cannot be written: what was observed is not recorded.",
            details=[error.strerror or str(error)],
            hint="See that it is there and can be written; then run the same command again.",
        ) from error
    return Result(changed, tuple(results))


def clean_up(glance: Glance, progress: Progress) -> list[str]:
    """Delete what proofs that are over have left; returns a sentence for each thing that stays."""
    api = CloudApi(glance.cloud, progress.line)
    return _clean_up(Servers(api), Volumes(api), glance.endpoint, progress)


def _clean_up(servers: Servers, volumes: Volumes, endpoint: str, progress: Progress) -> list[str]:
    gone, stay = remove_left(servers, volumes, endpoint, state_directory())
    for thing in gone:
        progress.event(f"deleted {thing}, which a proof had left")
    return stay


def _setting(glance: Glance, api: CloudApi, build: Manifest, options: CloudProofOptions) -> Setting:
    plan = build.planned()
    image = choose.image_of(build, glance.images(**{PROFILE: plan.profile}), glance.cloud)
    servers = Servers(api)
    flavor = choose.flavor_for(flavors(api), image, plan.flavor, options.flavor)
    network = options.network
    if network != NO_NIC:
        network = choose.network_for(servers.networks(), network)
    if network == NO_NIC and not servers.supports(NO_NIC_SINCE):
        raise CloudError(
            f"Cloud '{glance}' cannot make a server without a network: its Nova has no"
            f" microversion {NO_NIC_SINCE[0]}.{NO_NIC_SINCE[1]}.",
            hint="Name a network with --network.",
        )
    operator = Operator(options.libvirt) if options.libvirt else None
    if operator is not None:
        operator.require()
    return Setting(
        image=image,
        build=build.build,
        flavor=flavor,
        network=network,
        operator=operator,
        limits=replace(options.limits, action=options.limits.action + _watchdog_timeout(plan)),
    )


def _watchdog_timeout(plan: Plan) -> int:
    """Seconds after which the guest's watchdog fires, as its profile says."""
    return int(plan.parameters.get("watchdog", {}).get("timeout", 0))


def _end(servers: Servers, volumes: Volumes, proof: Proof, progress: Progress) -> None:
    """Delete what the proof has made; what stays is told, and the next proof tries again."""
    progress.phase(f"{servers}: cleaning up")
    reasons = []
    for server in tuple(proof.servers):
        if reason := end(servers, server):
            reasons.append(reason)
        else:
            proof.forget(server=server)
    for volume in tuple(proof.volumes):
        if proof.servers:  # which may have it
            reasons.append(f"Volume {volume} stays until its server is deleted.")
        elif reason := end_volume(volumes, volume):
            reasons.append(reason)
        else:
            proof.forget(volume=volume)
    if reasons:
        later = f"Later: guest-image cloud prove --clean --cloud {servers}"
        progress.event("\n".join([*reasons, f"  {later}"]))


def failed(observations: Sequence[Observed]) -> bool:
    """Whether any of them did not pass, and was not skipped."""
    return any(result.outcome in {"failed", "error"} for result in observations)
