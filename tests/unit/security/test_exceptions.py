"""Which known vulnerabilities count, with exceptions that hold, that ended, or are of others."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from image_sources import OPENSSL, VIM, image
from samples import OTHER_SHA256, SHA256
from vex_files import cyclonedx, open_vex

from builder.security.exceptions import Judged, sort
from builder.security.finding import Finding
from builder.security.inventory import Source
from builder.security.vex import Statement, parsed

CVE = Finding("CVE-2026-100", OPENSSL)
BEFORE = datetime(2026, 6, 1, tzinfo=UTC)
AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def statements(*documents: dict[str, Any]) -> list[Statement]:
    return [said for document in documents for said in parsed(json.dumps(document).encode())]


def judged(*documents: dict[str, Any], now: datetime = BEFORE, finding: Finding = CVE) -> Judged:
    return sort([finding], statements(*documents), image(), now=now)


@pytest.mark.parametrize("document", [open_vex(), cyclonedx()])
def test_an_exception_holds_until_its_end_and_then_no_longer(document: dict[str, Any]) -> None:
    held = judged(document)
    assert (held.counting, held.expired) == ((), ())
    assert held.excepted[0].finding == CVE
    ended = judged(document, now=AFTER)
    assert (ended.counting, ended.excepted) == ((CVE,), ())
    assert ended.expired[0].statement.names == {"CVE-2026-100"}
    last = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    assert judged(document, now=last).counting == ()


def about(product: dict[str, Any]) -> bool:
    return judged(open_vex(products=[product])).counting == ()


@pytest.mark.parametrize(
    ("purl", "excepted"),
    [
        ("pkg:deb/debian/openssl", True),
        ("pkg:deb/openssl", True),
        ("pkg:deb/debian/openssl@3.0.11-1?arch=source", True),
        ("pkg:deb/debian/libssl3@3.0.11-1", True),
        ("pkg:deb/debian/openssl@0:3.0.11-1", True),
        ("pkg:deb/debian/openssl@3.0.11-2", False),
        ("pkg:deb/debian/openssl@1:3.0.11-1", False),
        ("pkg:deb/debian/vim", False),
        ("pkg:deb/ubuntu/openssl", False),
        ("pkg:rpm/debian/openssl", False),
        ("pkg:pypi/openssl", False),
    ],
)
def test_a_product_is_the_source_or_a_package_of_it_in_that_version(
    purl: str,
    excepted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert about({"@id": purl}) is excepted


def test_a_product_is_this_image_or_a_part_of_it() -> None:
    parts = [{"@id": "pkg:deb/debian/openssl"}]
    others = [{"@id": "pkg:deb/debian/vim"}]
    assert about({"hashes": {"sha-256": SHA256}})
    assert about({"hashes": {"sha-256": SHA256}, "subcomponents": parts})
    assert not about({"hashes": {"sha-256": SHA256}, "subcomponents": others})
    assert not about({"hashes": {"sha-256": OTHER_SHA256}})
    assert not about({"hashes": {"sha-256": OTHER_SHA256}, "subcomponents": parts})
    assert not about({"@id": "https://example.org/other", "subcomponents": parts})
    assert not about({"@id": "https://example.org/other"})


def test_a_statement_without_products_is_about_nothing() -> None:
    assert judged(open_vex(products=[])).counting == (CVE,)


def test_exceptions_of_other_vulnerabilities_do_not_count() -> None:
    assert judged(open_vex(vulnerability={"name": "CVE-2026-1000"})).counting == (CVE,)
    other = {"name": "GHSA-1", "aliases": ["CVE-2026-100"]}
    assert judged(open_vex(vulnerability=other)).counting == ()


@pytest.mark.parametrize("status", ["affected", "under_investigation"])
def test_a_risk_is_accepted_by_a_statement_with_an_end_alone(status: str) -> None:
    assert judged(open_vex(status=status)).counting == ()
    assert judged(open_vex(status=status), now=AFTER).counting == (CVE,)
    assert judged(open_vex(status=status, status_notes="")).counting == (CVE,)


def test_the_latest_of_several_statements_counts() -> None:
    later = open_vex(status="affected", status_notes="", timestamp="2026-02-01T00:00:00Z")
    assert judged(open_vex(), later).counting == (CVE,)
    assert judged(later, open_vex()).counting == (CVE,)
    prolonged = open_vex(status_notes="expires 2027-06-30", timestamp="2026-03-01T00:00:00Z")
    assert judged(prolonged, open_vex(), later, now=AFTER).counting == ()
    same_moment = open_vex(status="affected", status_notes="")
    assert judged(open_vex(), same_moment).counting == (CVE,)
    assert judged(same_moment, open_vex()).counting == ()


def test_an_advisory_is_excepted_where_all_that_it_is_about_is() -> None:
    advisory = Finding("DSA-5-1", OPENSSL, covers=frozenset(("CVE-2026-100", "CVE-2026-101")))
    first = open_vex()
    second = open_vex(vulnerability={"name": "CVE-2026-101"}, status_notes="expires 2026-07-01")
    assert judged(first, finding=advisory).counting == (advisory,)
    assert judged(first, second, finding=advisory).counting == ()
    ended = judged(first, second, finding=advisory, now=BEFORE + timedelta(days=60))
    assert ended.counting == (advisory,)
    assert ended.expired[0].statement.names == {"CVE-2026-101"}
    assert judged(open_vex(vulnerability={"name": "DSA-5-1"}), finding=advisory).counting == ()


def test_a_version_with_an_epoch_is_compared_as_dpkg_does() -> None:
    finding = replace(CVE, source=Source("vim", VIM.version, VIM.packages))
    for version, counts in (("2%3A9.0.1378-2", False), ("9.0.1378-2", True)):
        products = [{"@id": f"pkg:deb/debian/vim@{version}"}]
        assert bool(judged(open_vex(products=products), finding=finding).counting) is counts


@pytest.mark.parametrize(
    ("purl", "holds"),
    [
        ("pkg:rpm/openssl", True),
        ("pkg:rpm/rocky/openssl-libs", True),
        ("pkg:rpm/rocky/openssl@3.5.1-4.el9_7?epoch=1", True),
        ("pkg:rpm/rocky/openssl@3.5.1-4.el9_7?epoch=2", False),
        ("pkg:rpm/rocky/openssl@3.5.1-4.el9_7", False),
        ("pkg:rpm/opensuse/openssl", False),
        ("pkg:deb/openssl", False),
    ],
)
def test_the_epoch_of_an_rpm_is_a_qualifier(purl: str, holds: bool) -> None:  # noqa: FBT001
    version = "1:3.5.1-4.el9_7"
    finding = replace(CVE, source=Source("openssl", version, (("openssl-libs", version),)))
    document = open_vex(products=[{"@id": purl}])
    found = sort([finding], statements(document), image("rocky-9"), now=BEFORE)
    assert (found.counting == ()) is holds
