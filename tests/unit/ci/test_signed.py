"""Definitions whose jobs sign what they make, with keys among the CI's secrets."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from nightlies import judged, nightly, parsed, resolved, scripts, shellchecked

from builder.attest.checksums import PASSPHRASE as MINISIGN_PASSPHRASE
from builder.attest.key import PASSPHRASE
from builder.ci import github, gitlab, zuul
from builder.ci.definition import SYSTEMS
from builder.ci.nightly import Place
from builder.ci.scripts import script
from builder.ci.steps import KEYS, steps
from builder.cli.keys import MINISIGN_VARIABLE, VARIABLE

KEY = "keys/build.pub"

every_definition = pytest.mark.parametrize("place", Place)
every_system = pytest.mark.parametrize("system", SYSTEMS)


def tasks(playbook: str) -> list[dict[str, Any]]:
    (play,) = parsed("zuul", Place.SELF_HOSTED, signed_by=KEY)[playbook]
    return list(play["tasks"])


@every_definition
@every_system
def test_without_a_key_nothing_asks_for_one(system: str, place: Place) -> None:
    for text in SYSTEMS[system](nightly(place)).values():
        assert "secrets.GUEST_IMAGE" not in text
        assert "SIGNED_BY" not in text
        assert zuul.KEYS_SECRET not in text


@every_definition
@every_system
def test_what_is_not_signed_is_published_nowhere(system: str, place: Place) -> None:
    lines = [
        line
        for part in scripts(parsed(system, place, signed_by=KEY))
        for line in part.splitlines()
        if '"$GUEST_IMAGE" p' in line
    ]
    assert len(lines) == 3
    assert all(line.endswith(' --require-signed-by "$SIGNED_BY"') for line in lines)


def test_a_build_gets_the_keys_by_the_names_that_the_program_knows() -> None:
    assert KEYS == (VARIABLE, PASSPHRASE, MINISIGN_VARIABLE, MINISIGN_PASSPHRASE)
    assert ",".join(KEYS) in script("build.sh")


def test_a_night_without_its_key_ends_before_the_build(tmp_path: Path) -> None:
    (build,) = (step for step in steps(nightly(signed_by=KEY)) if step.title.startswith("Build"))
    for key, begins in (("", False), ("-----BEGIN", True)):
        begun = tmp_path / f"begun-{begins}"
        stand_in = f"sudo() {{ touch {begun}; exit 0; }}"
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", f"{stand_in}\n{build.script}"],
            env={"PATH": "/usr/bin:/bin", "GUEST_IMAGE_SIGNING_KEY": key, "GUEST_IMAGE": "false",
                 "PROFILE": "base", "NAME": "base", "OUTPUT": "dist", "RESULTS": "results"},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert begun.exists() is begins, done.stderr
        assert ("among the secrets is no key to sign with" in done.stderr) is not begins


@every_definition
def test_github_gives_keys_to_the_steps_that_sign_alone(place: Place) -> None:
    workflow = parsed("github", place, signed_by=KEY)[github.FILE]["jobs"]["image"]
    assert not set(KEYS) & set(workflow["env"])
    having = [step["name"] for step in workflow["steps"] if KEYS[0] in step.get("env", {})]
    assert having == [step.title for step in steps(nightly(place)) if step.signs]
    assert len(having) == 4
    keys = next(step["env"] for step in workflow["steps"] if step.get("name") == having[0])
    assert keys == {name: f"${{{{ secrets.{name} }}}}" for name in KEYS}


def test_zuul_writes_keys_to_files_of_the_user_alone_and_removes_them() -> None:
    files = {task["copy"]["dest"]: task["copy"] for task in tasks(zuul.RUN) if "copy" in task}
    assert len(files) == 3
    assert {copy["mode"] for copy in files.values()} == {"0600"}
    assert all(task["no_log"] for task in tasks(zuul.RUN) if "copy" in task)
    removed = {task["file"]["path"] for task in tasks(zuul.POST) if "file" in task}
    assert removed == set(files)
    (play,) = parsed("zuul", Place.SELF_HOSTED, signed_by=KEY)[zuul.RUN]
    assert play["environment"][VARIABLE] in files
    stanzas = parsed("zuul", Place.SELF_HOSTED, signed_by=KEY)[zuul.JOBS]
    base = next(stanza["job"] for stanza in stanzas if stanza.get("job", {}).get("abstract"))
    assert [secret["secret"] for secret in base["secrets"]] == [zuul.SECRET, zuul.KEYS_SECRET]


@pytest.mark.parametrize(
    ("system", "name", "schema"),
    [("github", github.FILE, "github-workflows"), ("gitlab", gitlab.FILE, "gitlab-ci")],
)
def test_they_are_valid_by_the_systems_schema(
    system: str, name: str, schema: str, tmp_path: Path
) -> None:
    text = SYSTEMS[system](nightly(signed_by=KEY))[name]
    path = tmp_path / "definition.yml"
    path.write_text(resolved(text) if system == "gitlab" else text)
    done = judged(schema, path)
    assert done.returncode == 0, done.stdout


@pytest.mark.program("shellcheck")
@every_system
def test_their_scripts_pass_shellcheck(system: str) -> None:
    for part in scripts(parsed(system, Place.SELF_HOSTED, signed_by=KEY)):
        done = shellchecked(part)
        assert done.returncode == 0, done.stdout
