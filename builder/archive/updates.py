"""Asks the archive of a distribution what it has for an image, by the resolver of its packages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.archive.apt_updates import apt_updates
from builder.archive.rpm.archive import rpm_updates
from builder.archive.update import Update
from builder.plan.model import Plan
from builder.store.sections import Package


def updates(
    plan: Plan,
    packages: Sequence[Package],
    mirrors: Mapping[str, str],
    *,
    cache: Path,
    caller: Mapping[str, str],
) -> tuple[Update, ...]:
    """What a new image would have otherwise, by the archive of this moment.

    ``mirrors`` are addresses by diskimage-builder's variables, ``caller`` the environment with the
    proxies. Raises ``HostError`` where that is not known: never is an old index taken for new.
    """
    if plan.distribution.package_format == "rpm":
        return rpm_updates(plan, packages, mirrors, cache=cache)
    return apt_updates(plan, packages, mirrors, cache=cache, caller=caller)
