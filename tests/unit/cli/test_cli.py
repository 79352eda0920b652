import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from builder.cli.program import main
from builder.cli.verbs import GROUPS, VERBS, cli
from builder.distribution import DISTRIBUTIONS
from builder.errors import BuilderError, HostError
from builder.features.registry import shipped
from builder.profile.load import load, shipped_profiles

PROGRAM = [sys.executable, "-c", "from builder.cli.program import main; main()"]
ROOT = Path(__file__).parents[3]
HEAVY = (
    "cryptography", "cursive", "diskimage_builder", "glanceclient", "guestfs", "jinja2",
    "keystoneauth1", "lief", "openstack", "oslo_utils", "univers",
)  # fmt: skip
"""Libraries that take long to load and belong to the work of other verbs."""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process; the result is exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        captured = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, captured.out, captured.err

    return call


def failing(error: BaseException) -> click.Command:
    @click.command()
    def verb() -> None:
        raise error

    return verb


@pytest.fixture
def verb_raises(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Give the command a verb 'fail' that raises."""

    def install(error: BaseException) -> None:
        monkeypatch.setitem(cli.commands, "fail", failing(error))

    return install


def test_profiles_lists_every_shipped_profile(run: Run) -> None:
    code, out, _ = run("profiles")
    assert code == 0
    listed, _, notes = out.partition("\n\n")
    assert [line.split()[0] for line in listed.splitlines()] == list(shipped_profiles())
    reasons = {
        name: one.untested_reason for name, one in DISTRIBUTIONS.items() if one.untested_reason
    }
    assert notes.splitlines() == [
        f"{name} is unproven: {reasons[name]}." for name in sorted(reasons)
    ]


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_profile_of_an_unproven_distribution_says_so_wherever_it_is_shown(
    run: Run, name: str
) -> None:
    reason = load(name, shipped()).distribution.untested_reason
    _, out, _ = run("profiles", "--json")
    assert [one["unproven"] for one in json.loads(out) if one["name"] == name] == [reason]
    _, out, _ = run("plan", name)
    assert ("unproven" in out) == bool(reason)
    assert reason in out


def test_a_build_of_an_unproven_distribution_begins_with_a_warning(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BuilderError("No build in this test.")

    monkeypatch.setattr("builder.pipeline.require_for_proof", lambda _: None)
    monkeypatch.setattr("builder.pipeline.reusable", lambda *_: None)
    monkeypatch.setattr("builder.pipeline.build", refuse)
    warning = f"Warning: rocky-9 is unproven: {DISTRIBUTIONS['rocky-9'].untested_reason}."
    for verb in ("image", "build"):
        _, _, err = run(verb, "rocky-9")
        assert err.splitlines()[0].endswith(warning)
        _, _, err = run(verb, "base")
        assert "Warning" not in err


def test_profiles_as_json_names_their_features(run: Run) -> None:
    _, out, _ = run("profiles", "--json")
    by_name = {one["name"]: one for one in json.loads(out)}
    assert by_name["base"]["features"] == []
    assert "watchdog" in by_name["pinned-scsi"]["features"]


def test_features_lists_every_feature_and_its_parameters(run: Run) -> None:
    code, out, _ = run("features")
    assert code == 0
    for name in shipped():
        assert f"{name}  " in out
    assert "    timeout " in out


def test_features_as_json_have_origin_and_parameters(run: Run) -> None:
    _, out, _ = run("features", "--json")
    by_name = {one["name"]: one for one in json.loads(out)}
    assert by_name["watchdog"]["origin"] == "guest-image-builder itself"
    assert "action" in by_name["watchdog"]["parameters"]["properties"]


def test_plan_shows_claims_with_their_owners_and_the_flavors_needs(run: Run) -> None:
    code, out, _ = run("plan", "pinned-scsi")
    assert code == 0
    claim = next(line for line in out.splitlines() if "hw_watchdog_action=reset" in line)
    assert claim.split()[1] == "watchdog"
    assert "  hw:cpu_policy=dedicated\n" in out
    assert "disk-image-create" in out


def test_plan_as_json_is_the_plan(run: Run) -> None:
    _, out, _ = run("plan", "base", "--json")
    assert json.loads(out)["profile"] == "base"


def test_plan_takes_a_path(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("extends: base\npackages: [vim]")
    code, out, _ = run("plan", str(tmp_path / "mine.yaml"))
    assert code == 0
    assert out.startswith("mine  plan ")


def test_schema_prints_the_committed_schema(run: Run) -> None:
    code, out, _ = run("schema")
    assert code == 0
    assert out == (ROOT / "profiles" / "profile.schema.json").read_text()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb: str, run: Run) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert f"guest-image {verb}" in out.split("Examples:")[1]


def test_the_programs_help_explains_completion_and_exit_codes(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "_GUEST_IMAGE_COMPLETE=bash_source" in out
    assert "130 interrupted" in out


def test_an_unknown_verb_names_the_nearest(run: Run) -> None:
    code, _, err = run("paln", "x")
    assert code == 2
    assert "Did you mean 'plan'?" in err


def test_a_verb_like_no_other_lists_them_all(run: Run) -> None:
    code, _, err = run("qqqqqq")
    assert code == 2
    assert "features" in err
    assert "plan" in err


def test_a_wrong_profile_is_told_on_stderr_with_exit_code_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("distribution: debian-99")
    code, out, err = run("plan", str(tmp_path / "mine.yaml"))
    assert (code, out) == (2, "")
    assert err.startswith(f"{tmp_path}/mine.yaml:1:15: distribution: ")


def test_an_error_of_the_builder_ends_in_its_exit_code(
    run: Run, verb_raises: Callable[[BaseException], None]
) -> None:
    verb_raises(HostError("No space.", hint="Make some."))
    assert run("fail") == (3, "", "No space.\n  Make some.\n")


def test_an_interrupt_ends_in_130(run: Run, verb_raises: Callable[[BaseException], None]) -> None:
    verb_raises(KeyboardInterrupt())
    code, _, err = run("fail")
    assert (code, err.strip()) == (130, "Interrupted.")


def test_a_defect_is_named_so_and_its_traceback_kept_in_a_file(
    run: Run,
    verb_raises: Callable[[BaseException], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("GUEST_IMAGE_DEBUG", raising=False)
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "internal error of guest-image: ZeroDivisionError: oops" in err
    assert "Traceback" not in err
    (log,) = tmp_path.glob("*.log")
    assert str(log) in err
    assert "Traceback" in log.read_text()


def test_a_defect_is_shown_in_full_where_no_file_can_be_written(
    run: Run, verb_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    monkeypatch.delenv("GUEST_IMAGE_DEBUG", raising=False)
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "ZeroDivisionError: oops" in err
    assert "This is an internal error of guest-image" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_break_off_the_cleaning_up(number: signal.Signals) -> None:
    script = """
import os, signal, sys, time
from builder.cli.verbs import cli
from builder.cli.program import main
signal.signal(signal.SIGHUP, signal.SIG_DFL)
@cli.command()
def work():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGHUP)
        print("cleaned up", flush=True)
main(["work"])
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        child.send_signal(number)
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "cleaned up\n")
    assert err == f"Stopped by {number.name}.\n"


def test_programs_of_the_administrator_are_found_without_their_directories_in_path(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/opt/x:/usr/bin")
    run("profiles")
    assert os.environ["PATH"] == "/opt/x:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin"


def test_a_defects_traceback_is_shown_on_demand(
    run: Run, verb_raises: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUEST_IMAGE_DEBUG", "1")
    verb_raises(ZeroDivisionError("oops"))
    code, _, err = run("fail")
    assert code == 70
    assert "Traceback" in err


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


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_each_verbs_own_help_begins_with(verb: str, run: Run) -> None:
    _, listed, _ = run("--help")
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    paragraph = str(command.help).split("\n\n")[0]
    assert " ".join(paragraph.split()) == VERBS[verb]
    assert re.search(rf"^  {verb}  ", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "verb"), [(name, verb) for name in GROUPS for verb in GROUPS[name]]
)
def test_the_list_of_a_groups_verbs_says_what_each_verbs_own_help_begins_with(
    name: str, verb: str, run: Run
) -> None:
    _, listed, _ = run(name, "--help")
    group = cli.get_command(click.Context(cli), name)
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    paragraph = str(command.help).split("\n\n")[0]
    assert " ".join(paragraph.split()) == GROUPS[name][verb]
    assert re.search(rf"^  {verb}  ", listed, re.MULTILINE)


@pytest.mark.parametrize("name", GROUPS)
def test_a_groups_help_imports_none_of_its_verbs(name: str) -> None:
    loaded = imported_by(name, "--help")
    assert not loaded & set(HEAVY)
    assert not {f"builder.cli.{name}.{verb}" for verb in GROUPS[name]} & loaded


def test_a_verb_that_a_group_has_not_is_told_with_the_nearest(run: Run) -> None:
    code, _, err = run("cloud", "porve")
    assert code == 2
    assert "There is no verb 'porve'. Did you mean 'prove'?" in err


@pytest.mark.parametrize("words", [[], ["pinned-scsi", "--clean"]])
def test_a_proof_in_a_cloud_is_of_a_build_or_cleans_up(run: Run, words: list[str]) -> None:
    code, _, err = run("cloud", "prove", "--cloud", "prod", *words)
    assert code == 2
    assert "Name a BUILD, or --clean without one." in err


def test_completion_offers_the_verbs_without_loading_them() -> None:
    words = {"COMP_WORDS": "guest-image pro", "COMP_CWORD": "1"}
    done = program(_GUEST_IMAGE_COMPLETE="bash_complete", **words)
    assert done.stdout.splitlines() == ["plain,profiles", "plain,prove", "plain,promote"]


def test_completion_offers_the_shipped_profiles() -> None:
    done = program(
        _GUEST_IMAGE_COMPLETE="bash_complete", COMP_WORDS="guest-image plan pi", COMP_CWORD="2"
    )
    assert "plain,pinned-scsi" in done.stdout.splitlines()
    assert "plain,base" not in done.stdout.splitlines()


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
