"""OSV entries about packages of dpkg's systems."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_sources import image

from builder.security.finding import Finding, merged
from builder.security.osv import findings, is_about, parsed


def entry(*events: dict[str, str], name: str = "openssl", **more: Any) -> dict[str, Any]:
    affected = {
        "package": {"ecosystem": "Debian:12", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {
        "id": "DEBIAN-CVE-2026-1",
        "modified": "2026-11-01T00:00:00Z",
        "affected": [affected],
        **more,
    }


def found(*events: dict[str, str], **more: Any) -> list[Finding]:
    return [*findings(parsed(entry(*events, **more)), image())]


FROM_0 = {"introduced": "0"}


def test_a_version_before_the_repair_is_affected_by_the_cve() -> None:
    (finding,) = found(FROM_0, {"fixed": "3.0.11-1+deb12u1"})
    assert (finding.name, finding.fixed) == ("CVE-2026-1", "3.0.11-1+deb12u1")
    assert finding.covers == frozenset()


@pytest.mark.parametrize(
    "events",
    [
        (FROM_0, {"fixed": "3.0.11-1"}),
        (FROM_0, {"fixed": "3.0.2"}),
        ({"introduced": "3.0.12"},),
        (FROM_0, {"last_affected": "3.0.10"}),
        (FROM_0, {"fixed": "1"}, {"introduced": "3.0.12"}, {"fixed": "3.0.14"}),
    ],
)
def test_other_versions_are_not(events: tuple[dict[str, str], ...]) -> None:
    assert found(*events) == []


@pytest.mark.parametrize(
    ("events", "fixed"),
    [
        ((FROM_0,), ""),
        (({"introduced": "3.0.11-1"},), ""),
        ((FROM_0, {"last_affected": "3.0.11-1"}), ""),
        ((FROM_0, {"fixed": "1"}, {"introduced": "3.0.2"}, {"fixed": "3.0.14"}), "3.0.14"),
        (({"fixed": "3.0.14"}, {"introduced": "3.0.2"}), "3.0.14"),
        ((FROM_0, {"fixed": "1:0.1"}), "1:0.1"),
        ((FROM_0, {"fixed": "nonsense"}), ""),
    ],
)
def test_ranges_are_evaluated_in_the_order_of_versions(
    events: tuple[dict[str, str], ...], fixed: str
) -> None:
    (finding,) = found(*events)
    assert finding.fixed == fixed


def test_a_version_that_is_listed_is_affected() -> None:
    data = entry({"introduced": "9"})
    data["affected"][0]["versions"] = ["3.0.11-1"]
    assert len([*findings(parsed(data), image())]) == 1


@pytest.mark.parametrize("ecosystem", ["Debian:13", "Debian", "PyPI", "Ubuntu:24.04:LTS"])
def test_other_ecosystems_do_not_count(ecosystem: str) -> None:
    data = entry(FROM_0)
    data["affected"][0]["package"]["ecosystem"] = ecosystem
    assert [*findings(parsed(data), image())] == []
    assert not is_about(parsed(data), image().distribution)


def test_ubuntu_has_a_suffix_for_its_long_term_releases_and_pro_is_another_one() -> None:
    data = entry(FROM_0)
    for ecosystem, count in (("Ubuntu:24.04:LTS", 1), ("Ubuntu:Pro:24.04:LTS", 0)):
        data["affected"][0]["package"]["ecosystem"] = ecosystem
        assert len([*findings(parsed(data), image("ubuntu-24.04"))]) == count


def test_a_withdrawn_entry_is_of_no_vulnerability() -> None:
    assert found(FROM_0, withdrawn="2026-11-02T00:00:00Z") == []


def test_what_debian_calls_unimportant_is_negligible() -> None:
    data = entry(FROM_0)
    data["affected"][0]["ecosystem_specific"] = {"urgency": "unimportant"}
    (finding,) = findings(parsed(data), image())
    assert finding.negligible


def test_an_advisory_goes_where_all_that_it_is_about_is_told_by_itself() -> None:
    upstream = ["CVE-2026-1", "CVE-2026-2"]
    (advisory,) = found(FROM_0, id="DSA-5-1", upstream=upstream)
    assert advisory.covers == frozenset(upstream)
    (first,) = found(FROM_0)
    (second,) = found(FROM_0, id="DEBIAN-CVE-2026-2")
    assert merged([advisory, first]) == (first, advisory)
    assert merged([advisory, second, first, first]) == (first, second)


def test_an_advisory_may_name_its_cves_as_its_distribution_does() -> None:
    (notice,) = found(FROM_0, id="USN-5-1", upstream=["UBUNTU-CVE-2026-1", "UBUNTU-CVE-2026-2"])
    assert notice.covers == {"CVE-2026-1", "CVE-2026-2"}
    (advisory,) = found(FROM_0, id="DSA-5-1", upstream=["CVE-2026-1", "DEBIAN-CVE-2026-1"])
    assert advisory.covers == {"CVE-2026-1"}


def test_findings_are_sorted_by_number() -> None:
    names = ["CVE-2026-1000", "CVE-2026-999", "CVE-2025-2"]
    each = [finding for name in names for finding in found(FROM_0, id=f"DEBIAN-{name}")]
    assert [finding.name for finding in merged(each)] == names[::-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, JSON, st.lists(st.dictionaries(st.sampled_from(["introduced", "fixed"]), st.text())))
def test_any_json_is_parsed_or_refused(
    affected: object, versions: object, events: list[dict[str, str]]
) -> None:
    data = entry(*events)
    for damaged in (affected, {**data, "affected": affected}, data):
        data["affected"][0]["versions"] = versions
        try:
            vulnerability = parsed(damaged)
        except ValueError:
            continue
        assert isinstance([*findings(vulnerability, image())], list)
