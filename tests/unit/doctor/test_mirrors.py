"""Mirrors, asked over real connections to this machine: alive, wrong, closed, silent, proxied."""

import base64
import socket
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
from profile_files import write
from webserver import serving

from builder.build import dib_environment
from builder.distribution import DISTRIBUTIONS
from builder.doctor import mirrors
from builder.doctor.finding import Finding, State
from builder.errors import InputError
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of

IN_IMAGE = "in_image: {archive: http://deb.example.org/debian, security: http://deb.example.org/s}"


class Archive(BaseHTTPRequestHandler):
    """Answers as a mirror, or as a proxy: what it was asked for is kept."""

    status = 200
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Proxy-Authorization"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"Origin:")


@pytest.fixture(autouse=True)
def quiet_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """No apt sources of whichever host runs the tests, and no memory of another test."""
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})
    Archive.asked.clear()


def building(tmp_path: Path, archive: str, security: str) -> Plan:
    """The plan of a profile that names these mirrors."""
    text = f"extends: base\nmirrors:\n  archive: {archive}\n  security: {security}\n  {IN_IMAGE}\n"
    return plan_of(write(tmp_path, text))


def asked(plan: Plan, caller: Mapping[str, str] | None = None) -> list[Finding]:
    return [*mirrors.reached(plan, caller or {})]


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_mirrors_that_answer_are_good_and_asked_for_the_release(tmp_path: Path) -> None:
    with serving(Archive) as server:
        found = asked(building(tmp_path, f"{server.url}/debian", f"{server.url}/s/"))
    assert [finding.state for finding in found] == [State.GOOD, State.GOOD]
    assert sorted(path for path, _ in Archive.asked) == [
        "/debian/dists/bookworm/InRelease",
        "/s/dists/bookworm-security/InRelease",
    ]
    assert found[0].facts["address"] == f"{server.url}/debian"
    assert found[0].subject == "mirror: archive"


def test_a_mirror_without_the_release_and_one_that_is_closed_are_told(tmp_path: Path) -> None:
    closed = closed_port()
    with serving(Archive, status=404) as server:
        missing, dead = asked(building(tmp_path, server.url, closed))
    assert {missing.state, dead.state} == {State.LACKING}
    assert "/dists/bookworm/InRelease is 404 Not Found." in missing.seen
    assert "It may lack this release." in missing.remedy
    assert f"{closed} cannot be reached: [Errno 111] Connection refused." in dead.seen
    assert "DIB_DEBIAN_SECURITY_MIRROR" in dead.remedy


def test_a_mirror_that_accepts_and_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "ANSWER_LIMIT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
        found = asked(building(tmp_path, silent, silent))
    assert all(finding.seen.endswith("cannot be reached: timed out.") for finding in found)


def test_a_proxy_is_used_and_its_login_is_nowhere_shown(tmp_path: Path) -> None:
    plan = building(tmp_path, "http://archive.example.org/debian", "http://127.0.0.1:9/s")
    with serving(Archive) as server:
        proxy = f"http://builder:verysecret@127.0.0.1:{server.server_port}"
        found = asked(plan, {"http_proxy": proxy, "no_proxy": "127.0.0.1"})
    login = base64.b64encode(b"builder:verysecret").decode()
    assert Archive.asked == [
        ("http://archive.example.org/debian/dists/bookworm/InRelease", f"Basic {login}")
    ]
    through, around = found
    assert "through the proxy http://<login>@127.0.0.1:" in through.seen
    assert through.state is State.GOOD
    assert "cannot be reached: [Errno 111]" in around.seen
    assert not [finding for finding in found if "verysecret" in repr(finding)]


def test_a_proxy_that_is_dead_is_named_without_its_login(tmp_path: Path) -> None:
    plan = building(tmp_path, "http://archive.example.org/debian", "http://archive.example.org/s")
    proxy = closed_port().replace("http://", "http://builder:verysecret@")
    found = asked(plan, {"http_proxy": proxy})
    assert {finding.state for finding in found} == {State.LACKING}
    assert "through the proxy http://<login>@127.0.0.1:" in found[0].seen
    assert "verysecret" not in repr(found)


def test_a_proxy_of_another_spelling_is_none_of_a_builds(tmp_path: Path) -> None:
    """A build passes on the variables in small letters alone."""
    with serving(Archive) as server:
        plan = building(tmp_path, server.url, server.url)
        found = asked(plan, {"HTTP_PROXY": closed_port()})
    assert {finding.state for finding in found} == {State.GOOD}


def test_a_mirror_that_a_build_would_refuse_is_refused_without_its_password() -> None:
    with pytest.raises(InputError) as caught:
        asked(plan_of("base"), {"DIB_DISTRIBUTION_MIRROR": "http://me:verysecret@10.0.0.1/d"})
    assert "verysecret" not in str(caught.value)


def test_a_mirror_that_nobody_names_is_a_warning() -> None:
    found = asked(plan_of("base"))
    assert [finding.state for finding in found] == [State.WARNING, State.WARNING]
    assert "Nobody names a mirror of kind 'security'" in found[1].seen


def test_a_mirror_of_another_format_is_asked_for_itself() -> None:
    rocky = DISTRIBUTIONS["rocky-9"]
    (mirror,) = mirrors.mirrors_of(rocky, {"DIB_DISTRIBUTION_MIRROR": "https://x.example.org/r/"})
    assert mirror.index == "https://x.example.org/r"
    assert [*mirrors.mirrors_of(replace(rocky, mirrors={}), {})] == []
