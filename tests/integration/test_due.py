"""Whether a build is due, asked of an archive that changes, lies, sleeps or is not there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apt_archive import RELEASE, AptArchive, Deb, Key, served
from samples import complete, manifest
from webserver import WebServer

from builder.build.elements import elements_paths
from builder.build.reuse import digest_of, ingredients
from builder.cli.program import main
from builder.distribution import DISTRIBUTIONS
from builder.features.registry import installed
from builder.plan.of_profile import plan_of
from builder.store.manifest import Package, write

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]

SECURITY = f"{RELEASE}-security"
NOW = datetime.now(UTC)
AT_FIRST = (Deb("libc6", "2.36-9"), Deb("openssl", "3.0.1-1", "libc6"), Deb("zstd", "1.5"))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Generator[Key]:
    key = Key(tmp_path_factory.mktemp("gpg") / "home")
    yield key
    key.end()


@pytest.fixture
def archive(tmp_path: Path, key: Key) -> AptArchive:
    archive = AptArchive(tmp_path / "archive", key)
    archive.write_all(AT_FIRST)
    return archive


@pytest.fixture
def server(archive: AptArchive) -> Generator[WebServer]:
    with served(archive) as server:
        yield server


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    def reasons(self, kind: str) -> dict[str, tuple[str, str]]:
        return {
            reason["subject"]: (reason["old"], reason["new"])
            for reason in self.data["reasons"]
            if reason["kind"] == kind
        }


class Machine:
    """A machine with a profile of this archive, a build of it, and a cache."""

    def __init__(self, root: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.cache = root / "cache"
        self.dist = root / "dist"
        self.profile = root / "night.yaml"
        self._capsys = capsys
        mirror = {"archive": url, "security": url}
        public = dict.fromkeys(mirror, "http://mirror.example.org/debian")
        self.write_profile({"mirrors": {**mirror, "in_image": public}})

    def write_profile(self, more: dict[str, Any]) -> None:
        data = json.loads(self.profile.read_text()) if self.profile.exists() else {}
        self.profile.write_text(json.dumps({**data, "extends": "base", **more}))

    def build(self, **fields: Any) -> Path:
        """A build of what the archive has at first, proven just now."""
        plan = plan_of(str(self.profile))
        parts = ingredients(plan, *elements_paths(plan, installed()))
        evidence = (
            result.model_copy(update={"at": datetime.now(UTC)}) for result in complete(plan)
        )
        made = manifest(
            plan,
            inputs=digest_of(plan, parts),
            ingredients=parts,
            created=datetime.now(UTC),
            evidence=tuple(evidence),
            packages=tuple(
                Package(name=deb.name, version=deb.version, architecture="amd64", installed_size=10)
                for deb in AT_FIRST
            ),
            **fields,
        )
        directory = self.dist / "night" / made.build
        directory.mkdir(parents=True, exist_ok=True)
        write(directory, made)
        latest = directory.parent / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(made.build)
        return directory

    def due(self, *words: str) -> Answer:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["due", str(self.profile), "--output", str(self.dist), "--json", *words])
        said = self._capsys.readouterr()
        return Answer(int(str(end.value.code)), said.out, said.err)

    def unknown(self) -> str:
        """What a run says that knows nothing for sure."""
        answer = self.due()
        assert (answer.status, answer.data["due"]) == (3, None)
        (unknown,) = answer.data["unknown"]
        assert unknown["subject"] == "packages"
        return str(unknown["error"])

    def kept(self, pattern: str) -> Path:
        (found,) = self.cache.rglob(pattern)
        return found


@pytest.fixture
def machine(
    tmp_path: Path,
    key: Key,
    server: WebServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    distribution = replace(DISTRIBUTIONS["debian-12"], keyring=str(key.keyring))
    monkeypatch.setitem(DISTRIBUTIONS, "debian-12", distribution)
    for name in ("http_proxy", "https_proxy", "DIB_DISTRIBUTION_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    machine = Machine(tmp_path, server.url, capsys)
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(machine.cache))
    return machine


# ---- what the archive has


def test_the_second_night_has_nothing_to_do(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    assert (machine.due().status, machine.due().data["reasons"]) == (10, [])
    archive.requests.clear()
    assert machine.due().status == 10
    assert {status for _, status in archive.requests} == {304}
    assert {Path(path).name for path, _ in archive.requests} == {"InRelease"}


def test_without_a_build_one_is_due_and_nobody_is_asked(
    machine: Machine, archive: AptArchive
) -> None:
    answer = machine.due()
    assert answer.status == 0
    assert answer.reasons("build") == {"night": ("never built", "a first build")}
    assert archive.requests == []


def test_an_update_is_told_with_what_it_brings_along(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    machine.due()
    archive.write(RELEASE, [*AT_FIRST[:2], Deb("zstd", "1.6", "libzstd1"), Deb("libzstd1", "1.6")])
    answer = machine.due()
    assert answer.status == 0
    assert answer.reasons("package") == {"zstd": ("1.5", "1.6"), "libzstd1": ("", "1.6")}
    assert [reason["must"] for reason in answer.data["reasons"]] == [False, False]


def test_what_nobody_has_installed_is_no_reason(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    archive.write(RELEASE, [*AT_FIRST, Deb("game", "1")])
    assert machine.due().status == 10


def test_a_security_update_is_told_with_its_age(machine: Machine, archive: AptArchive) -> None:
    machine.write_profile({"publish": {"hotfix_hours": 48}})
    machine.build()
    since = NOW - timedelta(days=3)
    archive.write(SECURITY, [Deb("openssl", "3.0.1-1+deb12u1", "libc6", since)])
    answer = machine.due()
    assert answer.reasons("security") == {"openssl": ("3.0.1-1", "3.0.1-1+deb12u1")}
    (reason,) = answer.data["reasons"]
    assert reason["must"]
    assert "there for 3 days, since" in reason["note"]
    assert f"promised by {since + timedelta(hours=48):%Y-%m-%d %H:%M}" in reason["note"]


def test_an_update_without_a_date_is_as_old_as_the_index_that_had_it_first(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    update = Deb("openssl", "3.0.1-1+deb12u1", "libc6")
    archive.write(SECURITY, [update], date=NOW - timedelta(days=2))
    (archive.root / update.path).unlink()
    (reason,) = machine.due().data["reasons"]
    assert "there for 2 days or more" in reason["note"]
    archive.write(SECURITY, [update, Deb("game", "1")], date=NOW - timedelta(hours=1))
    assert machine.due().data["reasons"] == [reason]


def test_a_version_that_the_archive_has_taken_back_is_told(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    archive.write(RELEASE, [*AT_FIRST[:2], Deb("zstd", "1.4")])
    assert machine.due().reasons("package") == {"zstd": ("1.5", "1.4")}


def test_a_package_that_another_one_ousts_is_told(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    libc = Deb("libc6", "2.37")
    archive.write(RELEASE, [libc, *AT_FIRST[1:]])
    index = archive.root / "dists" / RELEASE / "main/binary-amd64/Packages"
    text = index.read_text().replace("Version: 2.37\n", "Version: 2.37\nConflicts: zstd\n")
    index.write_text(text)
    archive.sign(RELEASE)
    reasons = machine.due().reasons("package")
    assert reasons["libc6"] == ("2.36-9", "2.37")
    assert reasons["zstd"] == ("1.5", "")


# ---- what else there is


def test_a_changed_profile_is_told_key_by_key(machine: Machine) -> None:
    machine.build()
    machine.write_profile({"packages": ["tmux"], "disk": {"extra_mib": 512}})
    answer = machine.due()
    assert answer.status == 0
    changed = answer.reasons("profile")
    assert changed["disk.extra_mib"] == ("256", "512")
    assert changed["packages"] == ("[]", '["tmux"]')


def test_a_changed_element_and_program_are_told(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    data["ingredients"]["element guest-tree"] = "0" * 12
    data["ingredients"]["diskimage-builder"] = "3.1"
    data["inputs"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(data))
    told = machine.due().reasons("ingredient")
    assert set(told) == {"element guest-tree", "diskimage-builder"}
    assert told["diskimage-builder"][0] == "3.1"


def test_a_manifest_of_an_older_version_is_judged_by_what_it_has(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    del data["ingredients"]
    (directory / "manifest.json").write_text(json.dumps(data))
    assert machine.due().status == 10
    data["inputs"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(data))
    answer = machine.due()
    assert answer.status == 0
    assert "older manifest" in answer.data["reasons"][0]["note"]
    (directory / "manifest.json").write_text('{"schema_version": 0}')
    answer = machine.due()
    assert (answer.status, answer.data["reasons"][0]["old"]) == (0, "unreadable")


def test_a_build_from_the_future_leaves_it_unknown(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    data["created"] = f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    (directory / "manifest.json").write_text(json.dumps(data))
    answer = machine.due()
    assert answer.status == 3
    assert "is from the future" in answer.data["unknown"][0]["error"]


# ---- an archive that does not answer, or not truly


def test_a_mirror_that_is_down_leaves_it_unknown(machine: Machine, server: WebServer) -> None:
    machine.build()
    assert machine.due().status == 10
    server.shutdown()
    server.server_close()
    assert "Could not fetch the package indexes of debian-12." in machine.unknown()
    machine.write_profile({"packages": ["tmux"]})
    answer = machine.due()
    assert (answer.status, answer.data["due"]) == (0, True)
    assert [unknown["subject"] for unknown in answer.data["unknown"]] == ["packages"]


def test_an_archive_of_another_key_is_not_believed(
    machine: Machine, archive: AptArchive, tmp_path: Path
) -> None:
    machine.build()
    machine.due()
    other = Key(tmp_path / "other")
    archive.write(RELEASE, AT_FIRST, key=other)
    other.end()
    assert "Could not fetch" in machine.unknown()


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        pytest.param(NOW - timedelta(days=30), "expired", id="expired"),
        pytest.param(NOW + timedelta(days=2), "not valid yet", id="not valid yet"),
    ],
)
def test_an_archive_of_another_time_is_not_believed(
    machine: Machine, archive: AptArchive, date: datetime, reason: str
) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, date=date)
    assert reason in machine.unknown()


def test_indexes_of_another_suite_are_not_believed(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, codename="trixie")
    told = machine.unknown()
    assert f"does not have the suite {RELEASE}" in told
    assert "of the suite trixie" in told


def test_an_index_that_is_not_the_signed_one_is_not_believed(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    index = archive.root / "dists" / RELEASE / "main/binary-amd64/Packages"
    index.write_text(index.read_text().replace("2.36-9", "2.36-8"))
    assert "Could not fetch" in machine.unknown()


def test_an_archive_without_the_component_leaves_it_unknown(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, component="universe")
    assert "main/binary-amd64/Packages of bookworm is not there" in machine.unknown()


def test_a_cloud_that_is_down_leaves_it_unknown(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.build()
    login = {"username": "builder", "password": "pa55word-of-the-cloud", "project_name": "images"}
    auth = {"auth_url": "http://127.0.0.1:9/v3", "user_domain_name": "Default", **login}
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(json.dumps({"clouds": {"prod": {"auth": auth}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    answer = machine.due("--cloud", "prod")
    assert (answer.status, answer.data["due"]) == (5, None)
    assert [unknown["subject"] for unknown in answer.data["unknown"]] == ["cloud prod"]
    assert "pa55word" not in answer.out + answer.err
    machine.write_profile({"packages": ["tmux"]})
    assert machine.due("--cloud", "prod").status == 0
    answer = machine.due("--cloud", "pord")
    assert (answer.status, answer.out) == (2, "")
    assert "No cloud is called 'pord'" in answer.err


# ---- the cache


@pytest.mark.parametrize(
    "pattern",
    [f"*_dists_{RELEASE}_main_binary-amd64_Packages", "answer-night.json", f"*{RELEASE}_InRelease"],
)
def test_what_was_half_written_is_fetched_or_asked_anew(machine: Machine, pattern: str) -> None:
    machine.build()
    machine.due()
    file = machine.kept(pattern)
    file.write_bytes(file.read_bytes()[:40])
    if "answer" not in pattern:
        machine.kept("answer-night.json").unlink()
    assert machine.due().status == 10


def test_a_cache_that_cannot_be_written_is_told(machine: Machine) -> None:
    machine.build()
    machine.cache.write_text("a file")
    assert "where package indexes are kept" in machine.unknown()


def test_a_keyring_that_is_missing_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution = replace(DISTRIBUTIONS["debian-12"], keyring="/nowhere/keys.gpg")
    monkeypatch.setitem(DISTRIBUTIONS, "debian-12", distribution)
    machine.build()
    assert "The keyring /nowhere/keys.gpg" in machine.unknown()


def test_nothing_but_the_cache_is_written(machine: Machine) -> None:
    machine.build()
    before = {path: path.lstat().st_mtime_ns for path in machine.dist.rglob("*")}
    machine.due()
    assert {path: path.lstat().st_mtime_ns for path in machine.dist.rglob("*")} == before


def test_indexes_that_nobody_asks_any_more_are_removed(machine: Machine) -> None:
    old = machine.cache / "indexes" / "debian-11-00000000"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    machine.build()
    machine.due()
    assert not old.exists()


# ---- secrets


def test_a_proxys_login_is_never_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.build()
    monkeypatch.setenv("http_proxy", "http://builder:pa55word-of-the-proxy@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    answer = machine.due()
    assert answer.status == 3
    assert "pa55word" not in answer.out + answer.err
    written = [path for path in machine.cache.rglob("*") if path.is_file()]
    assert written
    assert not any(b"pa55word" in path.read_bytes() for path in written)


# ---- several processes

AS_COMMAND = """
import sys
from dataclasses import replace
from builder.cli.program import main
from builder.distribution import DISTRIBUTIONS

DISTRIBUTIONS["debian-12"] = replace(DISTRIBUTIONS["debian-12"], keyring=sys.argv[1])
main(sys.argv[2:])
"""


def started(machine: Machine, key: Key, *before: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    words = ["due", machine.profile, "--output", machine.dist, "--json"]
    return subprocess.Popen(
        [*before, sys.executable, "-c", AS_COMMAND, key.keyring, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=machine.dist,
    )  # fmt: skip


def apts(machine: Machine) -> list[int]:
    """The processes that work with the machine's cache."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"APT_CONFIG={machine.cache}/".encode() in environment:
            found.append(int(process.name))
    return found


def test_two_runs_at_once_wait_for_each_other(machine: Machine, key: Key) -> None:
    machine.build()
    runs = [started(machine, key) for _ in range(3)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [10, 10, 10], ended


def test_the_next_run_completes_what_a_killed_one_began(
    machine: Machine, key: Key, archive: AptArchive
) -> None:
    machine.build()
    archive.answers.clear()
    run = started(machine, key)
    deadline = time.monotonic() + 60
    while not archive.asked and time.monotonic() < deadline:
        time.sleep(0.05)
    assert apts(machine)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=30)
    archive.answers.set()
    while apts(machine) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert apts(machine) == []
    assert machine.due().status == 10


@pytest.mark.skipif(os.geteuid() != 0, reason="as somebody else only root can run it")
def test_neither_root_nor_a_writable_checkout_is_needed(
    machine: Machine, key: Key, tmp_path: Path
) -> None:
    machine.build()
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    readable = [*nobody, "test", "-r", str(Path(__file__))]
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    key.home.parent.parent.chmod(0o755)
    key.home.parent.chmod(0o755)
    key.home.chmod(0o711)
    key.keyring.chmod(0o644)
    if subprocess.run(readable, check=False).returncode != 0:
        pytest.skip("this checkout lies where nobody else may read")
    machine.cache.mkdir()
    os.chown(machine.cache, 65534, 65534)
    run = started(machine, key, *nobody)
    said = run.communicate(timeout=120)
    assert run.returncode == 10, said
