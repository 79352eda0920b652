"""The schema of profiles: editors refuse what loading refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from profile_files import loaded

from builder.errors import InputError
from builder.features.registry import shipped
from builder.host.paths import profiles_path
from builder.profile.load import shipped_profiles
from builder.profile.schema import profile_schema


def schema_errors(data: Any) -> list[str]:
    return [
        error.message for error in Draft202012Validator(profile_schema(shipped())).iter_errors(data)
    ]


def test_the_committed_schema_is_current() -> None:
    committed = (profiles_path() / "profile.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == profile_schema(shipped()), "guest-image schema > …"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(profile_schema(shipped()))


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_shipped_profile_validates_and_names_its_schema(name: str) -> None:
    text = (profiles_path() / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=profile.schema.json\n")
    assert schema_errors(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"distribution": "debian-14"},
        {"extends": "base", "feature": {}},
        {"extends": "base", "features": {"watchdg": {}}},
        {"extends": "base", "features": {"watchdog": True}},
        {"extends": "base", "features": {"watchdog": {"action": "shutdown"}}},
        {"extends": "base", "packages": ["-x"]},
    ],
)
def test_the_schema_refuses_what_loading_refuses(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data)
    with pytest.raises(InputError):
        loaded(tmp_path, yaml.safe_dump(data))


@pytest.mark.parametrize(
    "data",
    [
        {"extends": "base", "features": {"watchdog": None, "multiqueue": False, "discard": {}}},
        {"extends": "base", "features": {"guest-agent": {"require_quiesce": True}}},
        {"distribution": "debian-12", "packages": None, "disk": {"compression": None}},
    ],
)
def test_the_schema_accepts_what_loading_accepts(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data) == []
    assert loaded(tmp_path, yaml.safe_dump(data))
