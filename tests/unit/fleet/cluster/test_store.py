"""The builds that workers share, in a directory."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fleets import RELEASE, build_of, fleet_of, put

from builder.errors import HostError, ImageError, InputError
from builder.fleet.cluster.store import Store
from builder.store import manifest
from builder.store.manifest import Manifest

OLDER, NEWER = "20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb"


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    return build_of(fleet_of(tmp_path, RELEASE).images[0], datetime.now(UTC))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def named(build: Manifest, name: str) -> Manifest:
    return build.model_copy(update={"build": name})


def latest(dist: Path) -> str:
    return (dist / "base" / "latest").resolve().name


def test_what_one_machine_has_built_another_has(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    first, other = tmp_path / "one", tmp_path / "other"
    put(first, named(build, OLDER))
    store.push("base", first)
    store.fetch("base", other)
    assert latest(other) == OLDER
    assert manifest.read(other / "base" / OLDER) == manifest.read(first / "base" / OLDER)
    assert (other / "base" / OLDER / "image.qcow2").read_bytes() == b"an image"
    put(first, named(build, NEWER))
    store.push("base", first)
    store.fetch("base", other)
    assert latest(other) == NEWER


def test_new_evidence_of_a_build_that_is_there_comes_along(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    first, other = tmp_path / "one", tmp_path / "other"
    put(first, named(build.model_copy(update={"evidence": ()}), OLDER))
    store.push("base", first)
    store.fetch("base", other)
    put(first, named(build, OLDER))
    store.push("base", first)
    store.fetch("base", other)
    assert manifest.read(other / "base" / OLDER).evidence == build.evidence


def test_a_build_that_could_not_be_sent_stays_the_latest_whatever_its_clock_said(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    first, other = tmp_path / "one", tmp_path / "other"
    put(first, named(build, NEWER))
    store.push("base", first)
    store.fetch("base", other)
    put(other, named(build, OLDER))
    store.fetch("base", other)
    assert latest(other) == OLDER


def test_a_clock_that_is_ahead_does_not_make_a_build_the_latest(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    ahead, right = tmp_path / "ahead", tmp_path / "right"
    put(ahead, named(build, NEWER))
    store.push("base", ahead)
    put(right, named(build, OLDER))
    store.push("base", right)
    store.fetch("base", ahead)
    assert latest(ahead) == OLDER


def test_of_an_image_that_was_never_built_nothing_is_fetched_or_sent(
    store: Store, tmp_path: Path
) -> None:
    store.fetch("base", tmp_path / "dist")
    store.push("base", tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
    assert not (tmp_path / "store").exists()


def test_what_a_killed_worker_has_sent_in_part_is_no_build_and_is_removed(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    half = tmp_path / "store" / "base" / NEWER
    half.mkdir(parents=True)
    (half / "image.qcow2.partial").write_bytes(b"an")
    store.fetch("base", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    put(tmp_path / "one", named(build, OLDER))
    store.push("base", tmp_path / "one")
    assert not half.exists()


def test_an_image_that_was_changed_on_its_way_is_refused(
    store: Store, build: Manifest, tmp_path: Path
) -> None:
    put(tmp_path / "one", named(build, OLDER))
    store.push("base", tmp_path / "one")
    (tmp_path / "store" / "base" / OLDER / "image.qcow2").write_bytes(b"an imago")
    with pytest.raises(ImageError, match="arrived otherwise than it was made"):
        store.fetch("base", tmp_path / "other")
    assert [*(tmp_path / "other" / "base").iterdir()] == []


@pytest.mark.parametrize("name", ["../../etc", "", "latest\n/x"])
def test_a_name_that_leads_elsewhere_is_refused(name: str, store: Store, tmp_path: Path) -> None:
    (tmp_path / "store" / "base").mkdir(parents=True)
    (tmp_path / "store" / "base" / "latest").write_text(name)
    with pytest.raises(ImageError, match="has no build of base that can be named"):
        store.fetch("base", tmp_path / "other")


def test_a_store_that_cannot_be_written_is_told(build: Manifest, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    put(tmp_path / "one", named(build, OLDER))
    with pytest.raises(HostError, match=r"The store .* could not be used"):
        Store(str(tmp_path / "file" / "store")).push("base", tmp_path / "one")


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(InputError, match="is not the address of a store"):
        Store("gopher://somewhere/x")


def test_a_host_that_does_not_answer_is_told() -> None:
    with pytest.raises(HostError, match=r"The store .* could not be used"):
        Store("sftp://127.0.0.1:9/x")
