"""Whether a build of a profile is due: the latest build against the world of this moment."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from builder.archive.updates import updates
from builder.build.dib_environment import mirrors, secrets
from builder.build.elements import elements_paths
from builder.build.reuse import ingredients
from builder.due.clouds import cloud_reasons
from builder.due.facts import (
    evidence_reasons,
    input_reasons,
    package_reasons,
    require_past,
)
from builder.due.judgement import Judgement, Kind, Reason, Unknown
from builder.due.promises import broken_promises
from builder.errors import BuilderError, HostError, InputError, InterruptedByUser
from builder.features.registry import installed
from builder.host.paths import cache_directory
from builder.plan.model import Plan, from_json, to_json
from builder.plan.of_profile import plan_of
from builder.publish.audit import look
from builder.publish.candidate.admission import Waivers
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.names import public_name
from builder.publish.cloud.unverified import warn_unverified
from builder.redaction import Secrets
from builder.store import manifest
from builder.store.build_directory import LATEST, manifests
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class EvidencePolicy:
    """What evidence a publication of the profile will ask for."""

    waivers: Waivers
    max_age: timedelta


def judge(
    profile: str, dist: Path, clouds: Iterable[str], policy: EvidencePolicy, progress: Progress
) -> Judgement:
    """Compare a profile's latest build below ``dist`` with all that a build today would be.

    Nothing is built, and nothing changed but the cache. What cannot be found out is part of the
    judgement. Raises ``InputError`` for a wrong profile or a cloud that is not configured, and as a
    build would for its addresses; ``HostError`` where nobody may look whether there is a build.
    """
    glances = [Glance(cloud, say=progress.line) for cloud in dict.fromkeys(clouds)]
    for glance in glances:
        warn_unverified(glance, progress)
    plan = plan_of(profile)
    hidden = secrets(plan, os.environ)
    build = _latest(plan.profile, dist)
    if isinstance(build, Judgement):
        return build
    reasons, unknown = _collected(_questions(plan, build, dist, glances, policy, hidden, progress))
    for left in unknown:
        hidden.redact_error(left.error)
    return Judgement(
        plan.profile, build.build, tuple(_redacted(reason, hidden) for reason in reasons), unknown
    )


def _latest(profile: str, dist: Path) -> Manifest | Judgement:
    """The latest build; or the judgement, where there is none that can be read."""
    latest = dist / profile / LATEST
    try:
        return manifest.read(latest)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            never = Reason(Kind.BUILD, profile, "never built", "a first build", must=True)
            return Judgement(profile, "", (never,))
        if isinstance(error.__cause__, OSError):
            raise HostError(
                f"Whether {profile} was ever built is unknown: {latest} cannot be read.",
                details=[error.__cause__.strerror or error.message],
                hint="Run it as somebody who may read the builds, or name others with --output.",
            ) from error
        why = " ".join([error.message, *error.details])
        unread = Reason(Kind.BUILD, profile, "unreadable", "a new build", why, must=True)
        return Judgement(profile, latest.resolve().name, (unread,))


Question = tuple[str, Callable[[], Iterable[Reason]]]
"""What is asked for, and who answers."""


def _collected(questions: Iterable[Question]) -> tuple[list[Reason], tuple[Unknown, ...]]:
    """Every answer that there is, also where another is not to be had."""
    reasons: list[Reason] = []
    unknown = []
    for subject, answer in questions:
        try:
            reasons += answer()
        except (InputError, InterruptedByUser):
            raise
        except BuilderError as error:
            unknown.append(Unknown(subject, error))
    return reasons, tuple(unknown)


def _questions(
    plan: Plan,
    build: Manifest,
    dist: Path,
    clouds: Sequence[Glance],
    policy: EvidencePolicy,
    hidden: Secrets,
    progress: Progress,
) -> Iterator[Question]:
    now = datetime.now(UTC)
    shown = from_json(hidden.redact_json(to_json(plan)))
    builds = [found for _, found in manifests(dist, plan.profile)] if clouds else []
    parts = ingredients(plan, *elements_paths(plan, installed()))

    def packages() -> Iterable[Reason]:
        progress.phase("asking the archive")
        found = updates(
            plan,
            build.packages,
            mirrors(plan, os.environ),
            cache=cache_directory(),
            caller=os.environ,
        )
        return package_reasons(found, plan.publish, now=now)

    def of_time() -> Iterable[Reason]:
        require_past(build, now)
        yield from evidence_reasons(build, policy.waivers, now=now, max_age=policy.max_age)
        if not clouds:
            yield from broken_promises(plan.publish, build.created, build.build, now=now)

    def of_cloud(glance: Glance) -> Iterable[Reason]:
        progress.phase(f"{glance}: comparing")
        name = public_name(plan, plan.publish)
        seen = look(
            glance, builds, lambda image: image.profile == plan.profile or image.name == name
        )
        return cloud_reasons(seen, name, plan, build)

    yield "packages", packages
    yield "inputs", lambda: input_reasons(build, plan, shown, parts)
    yield "dates", of_time
    for glance in clouds:
        yield f"cloud {glance.cloud}", partial(of_cloud, glance)


def _redacted(reason: Reason, hidden: Secrets) -> Reason:
    return replace(
        reason,
        subject=hidden.redact(reason.subject),
        old=hidden.redact(reason.old),
        new=hidden.redact(reason.new),
        note=hidden.redact(reason.note),
    )
