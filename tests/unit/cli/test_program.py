"""The command as a program: what it loads, its completion, its surroundings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.cli.verbs import GROUPS, VERBS

PROGRAM = [sys.executable, "-c", "from builder.cli.program import main; main()"]
ROOT = Path(__file__).parents[3]
HEAVY = (
    "cryptography", "cursive", "diskimage_builder", "glanceclient", "guestfs", "jinja2",
    "keystoneauth1", "lief", "openstack", "oslo_utils", "univers",
)  # fmt: skip
"""Libraries that take long to load and belong to the work of other verbs."""

Run = Callable[..., tuple[int, str, str]]


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def imported_by(*arguments: str) -> set[str]:
    """The top-level modules that are loaded when the command ends, and the builder's own."""
    code = (
        "import sys\nfrom builder.cli.program import main\n"
        f"try:\n    main({arguments!r})\n"
        "except SystemExit:\n    print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.splitlines()[-1].split())


def test_planning_imports_nothing_of_building_proving_and_publishing() -> None:
    loaded = imported_by("plan", "pinned-scsi")
    assert not loaded & set(HEAVY)
    assert not {"builder.pipeline", "builder.terminal.progress"} & loaded
    assert {"pydantic", "rich"} <= loaded  # so this test sees what is loaded


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["paln"]])
def test_the_command_alone_imports_no_verb(arguments: list[str]) -> None:
    loaded = imported_by(*arguments)
    assert not loaded & {*HEAVY, "pydantic", "rich", "yaml"}
    assert not {f"builder.cli.{verb}" for verb in VERBS} & loaded
    assert "builder.cli.verbs" in loaded


def test_a_verb_imports_what_it_needs_and_no_other_verb() -> None:
    loaded = imported_by("list", "--help")
    assert {"builder.cli.list", "glanceclient"} <= loaded
    assert not {f"builder.cli.{verb}" for verb in VERBS} - {"builder.cli.list"} & loaded
    assert not {"lief", "guestfs", "diskimage_builder", "builder.pipeline"} & loaded


@pytest.mark.parametrize("name", GROUPS)
def test_a_groups_help_imports_none_of_its_verbs(name: str) -> None:
    loaded = imported_by(name, "--help")
    assert not loaded & set(HEAVY)
    assert not {f"builder.cli.{name}.{verb}" for verb in GROUPS[name]} & loaded


def test_completion_offers_the_verbs_without_loading_them() -> None:
    words = {"COMP_WORDS": "guest-image pro", "COMP_CWORD": "1"}
    done = program(_GUEST_IMAGE_COMPLETE="bash_complete", **words)
    assert done.stdout.splitlines() == [
        f"plain,{verb}" for verb in ("profiles", "prove", "proof", "promote")
    ]


def test_completion_offers_the_shipped_profiles() -> None:
    done = program(
        _GUEST_IMAGE_COMPLETE="bash_complete", COMP_WORDS="guest-image plan pi", COMP_CWORD="2"
    )
    assert "plain,pinned-scsi" in done.stdout.splitlines()
    assert "plain,base" not in done.stdout.splitlines()


def test_programs_of_the_administrator_are_found_without_their_directories_in_path(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/opt/x:/usr/bin")
    run("profiles")
    assert os.environ["PATH"] == "/opt/x:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin"


def test_a_reader_that_goes_away_is_no_error_to_talk_about() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as gone:
        done = subprocess.run(
            [*PROGRAM, "plan", "pinned-scsi"],
            stdout=gone, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize("verb", ["plan pinned-scsi", "plan pinned-scsi --json"])
def test_nobody_needs_to_read(verb: str) -> None:
    command = f'exec "$@" {verb} >&- 2>&-'
    done = subprocess.run(["sh", "-c", command, "sh", *PROGRAM], check=False, cwd=ROOT)
    assert done.returncode == 0


def test_an_argument_that_is_not_utf_8_is_refused_in_peace() -> None:
    done = subprocess.run(
        [*PROGRAM, "plan", b"\xff\xfe.yaml"], capture_output=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_the_program_runs_from_any_directory(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "plan", "pinned-scsi"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("pinned-scsi  plan ")
