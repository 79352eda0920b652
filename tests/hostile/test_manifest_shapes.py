"""Manifests from elsewhere: whatever is in them, they are read or refused."""

import copy
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import complete, manifest, plan

from builder.cli import program
from builder.features.registry import shipped
from builder.proof.checks import checks_of
from builder.report.html import read_html
from builder.store import manifest as manifests
from builder.store.sections import BootRecord

Way = tuple[str | int, ...]


@cache
def sound() -> str:
    of = plan("pinned-scsi")
    boots = tuple(
        BootRecord(name=boot.name, accelerator="tcg", until_ssh=40, probes=1, image_sha256="a" * 64)
        for boot in of.boots
    )
    return manifest(of, evidence=complete(of), boots=boots).model_dump_json()


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to everything in a manifest; of a list to its first items."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value[:2])
    for key, child in items:
        yield (*way, key)
        if isinstance(child, dict | list):
            yield from ways(child, (*way, key))


WAYS = [*ways(json.loads(sound()))]
VALUES = [
    *(None, True, 0, -1, 1e308, 10**30, 10**400, float("inf"), float("nan")),
    *("", "x", "\0", "../x", "a/b", "/etc/passwd", "\ud800", "\x1b[31m", "\x9b31m", "x\n"),
    *("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00Z", "x" * 300, "x" * 100_000),
    *({}, [], [[]], {"a": 1}, ["x"], [None], {"": ""}),
]
VERBS = (("report",), ("report", "--html"), ("report", "--json"), ("prove", "--list"), ("inspect",))


def changed(*changes: tuple[Way, Any]) -> str:
    whole = json.loads(sound())
    for way, value in changes:
        parent = whole
        try:
            for key in way[:-1]:
                parent = parent[key]
            parent[way[-1]] = copy.deepcopy(value)
        except (LookupError, TypeError):
            pass  # what was there has been changed already
    return json.dumps(whole)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    (tmp_path / "image.qcow2").write_bytes(b"no image")
    return tmp_path


def outcome(build: Path, text: str | bytes, verb: tuple[str, ...]) -> int:
    content = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    (build / manifests.FILE_NAME).write_bytes(content)
    with pytest.raises(SystemExit) as end:
        program.main([verb[0], str(build), *verb[1:]])
    assert isinstance(end.value.code, int)
    return end.value.code


ONCE = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ONCE
@given(
    changes=st.lists(st.tuples(st.sampled_from(WAYS), st.sampled_from(VALUES)), max_size=3),
    verb=st.sampled_from(VERBS),
)
def test_a_manifest_of_any_shape_is_read_or_refused(
    build: Path, capsys: pytest.CaptureFixture[str], changes: list[Any], verb: tuple[str, ...]
) -> None:
    assert outcome(build, changed(*changes), verb) in {0, 1, 2, 4}
    assert not {"\x1b", "\x9b"}.intersection("".join(capsys.readouterr()))


@ONCE
@given(text=st.binary(max_size=64) | st.text(max_size=64))
def test_what_is_no_manifest_is_refused(build: Path, text: str | bytes) -> None:
    assert outcome(build, text, ("report",)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        '{"a":' * 100_000,
        "9" * 1_000_000,
        sound()[:-1],
        sound().replace('"schema_version":1', '"schema_version":2'),
        " " * (manifests.SIZE_LIMIT + 1),
    ],
    ids=["lists", "mappings", "number", "cut off", "later", "large"],
)
def test_what_takes_time_or_memory_is_refused(build: Path, text: str) -> None:
    assert outcome(build, text, ("report",)) == 2


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("timings", "convert"), float("inf")),
        (("timings", "convert"), -1),
        (("image", "name"), "../../etc/passwd"),
        (("image", "name"), "/etc/passwd"),
        (("image", "name"), "x" * 300),
        (("image", "size"), 10**30),
        (("boots", 0, "name"), "../x"),
        (("boots", 0, "name"), "a\0b"),
        (("evidence", 0, "boot"), "../x"),
        (("plan", "boots", 0, "name"), "a/b"),
        (("plan", "boots", 0, "probes"), ["no/such-probe"]),
        (("plan", "probes", 0, "id"), "no/such-probe"),
    ],
)
def test_what_no_build_writes_is_refused(build: Path, way: Way, value: Any) -> None:
    for verb in VERBS:
        assert outcome(build, changed((way, value)), verb) == 2


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("plan", "inspections", 0, "id"), "no/such-check"),
        (("plan", "parameters", "watchdog"), {"a": 1}),
        (("plan", "parameters", "no-such-feature"), {}),
    ],
)
def test_a_check_that_is_not_known_is_refused_before_any_is_made(
    build: Path, way: Way, value: Any
) -> None:
    assert outcome(build, changed((way, value)), ("inspect",)) == 2


def test_a_sound_manifest_is_read(build: Path) -> None:
    assert outcome(build, changed(), ("report",)) == 0
    assert outcome(build, changed(), ("prove", "--list")) == 0
    assert checks_of(manifests.read(build).planned(), shipped())


def test_no_log_of_a_build_leads_to_another_file(build: Path) -> None:
    secret = build / "secret"
    secret.write_text("very secret")
    assert outcome(build, changed(), ("report",)) == 0
    stored = manifests.read(build)
    first, second = (build / f"{boot.name}-console.log" for boot in stored.boots[:2])
    first.symlink_to(secret)
    os.mkfifo(second)
    assert "very secret" not in read_html(build, stored)
