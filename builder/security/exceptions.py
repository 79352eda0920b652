"""Which known vulnerabilities are excepted by VEX statements, and by which no longer. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from packageurl import PackageURL

from builder.compare.versions import order
from builder.security.finding import Finding
from builder.security.inventory import Inventory
from builder.security.vex import Product, Statement


@dataclass(frozen=True)
class Excepted:
    """A vulnerability, and the statement that excepts it, or has done so."""

    finding: Finding
    statement: Statement


@dataclass(frozen=True)
class Judged:
    """Vulnerabilities by whether they count."""

    counting: tuple[Finding, ...]
    """Those without an exception that counts, those with an expired one among them."""
    excepted: tuple[Excepted, ...]
    expired: tuple[Excepted, ...]


def sort(
    findings: Iterable[Finding],
    statements: Sequence[Statement],
    image: Inventory,
    *,
    now: datetime,
) -> Judged:
    """What counts of the findings now.

    Of several statements about one vulnerability in one package the latest counts, as OpenVEX says.
    An advisory is excepted where all that it is about is.
    """
    counting, excepted, expired = [], [], []
    for finding in findings:
        decisive = _decisive(finding, statements, image)
        ends = [said.expires for said in decisive if said.expires is not None]
        if not decisive or len(ends) < len(decisive):
            counting.append(finding)
        elif min(ends) < now:
            counting.append(finding)
            ended = next(said for said in decisive if said.expires == min(ends))
            expired.append(Excepted(finding, ended))
        else:
            excepted.append(Excepted(finding, decisive[0]))
    return Judged(tuple(counting), tuple(excepted), tuple(expired))


def _decisive(
    finding: Finding, statements: Sequence[Statement], image: Inventory
) -> list[Statement]:
    """The statement about the finding; of an advisory those about all that it covers."""
    about = [said for said in statements if _is_about(said, finding, image)]
    own = _latest(about, finding.name)
    if own is not None:
        return [own]
    parts = [_latest(about, name) for name in sorted(finding.covers)]
    found = [said for said in parts if said is not None]
    return found if len(found) == len(parts) else []


def _latest(statements: Iterable[Statement], name: str) -> Statement | None:
    """In one moment the last one of the file."""
    named = [said for said in statements if name in said.names]
    return max(reversed(named), key=lambda said: said.at, default=None)


def _is_about(said: Statement, finding: Finding, image: Inventory) -> bool:
    return any(_has(product, finding, image) for product in said.products)


def _has(product: Product, finding: Finding, image: Inventory) -> bool:
    if product.sha256 and product.sha256 != image.sha256:
        return False
    if not product.packages:
        return bool(product.sha256)
    return any(_is(purl, finding, image) for purl in product.packages)


def _is(purl: PackageURL, finding: Finding, image: Inventory) -> bool:
    """Whether a package URL means the source of a vulnerability, or a package built from it."""
    source, distribution = finding.source, image.distribution
    kind = distribution.package_format
    if purl.type != kind or (purl.namespace or "") not in {"", distribution.os_distro}:
        return False
    epoch = purl.qualifiers.get("epoch", "") if kind == "rpm" else ""
    meant = f"{epoch}:{purl.version}" if epoch else purl.version
    versions = {(source.name, source.version), *source.packages}
    return any(
        purl.name == name and (not purl.version or order(str(meant), version, kind) == 0)
        for name, version in versions
    )
