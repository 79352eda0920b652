"""What a child that inspects a disk may say, and what no honest one says."""

import io

import pytest
from pydantic import TypeAdapter
from samples import evidence

from builder.host.confined import ChildEnded
from builder.proof.checks import Check
from builder.proof.inspection import _Reading
from builder.terminal.progress import Progress


def test_evidence_of_another_check_is_not_taken() -> None:
    chosen = [Check("a/b", "inspection", "it is so", lambda _: "")]
    reading = _Reading(TypeAdapter(str), lambda _: chosen, Progress(io.StringIO()))
    reading.take('"facts"')
    reading.take("it is so")
    with pytest.raises(ChildEnded, match="it answered for another check"):
        reading.take(evidence("a/c").model_dump_json())
    reading.take(evidence("a/b").model_dump_json())
    assert [result.check for result in reading.evidence] == ["a/b"]
