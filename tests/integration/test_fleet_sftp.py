"""The store of a fleet on a real sshd: SFTP, keys that ssh knows, and a line that is cut."""

import time
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fleets import RELEASE, build_of, fleet_of, put
from sftp_server import Server, serving

from builder.errors import HostError
from builder.fleet.cluster.files import files_at
from builder.fleet.cluster.store import Store
from builder.store.manifest import Manifest

pytestmark = [pytest.mark.integration, pytest.mark.program("sshd", "ssh-keygen")]

MIB = 1 << 20
NAME = "20260101T000000Z-aaaaaa"


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    with serving(tmp_path / "home") as found:
        yield found


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    image = fleet_of(tmp_path, RELEASE).images[0]
    return build_of(image, datetime.now(UTC)).model_copy(update={"build": NAME})


def test_a_build_goes_there_and_comes_back(server: Server, build: Manifest, tmp_path: Path) -> None:
    server.trust()
    put(tmp_path / "one", build)
    Store(server.url).push("base", tmp_path / "one")
    Store(server.url).fetch("base", tmp_path / "other")
    there = tmp_path / "other" / "base" / "latest"
    assert there.resolve().name == NAME
    assert (there / "image.qcow2").read_bytes() == b"an image"
    names = {path.name for path in (server.home / "store" / "base" / NAME).iterdir()}
    assert names == {"image.qcow2", "manifest.json"}


def test_a_host_whose_key_nobody_knows_is_refused(server: Server) -> None:
    with pytest.raises(HostError) as caught:
        Store(server.url)
    assert "the host key of [127.0.0.1]" in str(caught.value)


def test_a_line_that_is_cut_is_told_and_the_next_attempt_completes(
    server: Server, build: Manifest, tmp_path: Path
) -> None:
    server.trust()
    put(tmp_path / "one", build)
    Store(server.url).fetch("base", tmp_path / "other")  # a connection that was good
    server.stop()
    with pytest.raises(HostError, match=r"The store .* could not be used"):
        Store(server.url)
    server.start()
    Store(server.url).push("base", tmp_path / "one")
    assert (server.home / "store" / "base" / "latest").read_text() == NAME


def test_a_large_file_does_not_wait_for_an_answer_to_each_of_its_pieces(
    server: Server, tmp_path: Path
) -> None:
    server.trust()
    large = tmp_path / "large"
    large.write_bytes(bytes(16 * MIB))
    begun = time.monotonic()
    files_at(server.url).put("image/large", large)
    assert time.monotonic() - begun < 8  # 40 ms for each of its 512 pieces are 20 s
    assert files_at(server.url).sizes("image") == {"large": 16 * MIB}


def test_what_is_made_once_is_not_made_again(server: Server) -> None:
    server.trust()
    first, second = files_at(server.url), files_at(server.url)
    assert first.create("leases/lease", b"1")
    assert not second.create("leases/lease", b"2")
    assert first.read("leases/lease") == b"1"
