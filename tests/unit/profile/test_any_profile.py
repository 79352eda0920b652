"""Whatever a profile holds, it is loaded or refused."""

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_files import loaded

from builder.errors import InputError
from builder.features.registry import shipped
from builder.profile.load import load

PropertySettings = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)


@PropertySettings
@given(data=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_load_or_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError):
        load(str(path), shipped())


YAML_TEXT = st.lists(
    st.sampled_from(
        ["distribution", "debian-12", "features", "extends", "base", "disk", "watchdog", ": ",
         ":", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!", "? ", "|\n", "'", '"',
         "null", "~", "1e9", "0x", "-", "#", "---", "...", "<<", "%", "\t"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@PropertySettings
@given(text=YAML_TEXT)
def test_any_yaml_like_text_loads_or_is_refused(tmp_path: Path, text: str) -> None:
    try:
        loaded(tmp_path, text)
    except InputError as error:
        assert str(error)  # noqa: PT017 - loading may succeed as well


WORDS = [
    "distribution", "debian-12", "extends", "base", "disk", "format", "raw", "size_gib", "packages",
    "mirrors", "archive", "features", "watchdog", "action", "reset", "timeout", "guest-agent",
    "admin_user", "cpu-pinning", "policy", "shared", "threads", "prefer", "discard",
]  # fmt: skip
KEYS = st.sampled_from(WORDS) | st.text(string.printable, max_size=5)
STRUCTURES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
PROFILES = st.fixed_dictionaries(
    {"distribution": st.just("debian-12") | STRUCTURES},
    optional={
        "disk": STRUCTURES,
        "packages": STRUCTURES,
        "extends": STRUCTURES,
        "features": st.dictionaries(KEYS, st.dictionaries(KEYS, STRUCTURES) | STRUCTURES)
        | STRUCTURES,
    },
)


@PropertySettings
@given(data=STRUCTURES | PROFILES)
def test_any_structure_loads_or_is_refused(tmp_path: Path, data: Any) -> None:
    text = yaml.safe_dump(data)
    try:
        profile = loaded(tmp_path, text)
    except InputError as error:
        assert str(error)  # noqa: PT017 - loading may succeed as well
    else:
        assert profile.name == "mine"
