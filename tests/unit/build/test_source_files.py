"""Files that a profile brings along: how they are named, and that they are what was meant."""

import hashlib
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
from samples import plan
from webserver import serving

from builder.build import source_files
from builder.build.reuse import inputs_digest
from builder.build.source_files import fetch_sources
from builder.errors import BuilderError, HostError, InputError
from builder.feature.source_file import SourceFile
from builder.features.registry import shipped
from builder.host.paths import elements_path
from builder.plan.merge import make_plan
from builder.plan.model import from_json, to_json
from builder.profile.load import load
from builder.profile.yaml import SourceError

CONTENT = b"a driver"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def profile(path: Path, driver: str, sha256: str = SHA256, extends: str = "base") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"extends: {extends}\nfeatures:\n  vgpu:\n    driver: {driver}\n    sha256: '{sha256}'\n"
    )
    return path


def files(path: Path) -> tuple[SourceFile, ...]:
    return make_plan(load(str(path), shipped()), shipped()).files


# ---- names


def test_a_path_is_relative_to_the_file_that_it_stands_in(tmp_path: Path) -> None:
    profile(tmp_path / "shared/parent.yaml", "drivers/a_1.deb")
    child = tmp_path / "mine/child.yaml"
    child.parent.mkdir()
    child.write_text("extends: ../shared/parent.yaml\nfeatures: {vgpu: {module: hello}}\n")
    (file,) = files(child)
    assert Path(file.source).resolve() == (tmp_path / "shared/drivers/a_1.deb").resolve()
    assert file.name == "a_1.deb"


def test_a_relative_profile_gives_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(tmp_path / "mine.yaml", "./a.deb")
    monkeypatch.chdir(tmp_path)
    (file,) = files(Path("./mine.yaml"))
    assert Path(file.source) == Path.cwd() / "a.deb"


def test_an_address_stays_as_it_is_and_its_name_is_the_last_part(tmp_path: Path) -> None:
    address = "https://files.example/gpu/a.tar.xz?token=1"
    (file,) = files(profile(tmp_path / "mine.yaml", address))
    assert (file.source, file.name) == (address, "a.tar.xz")


@pytest.mark.parametrize(
    ("driver", "sha256", "reason"),
    [
        ("ftp://files.example/a.deb", SHA256, "is not an address that a file can be fetched from"),
        ("https://me:secret@files.example/a.deb", SHA256, "without a password"),
        ("a b.deb", SHA256, "does not end with a plain file name"),
        ("drivers/", SHA256, "does not end with a plain file name"),
        ("installer.run", SHA256, "'installer.run' is not a driver that can be built"),
        ("a.deb", "0" * 63, "a SHA-256 has 64 digits"),
        ("a.deb", "", "a SHA-256 has 64 digits"),
    ],
)
def test_what_names_no_file_is_refused(
    tmp_path: Path, driver: str, sha256: str, reason: str
) -> None:
    with pytest.raises(SourceError) as refused:
        files(profile(tmp_path / "mine.yaml", driver, sha256))
    assert reason in str(refused.value)


def test_a_driver_without_its_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: base\nfeatures: {vgpu: {driver: a.deb}}\n")
    with pytest.raises(SourceError, match="'driver' has no meaning without 'sha256'"):
        files(path)


# ---- in the plan


def test_another_content_has_another_digest(tmp_path: Path) -> None:
    def digest(sha256: str) -> str:
        path = profile(tmp_path / "mine.yaml", "a.deb", sha256)
        return inputs_digest(make_plan(load(str(path), shipped()), shipped()), elements_path())

    assert digest(SHA256) == digest(SHA256)
    assert digest(SHA256) != digest("0" * 64)


def test_the_files_come_back_from_the_plans_json(tmp_path: Path) -> None:
    path = profile(tmp_path / "mine.yaml", "a.deb")
    planned = make_plan(load(str(path), shipped()), shipped())
    assert from_json(to_json(planned)) == planned


def test_a_plan_of_before_there_were_files_is_still_read() -> None:
    data = to_json(plan("base"))
    del data["files"]
    assert from_json(data).files == ()


# ---- at the build


class Server(BaseHTTPRequestHandler):
    """Serves one driver whole and one in part, and counts."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/missing.deb":
            self.send_error(404)
            return
        self.send_response(200)
        surplus = 10 if self.path == "/cut.deb" else 0
        self.send_header("Content-Length", str(len(CONTENT) + surplus))
        self.end_headers()
        self.wfile.write(CONTENT)


@pytest.fixture
def server() -> Iterator[str]:
    Server.asked.clear()
    with serving(Server) as running:
        yield running.url


Provide = Callable[[SourceFile], Path]


@pytest.fixture
def provided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provide:
    """The directory in which a file was put."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "files").mkdir()

    def put(file: SourceFile) -> Path:
        fetch_sources([file], tmp_path / "files", tmp_path / "cache", lambda _: None)
        return tmp_path / "files"

    return put


def test_a_local_file_is_copied_and_verified(tmp_path: Path, provided: Provide) -> None:
    (tmp_path / "a.deb").write_bytes(CONTENT)
    assert (provided(SourceFile(str(tmp_path / "a.deb"), SHA256)) / "a.deb").read_bytes() == CONTENT


def test_an_address_is_fetched_once_and_kept_by_its_checksum(
    server: str, tmp_path: Path, provided: Provide
) -> None:
    file = SourceFile(f"{server}/a.deb", SHA256)
    for _ in range(2):
        assert (provided(file) / "a.deb").read_bytes() == CONTENT
    assert Server.asked == ["/a.deb"]
    (tmp_path / "cache" / SHA256).write_bytes(b"spoiled")
    assert (provided(file) / "a.deb").read_bytes() == CONTENT
    assert Server.asked == ["/a.deb", "/a.deb"]


def refused(provided: Provide, file: SourceFile, kind: type[BuilderError]) -> str:
    with pytest.raises(kind) as error:
        provided(file)
    return str(error.value)


def test_another_file_than_the_one_that_was_meant_is_refused_and_not_left(
    server: str, tmp_path: Path, provided: Provide
) -> None:
    (tmp_path / "a.deb").write_bytes(b"another driver")
    for source in (str(tmp_path / "a.deb"), f"{server}/a.deb"):
        said = refused(provided, SourceFile(source, "0" * 64), InputError)
        assert f"{source} is not the file that the profile names." in said
        assert "found " in said
    assert [*(tmp_path / "files").iterdir()] == []
    assert not [*(tmp_path / "cache").iterdir()]


def test_a_missing_file_is_named(tmp_path: Path, provided: Provide) -> None:
    said = refused(provided, SourceFile(str(tmp_path / "no.deb"), SHA256), InputError)
    assert "no.deb cannot be read: No such file or directory." in said


def test_a_server_that_refuses_is_told_from_one_that_is_not_there(
    server: str, provided: Provide
) -> None:
    said = refused(provided, SourceFile(f"{server}/missing.deb", SHA256), InputError)
    assert "the server answers 404" in said
    said = refused(provided, SourceFile("http://127.0.0.1:9/a.deb", SHA256), HostError)
    assert "Connection refused" in said


def test_a_file_that_was_cut_off_is_not_taken_for_another(server: str, provided: Provide) -> None:
    said = refused(provided, SourceFile(f"{server}/cut.deb", SHA256), HostError)
    assert "was not fetched whole" in said


# ---- what cannot be an image's file


def test_what_is_no_file_is_not_read(provided: Provide, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is not a regular file"):
        provided(SourceFile(str(tmp_path / "pipe"), SHA256))


def test_what_is_too_large_is_not_read(
    provided: Provide, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.deb").write_bytes(CONTENT)
    monkeypatch.setattr(source_files, "SIZE_LIMIT", 0)
    with pytest.raises(InputError, match="has more than 0 GiB"):
        provided(SourceFile(str(tmp_path / "a.deb"), SHA256))
    with pytest.raises(InputError, match="sends more than 0 GiB"):
        provided(SourceFile(f"{server}/a.deb", SHA256))


def test_what_trickles_is_given_up(
    provided: Provide, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "FETCH_LIMIT", -1.0)
    with pytest.raises(HostError, match=r"was not fetched within(?s:.*)get the file yourself"):
        provided(SourceFile(f"{server}/a.deb", SHA256))
