"""The verb ``doctor``: what it asks, its output, its exit code."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from builder.cli.program import main
from builder.doctor import clouds, examine, machine, mirrors, software
from builder.doctor.finding import Finding, good, lacking

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on a host of which everything else is good."""
    for module, name in (
        (machine, "rights"), (machine, "acceleration"), (machine, "memory"), (machine, "space"),
        (software, "installed"), (software, "libguestfs"), (software, "hardware"),
        (mirrors, "reached"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, lambda *_, name=name: [good(name, "It is there.")])

    def call(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main(["doctor", *words])
        return int(str(end.value.code)), capsys.readouterr().out

    return call


def test_a_host_that_has_everything_is_ready(run: Run, tmp_path: Path) -> None:
    code, out = run("--output", str(tmp_path))
    assert code == 0
    assert "no earlier build of any profile" in out
    assert out.endswith("Ready: this host has everything that a build needs.\n")


def test_what_lacks_ends_in_3(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "rights", lambda: [lacking("rights", "Not root.", "Use sudo.")])
    code, out = run("pinned-scsi", "--output", str(tmp_path), "--json")
    assert code == 3
    data = json.loads(out)
    assert (data["profile"], data["ready"]) == ("pinned-scsi", False)
    assert data["findings"][0]["remedy"] == "Use sudo."


def test_each_cloud_is_asked_once_for_the_visibility_that_the_profile_wants(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def reached(name: str, visibility: str) -> Sequence[Finding]:
        asked.append((name, visibility))
        return [good(f"cloud: {name}", "It answers.")]

    monkeypatch.setattr(clouds, "reached", reached)
    profile = tmp_path / "mine.yaml"
    profile.write_text("extends: base\npublish: {visibility: community}\n")
    code, _ = run(str(profile), "--cloud", "a", "--cloud", "b", "--cloud", "a")
    assert code == 0
    assert sorted(asked) == [("a", "community"), ("b", "community")]


def test_a_profile_that_is_wrong_is_wrong_input(run: Run) -> None:
    code, out = run("bsae")
    assert (code, out) == (2, "")


def test_a_cloud_that_nobody_knows_is_told_with_the_nearest(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clouds.yaml").write_text("clouds: {prod: {auth: {auth_url: 'http://x/v3'}}}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    code, out = run("--cloud", "prdo", "--output", str(tmp_path))
    assert code == 3
    assert "No cloud is called 'prdo'." in out
    assert "Did you mean 'prod'?" in out


def test_a_cloud_that_is_closed_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {prod: {auth: {auth_url: 'http://127.0.0.1:9/v3', username: me,"
        " password: verysecret, project_name: p}}}"
    )
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    code, out = run("--cloud", "prod", "--output", str(tmp_path))
    assert code == 3
    assert "Cloud 'prod' could not" in out
    assert "verysecret" not in out


def test_other_profiles_are_looked_at_only_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(examine, "ask_in_parallel", lambda questions: asked.extend(
        question.subject for question in questions
    ))  # fmt: skip
    examine.examine("base", tmp_path, [])
    assert "other profiles" not in asked
    examine.examine(None, tmp_path, [])
    assert "other profiles" in asked
