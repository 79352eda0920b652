"""The verb ``ci render``: what it writes, what it tells of what is there, what it refuses."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from builder.ci import github, gitlab, zuul
from builder.cli.verbs import cli
from builder.errors import BuilderError

ROOT = Path(__file__).parents[3]
FILES = {"github": [github.FILE], "gitlab": [gitlab.FILE], "zuul": [zuul.JOBS, zuul.RUN, zuul.POST]}


def run(*arguments: str | Path) -> tuple[int, str, str]:
    words = ["ci", "render", *map(str, arguments)]
    result = CliRunner().invoke(cli, words, standalone_mode=False)
    match result.exception:
        case None:
            return result.return_value, result.stdout, ""
        case BuilderError() as error:
            return error.exit_code, result.stdout, str(error)
        case click.ClickException() as error:
            return error.exit_code, result.stdout, error.format_message()
    raise result.exception


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "db.yaml").write_text("extends: base\n")
    return tmp_path


@pytest.mark.parametrize("system", FILES)
def test_what_is_written_is_up_to_date_until_it_is_changed(system: str, repository: Path) -> None:
    code, out, _ = run("--for", system, "base")
    assert (code, out.split()) == (0, FILES[system])
    there = {str(path.relative_to(repository)) for path in repository.rglob("*") if path.is_file()}
    assert there == {*FILES[system], "profiles/db.yaml"}, "and nothing half-written beside it"
    assert run("--for", system, "base", "--check")[:2] == (0, "")
    code, out, _ = run("--for", system, "--production", "live", "base", "--check")
    assert code == 1
    assert re.search(r"^-.*prod$", out, re.MULTILINE)
    assert re.search(r"^\+.*live$", out, re.MULTILINE)
    changed = repository / FILES[system][-1]
    changed.write_text(changed.read_text() + "# mine\n")
    code, out, _ = run("--for", system, "base", "--check")
    assert (code, out.splitlines()[-1]) == (1, "-# mine")
    assert run("--for", system, "base")[0] == 0
    assert run("--for", system, "base", "--check")[0] == 0


def test_this_repositorys_own_definition_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    makefile = (ROOT / "Makefile").read_text()
    (words,) = re.findall(r"^CI_RENDER := ci render (.+)$", makefile, re.MULTILINE)
    assert run(*words.split(), "--check") == (0, "", ""), "'make golden' writes it"


def test_a_definition_that_is_not_there_is_not_up_to_date(repository: Path) -> None:
    code, out, _ = run("--for", "gitlab", "base", "--check")
    assert (code, out.splitlines()[0]) == (1, "--- /dev/null")
    assert not (repository / gitlab.FILE).exists()


@pytest.mark.parametrize(
    "schedule",
    ["0 0 1 1 0", "59 23 31 12 6", "*/15 1-5,22 * JAN-MAR MON-FRI", "05 02 */2 * 0,6"],
)
def test_a_schedule_is_any_of_cron(schedule: str, repository: Path) -> None:
    assert run("--for", "github", "base", "--schedule", schedule)[0] == 0
    text = (repository / github.FILE).read_text()
    assert yaml.safe_load(text)["on"]["schedule"] == [{"cron": schedule}]


def test_the_file_tells_the_command_that_writes_it(repository: Path) -> None:
    words = ["--for", "github", "--on", "container", "--schedule", "0 4 * * MON", "base"]
    assert run(*words, "./profiles/db.yaml")[0] == 0
    (line,) = re.findall(r"^# guest-image ci render (.+)$", (repository / github.FILE).read_text(),
                         re.MULTILINE)  # fmt: skip
    assert shlex.split(line) == [*words, "profiles/db.yaml"]
    assert run(*shlex.split(line), "--check")[0] == 0


def test_a_profile_is_named_from_the_repositorys_top(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "profiles")
    code, _, told = run("--for", "gitlab", "--directory", "..", "./db.yaml")
    assert code == 0, told
    pipeline = yaml.safe_load((repository / gitlab.FILE).read_text())
    assert pipeline["guest-image:db"]["variables"] == {"PROFILE": "profiles/db.yaml", "NAME": "db"}


def key_pair(directory: Path) -> tuple[Path, Path]:
    """A private and a public key, as files."""
    directory.mkdir()
    key = Ed25519PrivateKey.generate()
    pem, whole = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    private, public = directory / "build.pem", directory / "build.pub"
    private.write_bytes(key.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(pem, whole))
    return private, public


def test_a_key_is_named_from_the_repositorys_top(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_pair(repository / "keys")
    monkeypatch.chdir(repository / "keys")
    words = ("--for", "gitlab", "--directory", "..", "--signed-by", "build.pub", "base")
    assert run(*words)[0] == 0
    text = (repository / gitlab.FILE).read_text()
    assert "# guest-image ci render --for gitlab --signed-by keys/build.pub base\n" in text
    pipeline = yaml.safe_load(text)
    assert pipeline[gitlab.TEMPLATE]["variables"]["SIGNED_BY"] == "keys/build.pub"
    assert run(*words, "--check")[:2] == (0, "")


def test_a_key_that_no_job_could_use_is_refused(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    private, _ = key_pair(repository / "keys")
    _, elsewhere = key_pair(tmp_path_factory.mktemp("elsewhere") / "keys")
    for key, told in (
        (private, "is a private key; statements are checked by the public one."),
        (elsewhere, "lies outside of"),
        (repository / "none.pub", "cannot be read"),
        (repository / "profiles" / "db.yaml", "is not a public key in PEM"),
    ):
        code, _, said = run("--for", "gitlab", "--signed-by", key, "base")
        assert (code, told in said) == (2, True), said
    assert not (repository / gitlab.FILE).exists()


def test_a_profile_may_extend_others_of_the_repository(repository: Path) -> None:
    (repository / "profiles" / "big.yaml").write_text("extends: ./db.yaml\n")
    (repository / "top.yaml").write_text("extends: profiles/big.yaml\n")
    code, _, told = run("--for", "gitlab", "./top.yaml", "profiles/big.yaml")
    assert code == 0, told
    pipeline = yaml.safe_load((repository / gitlab.FILE).read_text())
    assert pipeline["guest-image:top"]["variables"]["PROFILE"] == "top.yaml"


def test_without_profiles_there_is_a_job_for_each_that_is_shipped_and_proven(
    repository: Path,
) -> None:
    assert run("--for", "gitlab")[0] == 0
    jobs = yaml.safe_load((repository / gitlab.FILE).read_text())
    assert {"guest-image:base", "guest-image:pinned-scsi"} < set(jobs)
    assert "guest-image:rocky-9" not in jobs


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["base", "--staging", "prod"], "Staging and production are both 'prod'"),
        (["base", "--staging", "a b"], "'a b' is not a plain name"),
        (["base", "--production", "$(id)"], "'$(id)' is not a plain name"),
        (["base", "--runner", "${{ x }}"], "'${{ x }}' is not a plain label"),
        (["base", "--checkout", "../builder"], "is not a plain path below the repository's top"),
        (["base", "--schedule", "@daily"], "'@daily' is not a schedule"),
        (["base", "--schedule", "60 2 * * *"], "'60 2 * * *' is not a schedule"),
        (["base", "--schedule", "17 24 * * *"], "'17 24 * * *' is not a schedule"),
        (["base", "--schedule", "17 2 0 * *"], "'17 2 0 * *' is not a schedule"),
        (["base", "--schedule", "17 2 * 13 *"], "'17 2 * 13 *' is not a schedule"),
        (["base", "--schedule", "17 2 * * 7"], "'17 2 * * 7' is not a schedule"),
        (["base", "--schedule", "17 2 * *"], "'17 2 * *' is not a schedule"),
        (["basis"], "No profile is called 'basis'"),
        (["/elsewhere/db.yaml"], "lies outside of"),
        (["./it's mine/db.yaml"], "could mean something else to a CI"),
        (["profiles/db.yaml", "other/db.yaml"], "Several of the profiles are called db."),
        (["profiles/heir.yaml"], "'profiles/../../alien.yaml' lies outside of"),
        (["profiles/bad.yaml"], "profiles/bad.yaml:1:1: frobnicate: "),
    ],
)
def test_what_could_not_work_is_refused_and_nothing_is_written(
    words: list[str], told: str, repository: Path
) -> None:
    for directory in ("other", "it's mine"):
        (repository / directory).mkdir()
        (repository / directory / "db.yaml").write_text("extends: base\n")
    (repository / "profiles" / "bad.yaml").write_text("frobnicate: 1\n")
    (repository / "profiles" / "heir.yaml").write_text("extends: ../../alien.yaml\n")
    (repository.parent / "alien.yaml").write_text("extends: base\n")
    code, out, said = run("--for", "gitlab", *words)
    assert (code, out) == (2, "")
    assert told in " ".join(said.split())
    assert not (repository / gitlab.FILE).exists()


def test_a_file_of_somebody_elses_is_not_overwritten(repository: Path) -> None:
    theirs = repository / zuul.RUN
    theirs.parent.mkdir(parents=True)
    theirs.write_text("- hosts: all\n")
    code, _, told = run("--for", "zuul", "base")
    assert (code, theirs.read_text()) == (2, "- hosts: all\n")
    assert told.startswith(f"Somebody else has written {zuul.RUN} in {repository}.")
    assert not (repository / zuul.JOBS).exists(), "none of the others either"


def test_a_directory_in_place_of_a_file_is_told(repository: Path) -> None:
    (repository / gitlab.FILE).mkdir()
    code, _, told = run("--for", "gitlab", "base", "--check")
    assert code == 3
    assert told.startswith(f"Could not read {repository / gitlab.FILE}: Is a directory.")


def test_a_repository_that_cannot_be_written_is_told(repository: Path) -> None:
    (repository / ".github").symlink_to(repository / "gone")
    code, _, told = run("--for", "github", "base")
    assert code == 3
    assert told.startswith(f"Could not write {repository / github.FILE}: File exists.")
