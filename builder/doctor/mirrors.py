"""Whether the mirrors answer that a build would use, through the proxies that it would use."""

import http.client
import time
import urllib.error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from builder.build.dib_environment import mirrors, proxies, secrets, unnamed_mirrors
from builder.distribution import Distribution
from builder.doctor.ask import Question, ask_in_parallel
from builder.doctor.finding import Finding, good, lacking, warning
from builder.host.web import open_address, proxy_for
from builder.plan.model import Plan
from builder.redaction import Secrets

ANSWER_LIMIT = 4.0
"""Seconds without a word from a mirror."""
_ALL_LIMIT = 5.0
"""Seconds for all mirrors: names with several addresses are tried one after another."""
_OTHER = (
    "Check the network, or name another mirror: 'mirrors' in the profile, or {variable}. A proxy is"
    " named by http_proxy, https_proxy and no_proxy."
)


@dataclass(frozen=True)
class Mirror:
    """A mirror of one kind."""

    kind: str
    variable: str
    address: str
    index: str
    """What is asked for: what a build fetches first."""


def reached(plan: Plan, caller: Mapping[str, str]) -> Iterator[Finding]:
    """Ask each mirror of a build. Raises ``InputError`` for addresses that a build would refuse."""
    addresses, hidden = mirrors(plan, caller), secrets(plan, caller)
    given = proxies(plan, caller)
    own = plan.distribution
    yield from ask_in_parallel(
        [
            Question(f"mirror: {mirror.kind}", partial(_ask, mirror, given, hidden))
            for mirror in mirrors_of(own, addresses)
        ],
        _ALL_LIMIT,
    )
    for note in unnamed_mirrors(own, addresses):
        yield warning("mirror", note, "Name it, so that it can be asked before the night.")


def mirrors_of(distribution: Distribution, addresses: Mapping[str, str]) -> Iterator[Mirror]:
    """The mirrors that somebody names, by their variables."""
    for kind, variable in distribution.mirrors.items():
        if variable in addresses:
            address = addresses[variable].rstrip("/")
            index = address
            if distribution.package_format == "deb":
                suffix = "-security" if kind == "security" else ""
                index = f"{address}/dists/{distribution.release}{suffix}/InRelease"
            yield Mirror(kind, variable, address, index)


def _ask(mirror: Mirror, given: Mapping[str, str], hidden: Secrets) -> Iterator[Finding]:
    subject = f"mirror: {mirror.kind}"
    proxy = proxy_for(mirror.index, given)
    through = f", through the proxy {hidden.redact(proxy)}" if proxy else ""
    facts: dict[str, object] = {"address": hidden.redact(mirror.address)}
    told = f"{hidden.redact(mirror.address)}{through}"
    remedy = _OTHER.format(variable=mirror.variable)
    start = time.monotonic()
    try:
        with open_address(mirror.index, given, timeout=ANSWER_LIMIT) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        error.close()
        what = hidden.redact(mirror.index)
        seen = f"{told}: the answer to {what} is {error.code} {error.reason}."
        yield lacking(subject, seen, f"It may lack this release. {remedy}", **facts)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        words = hidden.redact(str(reason)) or type(reason).__name__
        yield lacking(subject, f"{told} cannot be reached: {words}.", remedy, **facts)
    else:
        seconds = round(time.monotonic() - start, 3)
        yield good(subject, f"{told} answers in {seconds:.1f} s.", seconds=seconds, **facts)
