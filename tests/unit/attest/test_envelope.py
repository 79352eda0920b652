"""Bundles of envelopes, from anybody: read back as they were written, and never an exception."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope
from securesystemslib.signer import Signature

from builder.attest.envelope import PAYLOAD_TYPE, parse, to_text
from builder.attest.statement import read
from builder.attest.trusted import trusted, unchecked

KEY = "ab" * 32
ENVELOPES = st.builds(
    lambda payload, kind, sig: Envelope(payload, kind, {KEY: Signature(KEY, sig.hex())}),
    st.binary(max_size=60),
    st.just(PAYLOAD_TYPE) | st.text(st.characters(codec="utf-8"), max_size=12),
    st.binary(min_size=1, max_size=64),
)


def envelope(**changed: Any) -> dict[str, Any]:
    return {
        "payload": base64.b64encode(b"{}").decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": KEY, "sig": "AAAA"}],
        **changed,
    }


@given(st.lists(ENVELOPES, max_size=4))
def test_what_is_written_is_read_back(envelopes: list[Envelope]) -> None:
    found = parse(to_text(envelopes).encode())
    assert [each for _, each in found.envelopes] == envelopes
    assert [number for number, _ in found.envelopes] == [*range(1, len(envelopes) + 1)]
    assert found.problems == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SHAPES = st.fixed_dictionaries(
    {},
    optional={
        "payload": JSON | st.just("e30="),
        "payloadType": JSON | st.just(PAYLOAD_TYPE),
        "signatures": JSON
        | st.lists(
            st.fixed_dictionaries({}, optional={"keyid": JSON | st.just(KEY), "sig": JSON}),
            max_size=3,
        ),
    },
)


@given(st.binary(max_size=200) | st.lists(SHAPES.map(json.dumps)).map("\n".join).map(str.encode))
def test_no_bundle_whatsoever_is_an_exception(content: bytes) -> None:
    found = parse(content)
    assert len(found.envelopes) + len(found.problems) <= content.count(b"\n") + 1
    trusted(found, [])
    unchecked(found)


@given(JSON)
def test_no_payload_whatsoever_is_another_exception(payload: Any) -> None:
    unsigned = Envelope(json.dumps(payload).encode(), PAYLOAD_TYPE, {})
    try:
        read(unsigned)
    except ValueError:
        return
    assert payload["_type"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "line 1 is not an envelope: Invalid JSON"),
        (b"[]", "line 1 is not an envelope: Input should be an object"),
        (b"[" * 100_000, "line 1 is not an envelope: Invalid JSON"),
        (json.dumps(envelope(payload="%")).encode(), "line 1 is not an envelope: "),
        (json.dumps(envelope(payload=7)).encode(), "payload: Input should be a valid string"),
        (json.dumps(envelope(signatures=[])).encode(), "signatures: List should have at least 1"),
        (
            json.dumps(envelope(signatures=[{"keyid": KEY, "sig": "AA=="}] * 2)).encode(),
            "Multiple signatures found for keyid",
        ),
        (
            json.dumps(envelope(signatures=[{"keyid": "Z", "sig": "AA=="}])).encode(),
            "signatures.0.keyid: String should match",
        ),
    ],
)
def test_a_line_that_is_no_envelope_is_told(line: bytes, told: str) -> None:
    found = parse(line)
    assert found.envelopes == ()
    assert told in found.problems[0]


def test_what_is_not_a_statement_is_told() -> None:
    found = parse(
        b"\n".join(
            json.dumps(each).encode() for each in (envelope(), envelope(payloadType="text/plain"))
        )
    )
    assert [problem.partition(":")[0] for problem in unchecked(found).problems] == [
        "line 1 has no statement", "line 2 has no statement",
    ]  # fmt: skip
