"""The verbs below ``fleet``."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fake_fleet import VERBS, FakeFleet, fake_fleet

from builder.fleet.perform import Place

Run = Callable[..., tuple[int, str, str]]

MATRIX = """\
ways:
  release: {staging: staging, production: [prod]}
images:
  base:
  web:
    profile: pinned-scsi
    variants:
      distribution: [debian-12, debian-13]
      format: [raw]
    way: release
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images.yaml").write_text(MATRIX)
    return tmp_path


def test_the_plan_shows_each_images_steps_and_what_is_due(
    run: Run, here: Path, golden: Callable[[str, str], None]
) -> None:
    code, out, _ = run("fleet", "plan")
    assert code == 0
    golden(out, "fleet/plan.txt")


def test_the_plan_for_programs_is_a_graph(run: Run, here: Path) -> None:
    _, out, _ = run("fleet", "plan", here / "images.yaml", "--json")
    data = json.loads(out)
    ids = {step["id"] for step in data["steps"]}
    assert [image["name"] for image in data["images"]] == [
        "base",
        "web-debian-12-raw",
        "web-debian-13-raw",
    ]
    assert all(set(step["needs"]) <= ids for step in data["steps"])
    assert data["steps"][0] == {
        "id": "base/build",
        "image": "base",
        "kind": "build",
        "cloud": None,
        "needs": [],
        "standing": "due",
        "reason": "never built",
    }


def test_a_matrix_that_is_wrong_is_wrong_input(run: Run, here: Path) -> None:
    (here / "images.yaml").write_text("images: {base: {way: release}}")
    code, _, err = run("fleet", "plan")
    assert code == 2
    assert err.startswith("images.yaml:1:22: images.base.way: unknown way 'release'.")


def test_the_schema_is_the_committed_one(run: Run) -> None:
    _, out, _ = run("fleet", "schema")
    committed = Path(__file__).parents[3] / "profiles" / "images.schema.json"
    assert out == committed.read_text()


@pytest.fixture
def faked(here: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    """The verbs that a run starts are fakes."""
    monkeypatch.setattr("builder.cli.fleet.run.Place", partial(Place, program=VERBS))
    return fake_fleet(here, monkeypatch, "images: {base: , pinned-scsi: }")


def test_a_run_ends_with_a_table_a_page_and_junit(run: Run, faked: FakeFleet, here: Path) -> None:
    code, out, err = run("fleet", "run")
    assert code == 0
    assert out.endswith("2 of 2 images complete; steps: 4 done.\n")
    assert "base: build done: 20" in err
    assert "2 of 2 images complete" in (here / "dist/fleet.html").read_text()
    assert 'tests="4"' in (here / "dist/fleet.xml").read_text()


def test_a_run_that_fails_ends_with_the_first_failures_code(
    run: Run, faked: FakeFleet, here: Path
) -> None:
    faked.let("pinned-scsi.build", "fails", "3")
    code, out, _ = run(
        "fleet", "run", "--json", "--html", here / "a.html", "--junit", here / "a.xml"
    )
    assert code == 3
    assert [step["result"] for step in json.loads(out)] == ["done", "done", "failed", "not begun"]
    assert (here / "a.html").exists()
    assert 'failures="1"' in (here / "a.xml").read_text()
    assert not (here / "dist/fleet.html").exists()


def test_the_table_is_shown_where_the_page_cannot_be_written(
    run: Run, faked: FakeFleet, here: Path
) -> None:
    (here / "dist/fleet.html").mkdir(parents=True)
    code, out, err = run("fleet", "run")
    assert code == 3
    assert out.endswith("2 of 2 images complete; steps: 4 done.\n")
    assert "Could not write dist/fleet.html: Is a directory." in err


def test_builds_cannot_be_kept_in_a_file(run: Run, faked: FakeFleet, here: Path) -> None:
    (here / "file").touch()
    code, _, err = run("fleet", "run", "--output", here / "file" / "dist")
    assert code == 3
    assert "Could not make the directory" in err


def test_a_scheduler_and_a_store_belong_together(run: Run, here: Path) -> None:
    code, _, err = run("fleet", "run", "--scheduler", "tcp://127.0.0.1:8786")
    assert code == 2
    assert "--scheduler and --store belong together." in err


def test_a_scheduler_elsewhere_needs_the_fleets_key(run: Run, here: Path) -> None:
    words = ("--scheduler", "tcp://10.0.0.5:8786", "--store", str(here))
    code, _, err = run("fleet", "run", *words)
    assert code == 2
    assert "no key to speak to it with" in err


def test_a_key_that_cannot_be_written_is_told(run: Run, here: Path) -> None:
    code, _, err = run("fleet", "scheduler", "--key", here / "missing" / "fleet.pem")
    assert code == 3
    assert "The key could not be written" in err


def test_without_dask_it_is_told_what_to_install(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed.security", None)
    monkeypatch.delitem(sys.modules, "builder.fleet.cluster.secret", raising=False)
    code, _, err = run("fleet", "worker", "tcp://127.0.0.1:8786")
    assert code == 3
    assert "pip install 'guest-image-builder[fleet]'" in err
