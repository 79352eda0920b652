"""Why an ordinary user has no user namespace to build in, and what helps."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from builder.errors import HostError
from builder.host import user_namespace
from builder.host.process import Finished
from builder.host.user_namespace import become_root, run_as_root

USER = pwd.getpwuid(os.getuid()).pw_name


class Executed(Exception):
    pass


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "sys"


@pytest.fixture(autouse=True)
def _ordinary_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Path) -> None:
    """One whose namespace cannot be made, on a machine that has all and allows all."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(user_namespace, "require_tool", lambda name, _: f"/usr/bin/{name}")
    refused = Finished(1, "", "unshare: unshare failed: Operation not permitted\n")
    monkeypatch.setattr(user_namespace, "run_unchecked", lambda *_, **__: refused)
    for name in ("subuid", "subgid"):
        (tmp_path / name).write_text(f"other:100000:65536\n{USER}:165536:65536\n")
    monkeypatch.setattr(user_namespace, "SETTINGS", settings)
    monkeypatch.setattr(user_namespace, "IDS_OF", tmp_path)


def refusal() -> HostError:
    with pytest.raises(HostError, match="ordinary user's build") as caught:
        become_root()
    assert "Root can build" in caught.value.hint
    return caught.value


def test_root_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    become_root()


def test_an_ordinary_user_s_command_begins_anew_in_a_namespace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    executed: list[str] = []
    given: dict[str, str] = {}
    (tmp_path / "environ").write_bytes(b"FIRST=a=b\0KEY=taken out since\0")
    monkeypatch.setattr(user_namespace, "INITIAL", tmp_path / "environ")

    def execute(_program: str, words: list[str], variables: dict[str, str]) -> None:
        executed.extend(words)
        given.update(variables)
        raise Executed

    monkeypatch.setattr(user_namespace, "run_unchecked", lambda *_, **__: Finished(0, "", ""))
    monkeypatch.setattr(os, "execve", execute)
    monkeypatch.setattr(sys, "orig_argv", ["python", "/usr/bin/guest-image", "build", "base"])
    with pytest.raises(Executed):
        become_root()
    assert executed[:4] == ["/usr/bin/unshare", "--user", "--map-root-user", "--map-auto"]
    assert executed[-4:] == [sys.executable, "/usr/bin/guest-image", "build", "base"]
    assert given == {"FIRST": "a=b", "KEY": "taken out since"}


def test_another_command_of_it_runs_there_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_namespace, "obstacles", list)
    monkeypatch.setattr(user_namespace, "ENTER", ())
    monkeypatch.setattr(user_namespace, "require_tool", lambda *_: "/usr/bin/env")
    assert run_as_root(["--version"], {}) == 0
    assert run_as_root(["no-such-verb"], {}) == 2


@pytest.mark.parametrize(
    ("name", "value", "told", "helps"),
    [
        ("kernel/unprivileged_userns_clone", "0", "unprivileged_userns_clone is 0", "clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces is 0", "namespaces=65536"),
        (
            "kernel/apparmor_restrict_unprivileged_userns", "1",
            "apparmor_restrict_unprivileged_userns is 1", "userns=0",
        ),
    ],
)  # fmt: skip
def test_the_switch_that_forbids_namespaces_is_named(
    settings: Path, name: str, value: str, told: str, helps: str
) -> None:
    (settings / name).parent.mkdir(parents=True)
    (settings / name).write_text(f"{value}\n")
    error = refusal()
    assert told in error.details[0]
    assert f"sudo sysctl {name.replace('/', '.').rpartition('_')[0]}" in error.hint
    assert helps in error.hint


def test_a_switch_that_allows_them_is_not_named(settings: Path) -> None:
    (settings / "kernel").mkdir(parents=True)
    (settings / "kernel/unprivileged_userns_clone").write_text("1\n")
    assert refusal().details == ("unshare: unshare failed: Operation not permitted",)


@pytest.mark.parametrize(
    "text", ["", "other:100000:65536\n", f"{USER}:100000:1000\n", f"{USER}:x\n", f"{USER}::\n"]
)
def test_who_has_too_few_subordinate_ids_is_told_how_to_get_some(tmp_path: Path, text: str) -> None:
    (tmp_path / "subuid").write_text(text)
    error = refusal()
    assert error.details == (f"{tmp_path}/subuid has no 65536 ids for {USER}.",)
    assert f"usermod --add-subuids 100000-165535 {USER}" in error.hint


def test_ids_may_be_given_by_number(tmp_path: Path) -> None:
    (tmp_path / "subuid").write_text(f"{os.getuid()}:100000:65536\n")
    assert "subuid" not in str(refusal().details)


def test_without_newuidmap_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def require(name: str, package: str) -> str:
        if name == "newuidmap":
            raise HostError(f"The program '{name}' is not installed.", hint=f"Install {package}.")
        return f"/usr/bin/{name}"

    monkeypatch.setattr(user_namespace, "require_tool", require)
    error = refusal()
    assert error.details == ("The program 'newuidmap' is not installed.",)
    assert "Install uidmap." in error.hint


def test_several_reasons_are_told_at_once(settings: Path, tmp_path: Path) -> None:
    (settings / "user").mkdir(parents=True)
    (settings / "user/max_user_namespaces").write_text("0")
    for name in ("subuid", "subgid"):
        (tmp_path / name).unlink()
    assert len(refusal().details) == 3
