"""The store of a fleet on a real S3 server: whole builds, uploads that end early, a line cut."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import s3fs
from botocore import auth
from fake_fleet import fake_fleet
from fleet_cluster import running
from fleets import RELEASE, build_of, fleet_of, put
from swift_server import ACCESS, BUCKET, SECRET, SwiftServer
from waiting import wait_until

from builder.errors import HostError, ImageError
from builder.fleet.cluster.files import files_at
from builder.fleet.cluster.store import Store
from builder.fleet.job import Result
from builder.store.manifest import Manifest

pytestmark = [pytest.mark.integration]

NAME, OTHER = "20260101T000000Z-aaaaaa", "20260102T000000Z-bbbbbb"
URL = f"s3://{BUCKET}/night/builds"
LARGE = 110 << 20
"""Bytes that are sent in parts, of 50 MiB each."""


def client_of(server: SwiftServer) -> s3fs.S3FileSystem:
    return s3fs.S3FileSystem(
        key=ACCESS,
        secret=SECRET,
        endpoint_url=server.url,
        skip_instance_cache=True,
        use_listings_cache=False,
    )


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Generator[SwiftServer]:
    server = SwiftServer(tmp_path_factory.mktemp("swift"), "root")
    try:
        server.start()
        client_of(server).mkdir(BUCKET)
        yield server
    finally:
        server.stop()


@pytest.fixture
def client(swift: SwiftServer, monkeypatch: pytest.MonkeyPatch) -> Generator[s3fs.S3FileSystem]:
    """The bucket as others see it; what a test has left there is removed."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", swift.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    found = client_of(swift)
    yield found
    for path in found.ls(BUCKET):
        found.rm(path, recursive=True)


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    image = fleet_of(tmp_path, RELEASE).images[0]
    return build_of(image, datetime.now(UTC)).model_copy(update={"build": NAME})


def uploads(client: s3fs.S3FileSystem) -> list[str]:
    found = client.call_s3("list_multipart_uploads", Bucket=BUCKET)
    return [upload["Key"] for upload in found.get("Uploads", ())]


def test_a_build_goes_there_and_comes_back(
    client: s3fs.S3FileSystem, build: Manifest, tmp_path: Path
) -> None:
    content = os.urandom(1 << 20) * (LARGE >> 20)
    file = build.image.model_copy(
        update={"size": LARGE, "sha256": hashlib.sha256(content).hexdigest()}
    )
    directory = put(tmp_path / "one", build.model_copy(update={"image": file}))
    (directory / "image.qcow2").write_bytes(content)
    Store(URL).push("base", tmp_path / "one")
    Store(URL).fetch("base", tmp_path / "other")
    there = tmp_path / "other" / "base" / "latest"
    assert there.resolve().name == NAME
    assert (there / "image.qcow2").read_bytes() == content
    names = {Path(path).name for path in client.ls(f"{BUCKET}/night/builds/base/{NAME}")}
    assert names == {"image.qcow2", "manifest.json"}
    assert uploads(client) == []


def test_an_upload_that_is_killed_is_no_build_and_leaves_nothing(
    client: s3fs.S3FileSystem, build: Manifest, tmp_path: Path
) -> None:
    directory = put(tmp_path / "one", build.model_copy(update={"build": OTHER}))
    os.truncate(directory / "image.qcow2", 20 * LARGE)
    script = (
        "import sys; from pathlib import Path; from builder.fleet.cluster.store import Store;"
        "Store(sys.argv[1]).push('base', Path(sys.argv[2]))"
    )
    sends = subprocess.Popen([sys.executable, "-c", script, URL, str(tmp_path / "one")])
    try:
        wait_until(lambda: bool(uploads(client)), "an upload begins", 60)
    finally:
        sends.kill()
        sends.wait(10)
    assert len(uploads(client)) == 1
    Store(URL).fetch("base", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    put(tmp_path / "next", build)
    Store(URL).push("base", tmp_path / "next")
    assert uploads(client) == []
    assert client.ls(f"{BUCKET}/night/builds/base") == [
        f"{BUCKET}/night/builds/base/{NAME}", f"{BUCKET}/night/builds/base/latest",
    ]  # fmt: skip


def test_a_build_whose_manifest_has_not_arrived_is_removed(
    client: s3fs.S3FileSystem, build: Manifest, tmp_path: Path
) -> None:
    half = f"{BUCKET}/night/builds/base/{OTHER}"
    client.pipe_file(f"{half}/image.qcow2", b"an image")
    put(tmp_path / "one", build)
    Store(URL).push("base", tmp_path / "one")
    assert not client.exists(half)


def test_an_image_that_was_changed_there_is_refused(
    client: s3fs.S3FileSystem, build: Manifest, tmp_path: Path
) -> None:
    put(tmp_path / "one", build)
    Store(URL).push("base", tmp_path / "one")
    client.pipe_file(f"{BUCKET}/night/builds/base/{NAME}/image.qcow2", b"an imago")
    with pytest.raises(ImageError, match="arrived otherwise than it was made"):
        Store(URL).fetch("base", tmp_path / "other")
    assert [*(tmp_path / "other" / "base").iterdir()] == []


@pytest.mark.usefixtures("client")
def test_a_line_that_is_cut_is_told_and_the_next_attempt_completes(
    swift: SwiftServer, build: Manifest, tmp_path: Path
) -> None:
    put(tmp_path / "one", build)
    store = Store(URL)
    swift.cut()
    try:
        for attempt in (lambda: Store(URL), lambda: store.push("base", tmp_path / "one")):
            with pytest.raises(HostError, match=f"The store {URL} could not be used"):
                attempt()
    finally:
        swift.reconnect()
    store.push("base", tmp_path / "one")
    Store(URL).fetch("base", tmp_path / "other")
    assert (tmp_path / "other" / "base" / "latest").resolve().name == NAME


@pytest.mark.usefixtures("client")
def test_what_is_made_once_is_not_made_again() -> None:
    first, second = files_at(URL), files_at(URL)
    assert first.create("lease", b"1")
    assert not second.create("lease", b"2")
    assert first.read("lease") == b"1"


@pytest.mark.usefixtures("client")
def test_wrong_keys_and_a_bucket_that_is_not_there_are_told_without_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(HostError) as no_bucket:
        Store("s3://nobody-has-it/x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-key-of-mine")
    with pytest.raises(HostError) as wrong:
        Store(URL)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(HostError) as none:
        Store(URL)
    for caught in (no_bucket, wrong, none):
        told = f"{caught.value} {caught.value.details} {caught.value.hint}"
        assert "AWS_ACCESS_KEY_ID" in caught.value.hint
        assert "another-key-of-mine" not in told


@pytest.mark.usefixtures("client")
def test_a_server_that_makes_twice_what_is_there_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = files_at(URL)
    client = files._files  # noqa: SLF001 - what it sends has no If-None-Match then
    real = client.pipe_file
    monkeypatch.setattr(client, "pipe_file", lambda path, content, **_: real(path, content))
    with pytest.raises(HostError, match=f"The store {URL} cannot keep two fleets apart"):
        files.create("lease", b"1")


@pytest.mark.usefixtures("client")
def test_a_clock_an_hour_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = auth.get_current_datetime
    with monkeypatch.context() as clock:
        ahead = timedelta(hours=1)
        clock.setattr(auth, "get_current_datetime", lambda *words: real(*words) + ahead)
        with pytest.raises(HostError) as caught:
            Store(URL)
    assert caught.value.hint.startswith("The clock of this machine or of the server is wrong")


@pytest.mark.usefixtures("client")
def test_two_workers_share_builds_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = fake_fleet(tmp_path, monkeypatch, "images: {base: }")
    with running(tmp_path) as cluster:
        cluster.store = URL
        cluster.start_worker()
        cluster.start_worker()
        outcomes = cluster.run(fleet)
        again = cluster.run(fleet)
    assert [outcome.told for outcome in outcomes.values() if not outcome.good] == []
    assert {outcome.result for outcome in again.values()} == {Result.KEPT}
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == 1
