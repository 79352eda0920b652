"""Clouds whose Nova is not found, lets nobody in, or comes to no end: exit code 5, and why."""

import gc
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import small_keystone
from clouds import Answer, Request, answering, configure
from small_nova import Nova, flavor

from builder.cloud.api import client
from builder.cloud.api.client import CloudApi
from builder.cloud.check.look import flavors
from builder.cloud.server.servers import Servers
from builder.errors import CloudError

SOON = 20.0

Cloud = Callable[[Answer], CloudApi]


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud whose every service, and whose Keystone, answers so."""
    with ExitStack() as stack:

        def start(answer: Answer) -> CloudApi:
            address, _ = stack.enter_context(answering(answer))
            path = small_keystone.configured(tmp_path, address)
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
            return CloudApi("mine")

        yield start
    with warnings.catch_warnings():
        # A CloudApi keeps its connections as long as a command lasts; here they end with the test.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def refusal(act: Callable[[], object]) -> CloudError:
    begin = time.monotonic()
    with pytest.raises(CloudError) as caught:
        act()
    assert time.monotonic() - begin < SOON
    assert caught.value.hint
    assert "secret" not in str(caught.value)
    return caught.value


def with_catalogue(services: dict[str, str], nova: Nova | None = None) -> Answer:
    def answer(request: Request) -> None:
        if request.path.startswith("/identity"):
            small_keystone.answer(request, services)
        else:
            (nova or Nova()).answer(request)

    return answer


@pytest.mark.parametrize("path", ["/compute", "/compute/", "/compute/v2.1", "/compute/v2.1/"])
def test_novas_address_may_stand_above_its_versions(cloud: Cloud, path: str) -> None:
    nova = Nova(flavors=[flavor()])
    there = flavors(cloud(with_catalogue({"compute": path}, nova)))
    assert [flavor.name for flavor in there] == ["small"]


def test_credentials_that_are_refused_are_told(cloud: Cloud) -> None:
    def answer(request: Request) -> None:
        if request.command == "POST":
            words = "The request you have made requires authentication."
            request.say(401, {"error": {"code": 401, "message": words, "title": "Unauthorized"}})
        else:
            small_keystone.answer(request, {})

    error = refusal(lambda: flavors(cloud(answer)))
    assert error.status == 401
    assert "credentials" in error.hint


def test_a_catalogue_without_nova_is_told(cloud: Cloud) -> None:
    error = refusal(lambda: flavors(cloud(with_catalogue({"image": "/image"}))))
    assert error.status == 404
    assert "no address" in str(error)
    assert "openstack catalog list" in error.hint


def test_a_catalogue_without_neutron_is_told(cloud: Cloud) -> None:
    servers = Servers(cloud(with_catalogue({"compute": "/compute/v2.1"})))
    error = refusal(servers.networks)
    assert error.status == 404
    assert "openstack catalog list" in error.hint


def test_a_cloud_that_nobody_answers_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(lambda request: request.say(200)) as (address, _):
        pass
    path = configure(tmp_path, auth_type="none", auth={"endpoint": address})
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    error = refusal(lambda: CloudApi("mine").newest("compute"))
    assert error.status == 0


@pytest.mark.parametrize("body", ["[7]", '{"versions": 7}', '{"version": {"id": 7}}', "<html>"])
def test_a_version_of_another_shape_is_told(cloud: Cloud, body: str) -> None:
    def answer(request: Request) -> None:
        if request.path.startswith("/identity"):
            small_keystone.answer(request, {"compute": "/compute"})
        else:
            request.say(200, body)

    refusal(lambda: flavors(cloud(answer)))


def paged(page: dict[str, Any]) -> Answer:
    """Nova's pages of flavors, each with a next one."""

    def answer(request: Request) -> None:
        if request.path.startswith("/compute/v2.1/flavors"):
            link = {"rel": "next", "href": "http://elsewhere/flavors/detail?marker=x"}
            request.say(200, {**page, "flavors_links": [link]})
        else:
            with_catalogue({"compute": "/compute/v2.1"})(request)

    return answer


def test_pages_without_an_end_are_given_up(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LIST_LIMIT", 20)
    error = refusal(lambda: flavors(cloud(paged({"flavors": [flavor()]}))))
    assert "more than 20" in error.message


def test_pages_that_come_too_slowly_are_given_up(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "OPERATION_LIMIT", 1.0)
    error = refusal(lambda: flavors(cloud(paged({"flavors": [flavor()]}))))
    assert "within 1 s" in error.message


def test_an_empty_page_is_the_last_one(cloud: Cloud) -> None:
    assert flavors(cloud(paged({"flavors": []}))) == ()
