"""A clouds.yaml that gives up what protects a login."""

import io
from pathlib import Path
from typing import Any

import pytest
from clouds import configure

from builder.cli.cloud_options import Answer, in_each
from builder.terminal.progress import Progress

AUTH = {"auth_url": "https://192.0.2.1/v3", "username": "u", "password": "p", "project_name": "p"}


@pytest.mark.parametrize(
    ("entry", "warned"),
    [
        ({"verify": False}, True),
        ({"insecure": True}, True),
        ({"verify": True}, False),
        ({}, False),
    ],
)
def test_a_cloud_that_is_not_verified_is_warned_of(
    entry: dict[str, Any], warned: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configure(tmp_path, auth=AUTH, **entry)))
    said = io.StringIO()
    with Progress(said) as progress:
        (answer,) = in_each(["mine"], lambda _: Answer(["done"], {}), progress)
    assert answer.lines == ["done"]
    assert ("Warning: mine has 'verify: false'" in said.getvalue()) is warned
