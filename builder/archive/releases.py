"""Which indexes an archive has now, by its signed releases: some small files, asked at once."""

import http.client
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from builder.archive.sources import sources_of
from builder.build.dib_environment import mirrors, proxies
from builder.build.verified_packages import told_releases
from builder.errors import BuilderError
from builder.host.web import open_address
from builder.plan.model import Plan

LIMIT = 10.0
"""Seconds for each part of an answer."""

SIZE = 16 << 20
"""Bytes; that of a release has 150 KB."""


def releases_now(plan: Plan, caller: Mapping[str, str]) -> str:
    """The releases that a build of the plan would find, told as ``told_releases`` does.

    Empty where they cannot be asked: then nothing that was kept can be known to fit.
    """
    try:
        given = proxies(plan, caller)
        sources = sources_of(
            plan.distribution, mirrors(plan, caller), plan.environment, plan.snapshot
        )
        addresses = [f"{each.mirror}/dists/{each.suite}/InRelease" for each in sources]
        with ThreadPoolExecutor(max_workers=len(addresses)) as pool:
            return told_releases(pool.map(lambda address: _read(address, given), addresses))
    except (BuilderError, OSError, http.client.HTTPException, ValueError):
        return ""


def _read(address: str, given: Mapping[str, str]) -> bytes:
    with open_address(address, given, timeout=LIMIT) as answer:
        return answer.read(SIZE)
