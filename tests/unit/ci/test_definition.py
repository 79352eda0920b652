"""Definitions for each CI: golden files, each system's schema, and the scripts in them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from nightlies import judged, nightly, parsed, resolved, scripts, shellchecked

from builder.ci import github, gitlab, zuul
from builder.ci.definition import SYSTEMS, difference
from builder.ci.document import MARK, document
from builder.ci.nightly import Place
from builder.ci.scripts import script
from builder.ci.steps import steps

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "builder" / "ci" / "scripts").glob("*.sh"))

every_definition = pytest.mark.parametrize("place", Place)
every_system = pytest.mark.parametrize("system", SYSTEMS)


@every_definition
@every_system
def test_a_definition_is_as_recorded(
    system: str, place: Place, golden: Callable[[str, str], None]
) -> None:
    for path, text in SYSTEMS[system](nightly(place)).items():
        golden(text, f"ci/{system}-{place}/{path.removeprefix('.')}")


@every_definition
@every_system
def test_a_definition_is_known_as_written_by_this_program(system: str, place: Place) -> None:
    for text in SYSTEMS[system](nightly(place)).values():
        assert text.startswith(f"{MARK}\n# guest-image ci render\n")


SCHEMAS = [("github", github.FILE, "github-workflows"), ("gitlab", gitlab.FILE, "gitlab-ci")]


@pytest.mark.parametrize(("system", "name", "schema"), SCHEMAS)
def test_definitions_are_valid_by_the_systems_schema(
    system: str, name: str, schema: str, tmp_path: Path
) -> None:
    texts = {place.value: SYSTEMS[system](nightly(place))[name] for place in Place}
    if system == "gitlab":
        texts |= {f"{place}-resolved": resolved(text) for place, text in texts.items()}
    paths = [tmp_path / f"{place}.yml" for place in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    done = judged(schema, *paths)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("system", "name", "schema", "good", "bad"),
    [
        (*SCHEMAS[0], "fail-fast:", "fail_fast:"),
        (*SCHEMAS[1], "when: always", "when: usually"),
    ],
)
def test_a_definition_with_a_wrong_word_is_not(
    system: str, name: str, schema: str, good: str, bad: str, tmp_path: Path
) -> None:
    text = SYSTEMS[system](nightly())[name]
    assert good in text
    wrong = text.replace(good, bad)
    path = tmp_path / "definition.yml"
    path.write_text(resolved(wrong) if system == "gitlab" else wrong)
    assert judged(schema, path).returncode == 1


@pytest.mark.program("shellcheck")
@every_definition
@every_system
def test_every_script_passes_shellcheck(system: str, place: Place) -> None:
    found = list(scripts(parsed(system, place)))
    assert len(found) >= (2 if system == "gitlab" else 7)
    for part in found:
        done = shellchecked(part)
        assert done.returncode == 0, done.stdout


@pytest.mark.program("shellcheck")
def test_a_script_that_splits_a_name_does_not() -> None:
    (publish,) = (step.script for step in steps(nightly()) if step.title == "Publish it in staging")
    assert shellchecked(publish.replace('"$NAME"', "$NAME")).returncode == 1


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_does_and_is_part_of_a_definition(path: Path) -> None:
    shebang, comment = path.read_text().splitlines()[:2]
    assert (shebang, comment[:2]) == ("#!/bin/bash", "# ")
    every = (
        part for system in SYSTEMS for place in Place for part in scripts(parsed(system, place))
    )
    assert any(script(path.name) in part for part in every)


@every_definition
@every_system
def test_scripts_are_short_and_have_no_name_of_an_image_or_of_a_cloud(
    system: str, place: Place
) -> None:
    for part in scripts(parsed(system, place)):
        assert "${{" not in part
        assert "{{" not in part
        assert re.findall(r"pinned-scsi|db-1\.0|staging\b|prod\b", part) == []
    assert max(len(step.script.splitlines()) for step in steps(nightly(place))) <= 6


@every_definition
def test_two_runs_of_an_image_wait_for_each_other(place: Place) -> None:
    workflow = parsed("github", place)[github.FILE]
    assert workflow["jobs"]["image"]["concurrency"] == {
        "group": "guest-image-${{ matrix.name }}",
        "cancel-in-progress": False,
    }
    pipeline = parsed("gitlab", place)[gitlab.FILE]
    assert pipeline[gitlab.TEMPLATE]["resource_group"] == "guest-image-$NAME"
    stanzas: list[dict[str, Any]] = parsed("zuul", place)[zuul.JOBS]
    locks = {stanza["semaphore"]["name"]: stanza["semaphore"]["max"] for stanza in stanzas[:2]}
    jobs = [
        stanza["job"] for stanza in stanzas if "job" in stanza and "abstract" not in stanza["job"]
    ]
    assert {lock: 1 for job in jobs for lock in job["semaphores"]} == locks


@every_definition
def test_github_tells_of_every_night_that_did_not_end_well(place: Place) -> None:
    notify = parsed("github", place)[github.FILE]["jobs"]["notify"]
    assert (notify["needs"], notify["if"]) == ("image", "${{ !success() }}"), (
        "a job that was ended at its limit of time has not failed for GitHub: it is cancelled"
    )


@every_definition
def test_there_is_one_job_for_each_profile(place: Place) -> None:
    names = ["pinned-scsi", "db-1.0"]
    workflow = parsed("github", place)[github.FILE]
    matrix = workflow["jobs"]["image"]["strategy"]["matrix"]["include"]
    assert [combination["name"] for combination in matrix] == names
    pipeline = parsed("gitlab", place)[gitlab.FILE]
    jobs = [
        definition["variables"] for name, definition in pipeline.items() if not name.startswith(".")
    ]
    assert [variables["NAME"] for variables in jobs] == names
    assert jobs[1]["PROFILE"] == "profiles/db-1.0.yaml"
    (project,) = (
        stanza["project"] for stanza in parsed("zuul", place)[zuul.JOBS] if "project" in stanza
    )
    assert project["periodic"]["jobs"] == [f"guest-image-{name}" for name in names]


@every_system
def test_a_runner_of_ones_own_is_asked_for_by_its_label(system: str) -> None:
    for place in Place:
        text = "".join(SYSTEMS[system](nightly(place, runner="big-box")).values())
        assert "big-box" in text


def test_what_is_kept_from_night_to_night_in_a_container_is_what_the_scripts_use() -> None:
    workflow = parsed("github", Place.CONTAINER)[github.FILE]["jobs"]["image"]
    (cache,) = (step for step in workflow["steps"] if "cache" in step.get("uses", ""))
    kept = cache["with"]["path"].split()
    assert kept == parsed("gitlab", Place.CONTAINER)[gitlab.FILE][gitlab.TEMPLATE]["cache"]["paths"]
    packages = f"{workflow['env']['GUEST_IMAGE_CACHE']}/packages"
    assert {workflow["env"]["OUTPUT"], packages} < set(kept)
    assert any(workflow["env"]["GUEST_IMAGE"].startswith(path) for path in kept)


def test_a_document_is_read_as_the_data_that_it_was_made_of() -> None:
    data = {"on": [1, "1", "yes", "a: b", "two\nlines\n", {"x": []}], "* *": "'\"", "é": None}
    assert yaml.safe_load(document(data, ["#", "no: data"])) == data


def test_a_difference_names_a_file_that_is_not_there() -> None:
    files = {"a": "same\n", "b": "new\n", "c": "added\n"}
    lines = list(difference(files, {"a": "same\n", "b": "old\n"}))
    assert lines == [
        "--- b", "+++ b", "@@ -1 +1 @@", "-old", "+new",
        "--- /dev/null", "+++ c", "@@ -0,0 +1 @@", "+added",
    ]  # fmt: skip
