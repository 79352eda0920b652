"""What Debian's tracker tells of a release, for a version."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_sources import OPENSSL, VIM

from builder.distribution import DISTRIBUTIONS
from builder.security.debian_tracker import findings, known_of, newest_year, parsed, release_of
from builder.security.finding import Finding
from builder.security.inventory import Source


def found(source: Source, **release: Any) -> list[Finding]:
    data = {"CVE-2026-1": {"description": "a hole", "releases": {"bookworm": release}}}
    return [*findings(parsed(data), "bookworm", [source])]


def test_a_version_before_the_repair_has_the_vulnerability() -> None:
    (finding,) = found(OPENSSL, status="resolved", fixed_version="3.0.11-1+deb12u1")
    assert (finding.name, finding.fixed) == ("CVE-2026-1", "3.0.11-1+deb12u1")
    assert finding.told == "3.0.11-1, fixed in 3.0.11-1+deb12u1"


@pytest.mark.parametrize("fixed", ["3.0.11-1", "3.0.2-1", "3.0.11-1~deb12u1", "0"])
def test_a_repaired_version_and_one_that_never_had_it_have_none(fixed: str) -> None:
    assert found(OPENSSL, status="resolved", fixed_version=fixed) == []


def test_an_epoch_orders_versions() -> None:
    assert found(VIM, status="resolved", fixed_version="10.0-1") == []
    assert found(VIM, status="resolved", fixed_version="3:0.1-1") != []
    assert found(OPENSSL, status="resolved", fixed_version="1:0.1") != []


def test_releases_are_told_of_by_their_code_names() -> None:
    names = {name: release_of(DISTRIBUTIONS[name]) for name in ("debian-12", "debian-sid")}
    assert names == {"debian-12": "bookworm", "debian-sid": "sid"}


def test_an_open_vulnerability_has_no_repair() -> None:
    (finding,) = found(OPENSSL, status="open", urgency="low", nodsa="Minor", nodsa_reason="")
    assert finding.told == "3.0.11-1, no fix, minor issue"
    (finding,) = found(OPENSSL, status="open", nodsa="Later", nodsa_reason="postponed")
    assert finding.note == "postponed"


def test_what_is_undetermined_counts() -> None:
    (finding,) = found(OPENSSL, status="undetermined")
    assert (finding.note, finding.negligible) == ("undetermined", False)


def test_what_debian_calls_unimportant_is_negligible() -> None:
    (finding,) = found(OPENSSL, status="open", urgency="unimportant")
    assert (finding.note, finding.negligible) == ("unimportant", True)


def test_a_version_that_nothing_orders_is_not_taken_for_repaired() -> None:
    assert found(OPENSSL, status="resolved", fixed_version="nonsense") != []


def test_other_releases_do_not_count() -> None:
    data = {"CVE-2026-1": {"releases": {"trixie": {"status": "open"}}}}
    assert [*findings(parsed(data), "bookworm", [OPENSSL])] == []
    assert known_of(parsed(data), "bookworm") == 0
    assert known_of(parsed(data), "trixie") == 1


def test_the_newest_year_is_that_of_a_cve() -> None:
    assert newest_year(["CVE-1999-1", "CVE-2025-12345", "TEMP-2030-1", "DSA-9999-1"]) == 2025
    assert newest_year(["TEMP-1"]) == 0


@pytest.mark.parametrize(
    "data", [[], "text", {"CVE-2026-1": []}, {"CVE-2026-1": {"releases": {"bookworm": {}}}}]
)
def test_what_is_no_source_of_the_tracker_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parsed(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("releases"), inner),
)


@given(JSON)
def test_any_json_is_parsed_or_refused(data: object) -> None:
    try:
        vulnerabilities = parsed(data)
    except ValueError:
        return
    assert isinstance([*findings(vulnerabilities, "bookworm", [OPENSSL])], list)
