"""The schema of images.yaml: editors refuse what loading refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from fleets import RELEASE, fleet_of
from jsonschema import Draft202012Validator

from builder.errors import InputError
from builder.features.registry import shipped
from builder.fleet.schema import fleet_schema
from builder.host.paths import profiles_path


def schema_errors(data: Any) -> list[str]:
    schema = Draft202012Validator(fleet_schema(shipped()))
    return [error.message for error in schema.iter_errors(data)]


def test_the_committed_schema_is_current() -> None:
    committed = (profiles_path() / "images.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == fleet_schema(shipped()), "guest-image fleet schema > …"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(fleet_schema(shipped()))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"images": {}},
        {"image": {"base": {}}, "images": {"base": None}},
        {"images": {"Base": None}},
        {"images": {"base": {"profil": "base"}}},
        {"images": {"base": {"variants": {"format": ["vdi"]}}}},
        {"images": {"base": {"variants": {"distribution": ["debian-14"]}}}},
        {"images": {"base": {"variants": {"features": {"a": {"watchdg": None}}}}}},
        {"images": {"base": {"variants": {"features": {"a": {"watchdog": {"action": "x"}}}}}}},
        {"images": {"base": None}, "ways": {"a": {"production": "prod"}}},
        {"images": {"base": None}, "clouds": {"a": {"flavour": "small"}}},
    ],
)
def test_the_schema_refuses_what_loading_refuses(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data)
    with pytest.raises(InputError):
        fleet_of(tmp_path, yaml.safe_dump(data))


@pytest.mark.parametrize(
    "data",
    [
        yaml.safe_load(RELEASE),
        {"images": {"base": None}, "ways": None, "clouds": {"prod": None}},
        {"images": {"base": {"variants": {"features": {"a": None, "b": {"watchdog": False}}}}}},
        {"images": {"base": {"variants": None, "way": None, "profile": None}}},
    ],
)
def test_the_schema_accepts_what_loading_accepts(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data) == []
    assert fleet_of(tmp_path, yaml.safe_dump(data)).images
