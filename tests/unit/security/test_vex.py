"""Exceptions as VEX: both formats, and what is no exception."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vex_files import cyclonedx, open_vex

from builder.errors import InputError
from builder.security import vex
from builder.security.vex import Statement, parsed, read

END = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def statement(document: dict[str, Any]) -> Statement:
    (said,) = parsed(json.dumps(document).encode())
    return said


def refused(document: object) -> str:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is judged by the caller
        list(parsed(json.dumps(document).encode()))
    return str(error.value)


@pytest.mark.parametrize("document", [open_vex(), cyclonedx()])
def test_an_exception_says_what_it_excepts_and_until_when(document: dict[str, Any]) -> None:
    said = statement(document)
    assert said.names == {"CVE-2026-100"}
    assert (said.status, said.expires) == ("not_affected", END)
    ((purl,),) = (product.packages for product in said.products)
    assert (purl.type, purl.name) == ("deb", "openssl")
    assert said.reason


def test_the_end_may_be_a_moment() -> None:
    said = statement(open_vex(status_notes="Looked at it. Expires: 2026-12-01T12:00:00Z"))
    assert said.expires == datetime(2026, 12, 1, 12, tzinfo=UTC)
    said = statement(cyclonedx(expires="2026-12-01T12:00:00+00:00"))
    assert said.expires == datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", ["not_affected", "fixed"])
def test_an_exception_without_an_end_is_refused_and_named(status: str) -> None:
    told = refused(open_vex(status=status, status_notes="for ever"))
    assert told.startswith(f"statements[0] (CVE-2026-100): an exception ({status}) that does not")


@pytest.mark.parametrize("state", ["not_affected", "false_positive", "resolved"])
def test_an_exception_of_cyclonedx_without_an_end_is_refused_too(state: str) -> None:
    assert "vulnerabilities[0] (CVE-2026-100)" in refused(cyclonedx(state=state, expires=None))


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-12-01T12:00:00", ""])
def test_an_end_that_is_no_date_is_refused(text: str) -> None:
    assert "neither YYYY-MM-DD nor a time" in refused(open_vex(status_notes=f"expires {text}"))
    assert "neither YYYY-MM-DD nor a time" in refused(cyclonedx(expires=text))


@pytest.mark.parametrize("status", ["affected", "under_investigation"])
def test_what_is_no_exception_needs_no_end(status: str) -> None:
    assert statement(open_vex(status=status, status_notes="")).expires is None
    assert statement(open_vex(status=status)).expires == END


def test_products_are_packages_images_and_parts_of_images() -> None:
    product = {"@id": "https://example.org/base", "hashes": {"sha-256": "a" * 64}}
    part = {"@id": "pkg:deb/debian/vim"}
    (whole,) = statement(open_vex(products=[product])).products
    assert (whole.packages, whole.sha256) == ((), "a" * 64)
    (inner,) = statement(open_vex(products=[{**product, "subcomponents": [part]}])).products
    assert ([purl.name for purl in inner.packages], inner.sha256) == (["vim"], "a" * 64)
    named = {"@id": "https://example.org/other", "subcomponents": [part]}
    (other,) = statement(open_vex(products=[named])).products
    assert other.sha256 not in {"", "a" * 64}
    identified = {"identifiers": {"purl": "pkg:deb/debian/vim"}}
    (identified,) = statement(open_vex(products=[identified])).products
    assert [purl.name for purl in identified.packages] == ["vim"]


def test_a_reference_into_another_bom_names_its_component() -> None:
    ref = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Adeb%2Fdebian%2Fvim%402%253A9"
    ((purl,),) = (product.packages for product in statement(cyclonedx(ref=ref)).products)
    assert (purl.name, purl.version) == ("vim", "2:9")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "should be an object"),
        ({}, "neither OpenVEX nor CycloneDX"),
        ({"bomFormat": "CycloneDX", "components": []}, "neither OpenVEX nor CycloneDX"),
        ({"@context": "https://openvex.dev/ns/v0.2.0"}, "statements"),
        (open_vex(products=[{"@id": "pkg:nonsense"}]), "is not a package URL"),
        (open_vex(timestamp="yesterday"), "timestamp"),
    ],
)
def test_what_is_no_vex_is_refused(document: object, reason: str) -> None:
    assert reason in refused(document)


@pytest.mark.parametrize("content", [b"", b"{", b"<html>", b"[" * 100_000])
def test_a_file_that_is_none_is_refused(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "exceptions.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="has no exceptions that count"):
        read(path)
    path.write_text(json.dumps(open_vex()))
    assert len(read(path)) == 1
    monkeypatch.setattr(vex, "SIZE_LIMIT", 10)
    with pytest.raises(InputError):
        read(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.text(), st.sampled_from(["products", "status_notes", "vulnerability", "status"]))
def test_any_json_is_parsed_or_refused(value: object, note: str, key: str) -> None:
    for document in (value, open_vex(**{key: value}), open_vex(status_notes=note)):
        try:
            said = list(parsed(json.dumps(document).encode()))
        except ValueError:
            continue
        assert all(each.expires or each.status not in {"fixed", "not_affected"} for each in said)
