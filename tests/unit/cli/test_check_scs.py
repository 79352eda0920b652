"""The verb ``check scs``, of a build; tests/openstack has it of a cloud."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import complete, manifest, plan

from builder.store.manifest import write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    of = plan("pinned-scsi")
    write(tmp_path, manifest(of, evidence=complete(of)))
    return tmp_path


def settings(directory: Path, text: str) -> Path:
    path = directory / "public.yaml"
    path.write_text(f"extends: pinned-scsi\npublish: {{{text}}}\n", encoding="utf-8")
    return path


def test_what_is_as_it_must_be_ends_in_0(run: Run, build: Path) -> None:
    code, out, _ = run("check", "scs", build)
    assert code == 0
    assert out.startswith("pinned-scsi (private, build ")
    assert "  should  SCS-0102  " in out
    assert "  must  " not in out


def test_what_is_not_ends_in_1_with_the_remedy(run: Run, build: Path) -> None:
    public = settings(build, "name: 'Debian {os_version}', visibility: public")
    code, out, _ = run("check", "scs", build, "--settings", public)
    assert code == 1
    assert "  must    SCS-0104  name  " in out
    assert "is from https://cloud.debian.org/images/cloud/bookworm/…" in out
    assert "Write another name" in out


def test_programs_get_json(run: Run, build: Path) -> None:
    public = settings(build, "replace_frequency: daily")
    code, out, _ = run("check", "scs", build, "--settings", public, "--json")
    assert code == 1
    data = json.loads(out)
    assert (data["conforms"], len(data["images"])) == (False, 1)
    assert data["images"][0]["shortfalls"][0]["subject"] == "replace_frequency"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name a BUILD, or a --cloud without one."),
        (("x", "--cloud", "prod"), "Name a BUILD, or a --cloud without one."),
        (("--cloud", "prod", "--settings", "base"), "--settings belongs to a BUILD"),
        (("no-such-build",), "There is no build 'no-such-build'."),
        (("no/such.qcow2",), "There is neither a build directory nor a file"),
    ],
)
def test_what_names_nothing_to_judge_is_refused(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run("check", "scs", *words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_manifest_that_cannot_be_read_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    code, _, err = run("check", "scs", tmp_path)
    assert code == 2
    assert "manifest.json" in err


def test_a_cloud_that_is_not_configured_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clouds.yaml").write_text("clouds: {prod: {auth_type: none}}", encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    code, _, err = run("check", "scs", "--cloud", "prot")
    assert code == 2
    assert "Did you mean 'prod'?" in err
