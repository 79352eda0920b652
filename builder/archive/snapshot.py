"""The archive as it was at a moment: whether it is to be had, and what it says of itself."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from builder.archive.apt_answer import fields
from builder.archive.apt_root import AptRoot, apt_root
from builder.archive.release import made
from builder.archive.sources import Source, sources_of
from builder.build.dib_environment import mirrors, secrets
from builder.errors import BuilderError, InputError
from builder.plan.model import Plan
from builder.store.sections import Snapshot, SuiteRelease
from builder.words import day_of


def snapshot_of(plan: Plan, *, cache: Path, caller: Mapping[str, str]) -> Snapshot | None:
    """The snapshot that a plan is built from, by its signed release files; None for none.

    Raises ``HostError`` where the archive does not have that moment, or cannot be asked;
    ``InputError`` for a moment that has not come yet, and for addresses that nobody can ask.
    """
    if plan.snapshot is None:
        return None
    if plan.snapshot > datetime.now(UTC):
        raise InputError(
            f"There is no snapshot of {day_of(plan.snapshot)} yet.",
            hint="Name a moment that has passed. If this one has, set this machine's clock.",
        )
    hidden = secrets(plan, caller)
    sources = sources_of(plan.distribution, mirrors(plan, caller), plan.environment, plan.snapshot)
    try:
        with apt_root(cache, plan.distribution, sources, caller) as root:
            root.update()
            suites = {source.suite: _release(root, source) for source in sources}
    except BuilderError as error:
        hidden.redact_error(error)
        raise
    return Snapshot(at=plan.snapshot, suites=suites)


def _release(root: AptRoot, source: Source) -> SuiteRelease:
    text = root.release(source)
    date = made(fields(text))
    assert date is not None  # a snapshot's is judged by it
    return SuiteRelease(date=date, sha256=hashlib.sha256(text.encode()).hexdigest())
