"""A published build is proven through a small cloud, or something stands in the way."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guest_lines import PROPERTIES
from samples import manifest, plan
from small_cinder import Cinder
from small_nova import flavor, serving
from small_servers import ServingNova

from builder.cli.program import main
from builder.cloud.proof.steps import guest
from builder.cloud.server import watcher
from builder.publish.cloud.image import BUILD, IDENTITY, NAME, PROFILE, SHA256
from builder.store.manifest import read, write

MANIFEST = manifest(plan("pinned-scsi"))
PUBLISHED = {
    "id": "an-image",
    "name": "pinned-scsi",
    "status": "active",
    "visibility": "private",
    "created_at": "2026-11-01T00:00:00Z",
    "updated_at": "2026-11-01T00:00:00Z",
    "size": MANIFEST.image.size,
    "os_hash_algo": "sha512",
    "os_hash_value": MANIFEST.image.sha512,
    IDENTITY: "an-image",
    PROFILE: "pinned-scsi",
    NAME: "pinned-scsi",
    BUILD: MANIFEST.build,
    SHA256: MANIFEST.image.sha256,
    **PROPERTIES,
}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    directory = tmp_path / "dist" / MANIFEST.build
    directory.mkdir(parents=True)
    write(directory, MANIFEST)
    return directory


@pytest.fixture
def run(
    tmp_path: Path, build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run ``cloud prove`` with a build and a cloud: exit code, output, errors."""
    monkeypatch.setattr(watcher, "POLL", 0.01)
    monkeypatch.setattr(guest, "POLL", 0.01)
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))

    def prove(nova: ServingNova, *words: str) -> tuple[int, str, str]:
        with serving(nova, tmp_path) as clouds:
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
            with pytest.raises(SystemExit) as left:
                main(["cloud", "prove", *(words or (str(build),)), "--cloud", "mine"])
        out, err = capsys.readouterr()
        assert "secret" not in out + err
        assert "Traceback" not in out + err
        return int(left.value.code or 0), out, err

    return prove


def cloud(**fields: Any) -> ServingNova:
    pinned = flavor("pinned-1", **{"hw:cpu_policy": "dedicated"})
    return ServingNova(flavors=[pinned], images=[PUBLISHED], **fields)


def test_what_a_server_shows_is_recorded_and_the_server_is_gone(
    run: Run, build: Path, tmp_path: Path
) -> None:
    nova = cloud()
    code, out, _ = run(nova)
    outcomes = {result.check: result.outcome for result in read(build).observations}
    assert {"failed", "error"}.isdisjoint(outcomes.values()), out
    assert outcomes["watchdog-acts"] == outcomes["root-is-on-bus"] == "passed"
    assert outcomes["volume-is-on-bus"] == outcomes["volume-discards"] == "passed"
    assert (code, nova.ended) == (0, True)
    assert nova.cinder.done == ["create", "attach", "detach", "delete"]
    assert [*(tmp_path / "cache" / "cloud-proofs").iterdir()] == []


def test_a_check_that_fails_is_recorded_and_ends_in_1(run: Run, build: Path) -> None:
    code, out, _ = run(cloud(holders=()))
    outcomes = {result.check: result.outcome for result in read(build).observations}
    assert (code, outcomes["watchdog-acts"]) == (1, "failed")
    assert "no process of the guest holds its watchdog open" in out


def test_an_old_nova_makes_no_server_without_a_network(run: Run, build: Path) -> None:
    code, _, err = run(cloud(newest="2.36"))
    assert (code, read(build).observations) == (5, ())
    assert "microversion 2.37" in err
    assert "--network" in err


def test_a_build_that_is_gone_meanwhile_is_told(run: Run, build: Path) -> None:
    class Removing(ServingNova):
        def _start(self) -> None:
            super()._start()
            shutil.rmtree(build, ignore_errors=True)

    nova = Removing(flavors=[flavor("small")], images=[PUBLISHED])
    code, _, err = run(nova)
    assert code == 3
    assert "what was observed is not recorded" in err
    assert nova.ended


def test_a_place_for_notes_that_is_none_is_told_before_a_server_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "file" / "cache"))
    nova = cloud()
    code, _, err = run(nova)
    assert (code, nova.server) == (3, None)
    assert "GUEST_IMAGE_CACHE" in err


def test_a_server_that_stays_is_told_and_cleaned_up_later(run: Run) -> None:
    nova = cloud(refusals={"forceDelete": 500})
    _, _, err = run(nova)
    assert "Server 5e4f could not be deleted" in err
    assert "guest-image cloud prove --clean --cloud mine" in err
    nova.refusals = {}
    code, out, err = run(nova, "--clean")
    assert (code, out, nova.ended) == (0, "", True)
    assert "deleted server 5e4f, which a proof had left" in err


def test_a_volume_that_stays_is_told_and_cleaned_up_later(run: Run) -> None:
    nova = cloud(cinder=Cinder(refusals={"delete": 500}))
    code, _, err = run(nova)
    assert (code, nova.ended) == (1, True)
    assert "Volume 7a3b could not be deleted" in err
    assert "guest-image cloud prove --clean --cloud mine" in err
    code, out, _ = run(nova, "--clean")
    assert (code, "Volume 7a3b could not be deleted" in out) == (1, True)
    nova.cinder.refusals = {}
    code, out, err = run(nova, "--clean")
    assert (code, out, nova.cinder.volumes) == (0, "", {})
    assert "deleted volume 7a3b, which a proof had left" in err


def test_a_volume_stays_with_its_server(run: Run) -> None:
    nova = cloud(cinder=Cinder(detached="in-use"), refusals={"forceDelete": 500})
    _, _, err = run(nova)
    assert "Volume 7a3b stays until its server is deleted." in err
    nova.refusals = {}
    code, _, err = run(nova, "--clean")
    assert (code, nova.ended, nova.cinder.volumes) == (0, True, {})
    assert "deleted server 5e4f, which a proof had left" in err
    assert "deleted volume 7a3b, which a proof had left" in err


def test_an_attachment_that_fails_refutes_nothing(run: Run, build: Path) -> None:
    code, out, _ = run(cloud(cinder=Cinder(attached="available")))
    outcomes = {result.check: result.outcome for result in read(build).observations}
    assert (code, outcomes["volume-is-on-bus"]) == (1, "error")
    assert "could not attach volume 7a3b to server 5e4f: it is available" in out
