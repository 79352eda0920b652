"""Scheduled builds of the tests, and their definitions, which programs judge."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from builder.ci.definition import SYSTEMS
from builder.ci.nightly import Image, Nightly, Place

PROGRAMS = Path(sys.executable).parent


def nightly(place: Place = Place.SELF_HOSTED, **fields: Any) -> Nightly:
    """Two images, one of a profile of the repository's own."""
    usual: dict[str, Any] = {
        "images": (Image("pinned-scsi", "pinned-scsi"), Image("profiles/db-1.0.yaml", "db-1.0")),
        "place": place,
        "runner": "",
        "checkout": "." if place is Place.SELF_HOSTED else "tools/builder",
        "staging": "staging",
        "production": "prod",
        "signed_by": "",
        "schedule": "17 2 * * *",
        "command": "guest-image ci render",
    }
    return Nightly(**{**usual, **fields})


def parsed(system: str, place: Place, **fields: Any) -> Mapping[str, Any]:
    """The files of a definition as data."""
    files = SYSTEMS[system](nightly(place, **fields))
    return {path: yaml.safe_load(text) for path, text in files.items()}


def resolved(text: str) -> str:
    """A pipeline of GitLab's with its templates filled in: its schema does not look into those."""
    data = yaml.safe_load(text)
    jobs = {}
    for name, job in data.items():
        if template := data.get(job.pop("extends", None)):
            variables = {**template["variables"], **job["variables"]}
            jobs[name] = {**template, **job, "variables": variables}
    return yaml.safe_dump(jobs)


def scripts(data: Any, key: str = "") -> Iterator[str]:
    """Every script in a definition: a GitLab job's is its blocks in one shell."""
    match data:
        case list() if key in ("script", "after_script"):
            yield "".join(data)
        case list():
            for item in data:
                yield from scripts(item)
        case dict():
            for name, value in data.items():
                yield from scripts(value, name)
        case str() if key in ("run", "cmd") and "\n" in data:
            yield data


def judged(schema: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def shellchecked(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["shellcheck", "--shell=bash", "--severity=style", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
