"""What is told of a cloud, by a small Glance over real connections."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
from webserver import WebServer, serving

from builder.doctor.clouds import reached
from builder.doctor.finding import Finding, State
from builder.errors import CloudError
from builder.publish.cloud import rights

CREATED = 201
QUEUED = {
    "status": "queued",
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
}
TAKEN = "8d2f0d3e-0000-4000-8000-000000000000"


class SmallGlance(BaseHTTPRequestHandler):
    """Has images, or none, and answers each visibility that is to be made with a status."""

    images: ClassVar[list[dict[str, str]]] = [{"id": TAKEN}]
    statuses: ClassVar[dict[str, int]] = {}
    requested: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        if self.path.startswith("/v2/images"):
            return self._answer(200, {"images": self.images})
        if self.path.startswith("/v2/schemas"):
            schema = {"name": "image", "properties": {}, "additionalProperties": {"type": "string"}}
            return self._answer(200, schema)
        return self._answer(404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requested.append(body)
        status = self.statuses[body["visibility"]]
        self._answer(status, {**body, **QUEUED} if status == CREATED else {})

    def _answer(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, str]]:
    """What was to be made."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    SmallGlance.requested.clear()
    return SmallGlance.requested


def found(server: WebServer, home: Path, wanted: str = "private", verify: str = "true") -> Finding:
    (home / "clouds.yaml").write_text(
        f"clouds: {{small: {{auth_type: none, verify: {verify}, endpoint: '{server.url}',"
        f" image_endpoint_override: '{server.url}', auth: {{endpoint: '{server.url}'}}}}}}"
    )
    *warnings, last = reached("small", wanted)
    assert [finding.state for finding in warnings] == [State.WARNING] * (verify == "false")
    return last


POLICY = {"private": 409, "community": 409, "public": 403}


@pytest.mark.parametrize(
    ("wanted", "state"),
    [
        ("private", State.GOOD),
        ("shared", State.GOOD),
        ("community", State.GOOD),
        ("public", State.LACKING),
    ],
)
def test_what_a_profile_wants_must_be_allowed(
    asked: list[dict[str, str]], tmp_path: Path, wanted: str, state: State
) -> None:
    with serving(SmallGlance, statuses=POLICY) as server:
        told = found(server, tmp_path, wanted)
    assert told.state is state
    assert "images: allowed private, community; forbidden public." in told.seen
    assert {image["id"] for image in asked} == {TAKEN}


def test_without_an_image_nothing_is_asked(asked: list[dict[str, str]], tmp_path: Path) -> None:
    with serving(SmallGlance, statuses=POLICY, images=[]) as server:
        told = found(server, tmp_path)
    assert told.state is State.WARNING
    assert "unknown private, community, public" in told.seen
    assert asked == []


@pytest.mark.usefixtures("asked")
def test_a_schema_that_demands_properties_leaves_it_unknown(tmp_path: Path) -> None:
    with serving(SmallGlance, statuses=dict.fromkeys(POLICY, 400)) as server:
        assert found(server, tmp_path).state is State.WARNING


@pytest.mark.usefixtures("asked")
def test_an_image_that_was_made_all_the_same_is_told(tmp_path: Path) -> None:
    statuses = dict.fromkeys(POLICY, CREATED)
    with serving(SmallGlance, statuses=statuses) as server, pytest.raises(CloudError) as caught:
        found(server, tmp_path)
    assert f"made an image with the id {TAKEN}, which was in use" in caught.value.message


@pytest.mark.usefixtures("asked")
def test_a_quota_that_is_exhausted_is_told_with_its_remedy(tmp_path: Path) -> None:
    statuses = dict.fromkeys(POLICY, 413)
    with serving(SmallGlance, statuses=statuses) as server, pytest.raises(CloudError) as caught:
        found(server, tmp_path)
    assert "quota" in caught.value.hint


@pytest.mark.usefixtures("asked")
def test_a_certificate_that_is_not_checked_is_a_warning_of_its_own(tmp_path: Path) -> None:
    with serving(SmallGlance, statuses=POLICY) as server:
        assert found(server, tmp_path, verify="false").state is State.GOOD


def test_every_visibility_of_a_profile_has_a_right() -> None:
    assert {*rights.VISIBILITIES, "shared"} == {"private", "community", "public", "shared"}
