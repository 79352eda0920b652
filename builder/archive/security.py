"""Asks a distribution's archive of security updates what an image lacks."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.archive.apt_root import apt_root
from builder.archive.dates import dates, file_of
from builder.archive.indexes import verified_indexes
from builder.archive.installed import bare_name, paragraphs
from builder.archive.lag import Missing, missing, newest, unknown_packages
from builder.archive.sources import COMPONENTS, sources_of
from builder.build.dib_environment import archive_addresses
from builder.distribution import DISTRIBUTIONS
from builder.errors import BuilderError, HostError
from builder.plan.model import Plan
from builder.redaction import LOGIN, SECRET, Secrets
from builder.store.manifest import Manifest

DATES_LIMIT = 60.0
"""Seconds for the dates of updates: what is not known by then may keep an image back."""


@dataclass(frozen=True)
class Lag:
    """How far an image is behind its distribution's archive of security updates."""

    updates: tuple[Missing, ...]
    unknown: tuple[str, ...] = ()
    """What could not be asked for, a sentence each."""


def security_lag(build: Manifest, *, cache: Path) -> Lag:
    """The security updates that a build lacks now, by signed indexes of this moment.

    Raises ``HostError`` where that is not known, ``InputError`` for addresses that nobody can ask.
    Mirrors are those of the build, of the environment or of this host. What is secret in an address
    stands in no error.
    """
    addresses = _addresses(build, os.environ)
    hidden = Secrets(addresses.values())
    try:
        return _asked(build, addresses, cache)
    except BuilderError as error:
        hidden.redact_error(error)
        raise


def _asked(build: Manifest, addresses: Mapping[str, str], cache: Path) -> Lag:
    plan = build.planned()
    # Keys and names of suites are this program's own: a build may come from elsewhere.
    distribution = DISTRIBUTIONS.get(plan.distribution.name)
    if distribution is None:
        raise HostError(
            f"Which security updates build {build.build} lacks is unknown: nobody here knows the"
            f" archive of {plan.distribution.name}.",
            hint=f"Known are: {', '.join(DISTRIBUTIONS)}.",
        )
    sources = sources_of(distribution, addresses, _components(plan))
    if not build.packages:
        raise HostError(
            f"Which security updates build {build.build} lacks is unknown: its manifest has no list"
            " of packages.",
            hint="Build the image again, or adopt it again where it was built elsewhere.",
        )
    with apt_root(cache, distribution, sources, os.environ) as root:
        root.update()
        names = {bare_name(package) for package in build.packages}
        listed = [
            (source, text)
            for source, data in verified_indexes(root).items()
            if source.is_security
            for text in paragraphs(data, names)
        ]
        fixed = newest(text for _, text in listed)
        lacking = {(update.package, update.fixed) for update in missing(build.packages, fixed, {})}
        files = dict(file_of(source, text) for source, text in listed)
        wanted = {version: file for version, file in files.items() if version in lacking}
        since = dates(root, wanted, limit=DATES_LIMIT)
    return Lag(
        tuple(missing(build.packages, fixed, since)),
        tuple(unknown_packages(build.packages, sources[0].architecture)),
    )


def _components(plan: Plan) -> dict[str, str]:
    """Those of the build's sources, where it names any; nothing else gets into apt's sources."""
    named = plan.environment.get(COMPONENTS, "")
    return {COMPONENTS: named} if re.fullmatch(r"[a-z0-9-]+(,[a-z0-9-]+)*", named) else {}


def _addresses(build: Manifest, caller: Mapping[str, str]) -> dict[str, str]:
    """Mirrors and proxies; without those of which a manifest does not tell all."""
    plan = build.planned()
    whole = {
        name: value
        for name, value in plan.environment.items()
        if LOGIN not in value and SECRET not in value
    }
    return archive_addresses(plan.distribution, whole, caller)
