"""Volumes of clouds whose Cinder refuses, answers something else, or is not there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import small_keystone
from clouds import Answer, Request, answering
from small_nova import Nova

from builder.cloud.api import client as api
from builder.cloud.api.client import CloudApi
from builder.cloud.proof import leftovers
from builder.cloud.proof.leftovers import at_work, end_volume, remove_left
from builder.cloud.server.servers import NAME, PROOF, Servers
from builder.cloud.server.volumes import Volumes
from builder.errors import CloudError

VOLUME: dict[str, Any] = {
    "id": "7a3b", "name": f"{NAME}-x", "status": "available", "metadata": {PROOF: "ended"},
    "created_at": "2020-01-01T00:00:00.000000",
}  # fmt: skip
SERVICES = {"compute": "/compute/v2.1", "block-storage": "/volume/v3"}

Cloud = Callable[..., CloudApi]


def versions(request: Request) -> None:
    """As Cinder tells them: only to those who have a token."""
    if "X-Auth-Token" not in request.headers:
        request.say(401, {"error": {"code": 401, "message": "Authentication required"}})
        return
    link = {"rel": "self", "href": f"http://{request.headers['Host']}/volume/v3/"}
    version = {"id": "v3.0", "status": "CURRENT", "version": "3.71", "min_version": "3.0"}
    request.say(200, {"versions": [{**version, "links": [link]}]})


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud whose Cinder answers so."""
    with ExitStack() as stack:

        def start(cinder: Answer, services: dict[str, str] = SERVICES) -> CloudApi:
            def answer(request: Request) -> None:
                if request.path.startswith("/identity"):
                    small_keystone.answer(request, services)
                elif request.path.rstrip("/") == "/volume/v3":
                    versions(request)
                elif request.path.startswith("/volume"):
                    cinder(request)
                elif "/servers" in request.path:
                    request.say(200, {"servers": []})
                else:
                    Nova().answer(request)

            address, _ = stack.enter_context(answering(answer))
            path = small_keystone.configured(tmp_path, address)
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
            return CloudApi("mine")

        yield start


def saying(body: object, status: int = 200) -> Answer:
    return lambda request: request.say(status, body)


def test_volumes_are_found_by_every_name_of_their_service(cloud: Cloud) -> None:
    for kind in ("block-storage", "volumev3", "volume"):
        volumes = Volumes(cloud(saying({"volumes": [VOLUME]}), {**SERVICES, kind: "/volume/v3"}))
        assert [volume.id for volume in volumes.of_proofs()] == ["7a3b"]


def test_a_catalogue_without_cinder_has_no_volumes(cloud: Cloud) -> None:
    volumes = Volumes(cloud(saying(""), {"compute": "/compute/v2.1"}))
    assert (volumes.supported(), volumes.of_proofs()) == (False, [])


@pytest.mark.parametrize(
    "body",
    [
        "<html>Welcome</html>", "[]", "{}", {"volume": []}, {"volume": {"id": "7a3b"}},
        {"volume": {**VOLUME, "id": 7}}, {"volume": {**VOLUME, "status": None}},
        {"volume": {**VOLUME, "created_at": "yesterday"}},
        {"volume": {**VOLUME, "metadata": {"a": {}}}}, {"volume": {**VOLUME, "name": "x" * 70000}},
        '{"volume": ' + "[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_volume_is_told(cloud: Cloud, body: object) -> None:
    volumes = Volumes(cloud(saying(body)))
    with pytest.raises(CloudError) as caught:
        volumes.get("7a3b")
    assert caught.value.hint
    with pytest.raises(CloudError):
        volumes.create("x", gib=1, metadata={})


def test_a_volume_without_a_name_and_a_zone_is_a_volume(cloud: Cloud) -> None:
    volume = Volumes(cloud(saying({"volume": {**VOLUME, "name": None}}))).require("7a3b")
    assert volume.created.tzinfo is not None


def test_no_id_of_a_volume_leads_elsewhere(cloud: Cloud) -> None:
    asked: list[str] = []

    def cinder(request: Request) -> None:
        asked.append(request.path)
        request.say(404, {"itemNotFound": {"code": 404, "message": "No."}})

    volumes = Volumes(cloud(cinder))
    assert volumes.get("../../servers/x?y=z") is None
    volumes.delete("../../servers/x?y=z")
    assert set(asked) == {"/volume/v3/volumes/..%2F..%2Fservers%2Fx%3Fy%3Dz"}


def test_pages_of_volumes_without_an_end_are_given_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "LIST_LIMIT", 20)
    link = {"rel": "next", "href": "http://elsewhere/volumes/detail?marker=x"}
    with pytest.raises(CloudError, match="more than 20"):
        Volumes(cloud(saying({"volumes": [VOLUME], "volumes_links": [link]}))).of_proofs()


def test_volumes_of_others_are_left_alone(cloud: Cloud) -> None:
    others = [{**VOLUME, "metadata": {}}, {**VOLUME, "name": "theirs"}, {**VOLUME, "name": None}]
    assert Volumes(cloud(saying({"volumes": others}))).of_proofs() == []


def test_a_volume_that_is_never_let_go_is_told(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "END_LIMIT", 0.0)
    volumes = Volumes(cloud(saying({"volume": {**VOLUME, "status": "in-use"}})))
    assert "Volume 7a3b is still in-use" in end_volume(volumes, "7a3b")


def test_a_cinder_that_does_not_answer_does_not_hide_what_is_left(
    cloud: Cloud, tmp_path: Path
) -> None:
    api = cloud(saying("<html>Bad Gateway</html>", 502))
    gone, stay = remove_left(Servers(api), Volumes(api), "here", tmp_path / "home")
    assert gone == []
    assert "Whether a proof has left volumes is not known" in stay[0]
    assert "HTTP 502" in stay[0]


def deleting(listed: list[dict[str, Any]]) -> Answer:
    """A Cinder with one volume, which can be deleted; these are in its lists."""
    there = [VOLUME]

    def cinder(request: Request) -> None:
        if request.command == "DELETE":
            there.clear()
        if "detail" in request.path:
            request.say(200, {"volumes": listed})
        elif there:
            request.say(200, {"volume": VOLUME})
        else:
            request.say(404, {"itemNotFound": {"code": 404, "message": "No."}})

    return cinder


def test_a_volume_that_was_noted_is_deleted_though_it_is_not_listed(
    cloud: Cloud, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with at_work(home, "here") as proof:
        proof.note(volume="7a3b")
    api = cloud(deleting([]))
    assert remove_left(Servers(api), Volumes(api), "elsewhere", home) == ([], [])
    assert len([*home.iterdir()]) == 1
    assert remove_left(Servers(api), Volumes(api), "here", home) == (["volume 7a3b"], [])
    assert [*home.iterdir()] == []


def test_a_volume_of_another_machines_proof_is_deleted_when_it_is_old(
    cloud: Cloud, tmp_path: Path
) -> None:
    api = cloud(deleting([VOLUME]))
    gone, stay = remove_left(Servers(api), Volumes(api), "here", tmp_path / "home")
    assert (gone, stay) == (["volume 7a3b"], [])
