"""The verbs that only tell what there is: profiles, features, plan, schema."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.distribution import DISTRIBUTIONS
from builder.errors import BuilderError
from builder.features.registry import shipped
from builder.profile.load import load, shipped_profiles

ROOT = Path(__file__).parents[3]

Run = Callable[..., tuple[int, str, str]]


def test_profiles_lists_every_shipped_profile(run: Run) -> None:
    code, out, _ = run("profiles")
    assert code == 0
    listed, _, notes = out.partition("\n\n")
    assert [line.split()[0] for line in listed.splitlines()] == list(shipped_profiles())
    reasons = {
        name: distribution.untested_reason
        for name, distribution in DISTRIBUTIONS.items()
        if distribution.untested_reason
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
    assert [profile["unproven"] for profile in json.loads(out) if profile["name"] == name] == [
        reason
    ]
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
    by_name = {profile["name"]: profile for profile in json.loads(out)}
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
    by_name = {feature["name"]: feature for feature in json.loads(out)}
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
