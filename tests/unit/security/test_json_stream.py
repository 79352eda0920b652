"""JSON of any size and any kind, in little memory."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.security import json_stream
from builder.security.json_stream import DEPTH_LIMIT, items, members, whole

Reader = Callable[[io.BytesIO], Any]


def listed_items(file: io.BytesIO) -> list[Any]:
    return list(items(file))


def listed_members(file: io.BytesIO) -> list[Any]:
    return list(members(file))


READERS = pytest.mark.parametrize("read", [listed_items, listed_members, whole])
TEXTS = st.text(st.sampled_from('ab"\\[]{}é\n'))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, VALUES), st.lists(VALUES), st.integers(1, 70))
def test_parts_are_what_was_written(
    mapping: dict[str, Any], listing: list[Any], block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "BLOCK", block)
        assert dict(members(io.BytesIO(json.dumps(mapping).encode()))) == mapping
        assert list(items(io.BytesIO(json.dumps(listing).encode()))) == listing
        assert whole(io.BytesIO(json.dumps(mapping).encode())) == mapping


@READERS
@given(data=st.binary())
def test_whatever_it_is_only_a_value_error_comes_of_it(read: Reader, data: bytes) -> None:
    with contextlib.suppress(ValueError):
        read(io.BytesIO(data))


@READERS
@pytest.mark.parametrize("data", [b"", b" ", b'{"a": ', b"[1, 2", b'{"a": "b'])
def test_a_truncated_file_is_told_as_such(read: Reader, data: bytes) -> None:
    with pytest.raises(ValueError, match="truncated"):
        read(io.BytesIO(data))


@READERS
@pytest.mark.parametrize("data", [b"<html>", b"{} {}", b"[1,]", b'["\xff"]', b"[1e999]"])
def test_what_is_no_json_is_told_as_such(read: Reader, data: bytes) -> None:
    with pytest.raises(ValueError, match="It is not JSON: "):
        read(io.BytesIO(data))


@READERS
@pytest.mark.parametrize("level", [b"[", b"[1,", b'{"a":', b'["]",', b'["\\"]",', b'["\\\\",'])
def test_deep_nesting_is_refused_before_it_costs_memory(read: Reader, level: bytes) -> None:
    with pytest.raises(ValueError, match="nested deeper than"):
        read(io.BytesIO(level * 100_000))


def test_what_is_nested_up_to_the_limit_is_read() -> None:
    deep = b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT
    assert str(whole(io.BytesIO(deep))).encode() == deep


@pytest.mark.parametrize("block", [1, 7, 64])
def test_brackets_in_texts_are_no_nesting(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "BLOCK", block)
    texts = ["[" * 100, '"' + "{" * 100, "\\" + "[" * 100, "\\\\" + "[" * 100]
    assert list(items(io.BytesIO(json.dumps(texts).encode()))) == texts


@READERS
def test_a_part_that_is_too_large_is_refused(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "PART_LIMIT", 1000)
    monkeypatch.setattr(json_stream, "BLOCK", 100)
    large = b"x" * 2000
    for data in (b'{"a": "' + large + b'"}', b'["' + large + b'"]'):
        with pytest.raises(ValueError, match="A part of it has more than"):
            read(io.BytesIO(data))


def test_many_small_parts_are_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "PART_LIMIT", 1000)
    monkeypatch.setattr(json_stream, "BLOCK", 100)
    many = {f"key-{number}": "x" * 50 for number in range(200)}
    assert dict(members(io.BytesIO(json.dumps(many).encode()))) == many
    assert len(list(items(io.BytesIO(json.dumps([*many.values()]).encode())))) == len(many)


READS = """\
import json, sys
from pathlib import Path
from builder.host.confined import limit_memory
from builder.security.json_stream import members
readers = {
    "parts": lambda file: sum(1 for _ in members(file)),
    "whole": lambda file: len(json.load(file)),
}
with Path(sys.argv[2]).open("rb") as file:
    limit_memory(24 << 20)
    print(readers[sys.argv[1]](file))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 48 MiB in parts of 64 KiB."""
    path = tmp_path_factory.mktemp("large") / "tracker.json"
    part = '"%d": {"CVE-2026-1": {"description": "' + "x" * (64 << 10) + '"}}'
    with path.open("w") as file:
        file.write("{")
        for number in range(768):
            file.write(("," if number else "") + part % number)
        file.write("}")
    return path


@pytest.mark.parametrize(("way", "said"), [("parts", "768"), ("whole", "MemoryError")])
def test_a_file_larger_than_memory_is_read_in_parts(large: Path, way: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READS, way, large], capture_output=True, text=True, check=False
    )
    assert said in done.stdout + done.stderr
