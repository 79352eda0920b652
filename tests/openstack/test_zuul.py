"""Zuul's own parser takes the jobs of scheduled builds, and understands them as they are meant."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cloudtemplate import CACHE, require_installed
from nightlies import nightly

from builder.ci import zuul
from builder.ci.nightly import Place

pytestmark = pytest.mark.openstack

PARSER = Path(__file__).with_name("zuul_parser.py")


def parsed(text: str) -> dict[str, Any]:
    require_installed("installed-zuul")
    done = subprocess.run(
        [CACHE / "zuul" / "bin" / "python", "-W", "ignore", PARSER],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("place", Place)
def test_zuul_understands_the_jobs(place: Place) -> None:
    files = zuul.files(nightly(place))
    understood = parsed(files[zuul.JOBS])
    assert understood["errors"] == []
    base = understood["jobs"]["guest-image"]
    assert base["playbooks"] == [zuul.RUN, zuul.POST]
    assert set(base["playbooks"]) < set(files)
    assert (base["labels"], base["secrets"]) == (["guest-image"], ["guest-image-clouds"])
    assert base["timeout"] == 4 * 3600
    names = ["guest-image-pinned-scsi", "guest-image-db-1.0"]
    assert understood["pipelines"] == {"periodic": names}
    assert understood["semaphores"] == dict.fromkeys(names, 1)
    for name in names:
        job = understood["jobs"][name]
        assert (job["parent"], job["semaphores"]) == ("guest-image", [name])
    assert understood["jobs"]["guest-image-db-1.0"]["variables"] == {
        "guest_image_profile": "profiles/db-1.0.yaml",
        "guest_image_name": "db-1.0",
    }


def test_zuul_gives_a_job_that_signs_its_keys() -> None:
    understood = parsed(zuul.files(nightly(signed_by="keys/build.pub"))[zuul.JOBS])
    assert understood["errors"] == []
    assert understood["jobs"]["guest-image"]["secrets"] == [zuul.SECRET, zuul.KEYS_SECRET]


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("abstract: true", "abstrakt: true", "extra keys not allowed @ data['abstrakt']"),
        ("max: 1", "max: one", "expected int for dictionary value @ data['max']"),
        ("guest_image_name:", "guest-image-name:", "Invalid Ansible variable name"),
    ],
)
def test_zuul_refuses_a_job_with_a_wrong_word(good: str, bad: str, told: str) -> None:
    text = zuul.files(nightly())[zuul.JOBS]
    assert good in text
    assert told in parsed(text.replace(good, bad))["errors"][0]
