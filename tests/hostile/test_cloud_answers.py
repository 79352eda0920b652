"""Clouds that lead elsewhere, never end, or answer with what is not Glance's: exit code 5, soon."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from clouds import Answer, Cloud, Request, answering, configure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import CloudError, InputError
from builder.publish.cloud import answers
from builder.publish.cloud.glance import Glance

# A connection that is given up is closed whenever Python comes to it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SOON = 20.0
"""Seconds within which the worst of these ends; the limits themselves are shortened to two."""
IMAGE = {
    "id": "8d2f0d3e-0000-4000-8000-000000000000",
    "name": "debian",
    "status": "active",
    "visibility": "private",
    "created_at": "2026-11-01T00:00:00Z",
    "updated_at": "2026-11-01T00:00:00Z",
    "size": 3,
}
SCHEMA = {"name": "image", "properties": {}, "additionalProperties": True}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations may take two seconds."""
    operation = answers.Answers.operation
    monkeypatch.setattr(
        answers.Answers, "operation", lambda self, what, _=0: operation(self, what, 2.0)
    )


def refusal(act: Callable[[], object]) -> CloudError:
    begin = time.monotonic()
    with pytest.raises(CloudError) as caught:
        act()
    assert time.monotonic() - begin < SOON
    assert caught.value.exit_code == 5
    assert "secret" not in str(caught.value)
    return caught.value


# ---- answers that lead elsewhere


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_credentials_go_to_another_origin(cloud: Cloud, status: int) -> None:
    with answering(lambda request: request.say(200, {"images": []})) as (elsewhere, seen):
        glance = cloud(lambda request: request.say(status, Location=f"{elsewhere}/v2/images"))
        error = refusal(glance.images)
        assert "another origin" in error.message
        assert elsewhere in str(error)
        assert [dict(request.headers) for request in seen] == []


@pytest.mark.parametrize(
    "place", ["https://127.0.0.1/v2", "//evil.example/v2", "http://localhost:1/", "http://[::1]/"]
)
def test_another_scheme_host_or_port_is_another_origin(cloud: Cloud, place: str) -> None:
    glance = cloud(lambda request: request.say(302, Location=place))
    assert "another origin" in refusal(glance.images).message


def test_a_redirect_within_the_origin_is_followed(cloud: Cloud) -> None:
    def answer(request: Request) -> None:
        if request.path.startswith("/v2/images") and "moved" not in request.path:
            request.say(302, Location="/moved/v2/images")
        elif "schemas" in request.path:
            request.say(200, SCHEMA)
        else:
            request.say(200, {"images": []})

    assert cloud(answer).images() == []


# ---- answers without an end


def endless_pages(request: Request) -> None:
    if "schemas" in request.path:
        request.say(200, SCHEMA)
    else:
        request.say(200, {"images": [IMAGE], "next": "/v2/images?marker=x"})


def kind(request: Request) -> str:
    return "application/octet-stream" if request.path.endswith("/file") else "application/json"


def trickled(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Type", kind(request))
    request.send_header("Content-Length", "100000")
    request.end_headers()
    with suppress(OSError):
        for _ in range(200):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.1)


def without_end(request: Request) -> None:
    request.send_response(200)
    request.send_header("Content-Type", kind(request))
    request.end_headers()
    with suppress(OSError):
        for _ in range(4096):
            request.wfile.write(b" " * (1 << 20))


@pytest.mark.parametrize("answer", [endless_pages, trickled, without_end])
def test_what_has_no_end_is_given_up(
    cloud: Cloud, short: None, answer: Answer, capfd: pytest.CaptureFixture[str]
) -> None:
    error = refusal(cloud(answer).images)
    assert "within 2 s" in error.message or "MiB" in error.message


@pytest.mark.parametrize("answer", [trickled, without_end])
def test_data_without_an_end_is_given_up(cloud: Cloud, short: None, answer: Answer) -> None:
    glance = cloud(answer)
    error = refusal(lambda: list(glance.download("8d2f0d3e", 3)))
    assert "within 2 s" in error.message or "more data" in error.message


# ---- a login that can never come to its end


@pytest.mark.parametrize("tail", ["", "/v3", "/identity/v3"])
def test_an_identity_address_that_answers_401_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tail: str
) -> None:
    with answering(lambda request: request.say(401, {"error": {"code": 401}})) as (address, _):
        login = {"auth_url": address + tail, "username": "me", "password": "secret"}
        login |= {"project_name": "p", "user_domain_id": "default", "project_domain_id": "default"}
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configure(tmp_path, auth=login)))
        glance = Glance("mine")
        error = refusal(glance.images)
        assert "auth_url" in str(error)


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"auth": {"auth_url": "keystone.example:5000/v3"}}, "auth_url"),
        ({"auth": {"auth_url": "ftp://keystone.example"}}, "auth_url"),
        ({"auth": {"auth_url": "http://keystone.example/v3/auth/tokens"}}, "ends with the version"),
        ({"auth": {"auth_url": "http://me:secret@keystone.example/v3"}}, "login"),
        (
            {
                "auth_type": "none",
                "auth": {"endpoint": "http://[::1]:9"},
                "image_endpoint_override": "glance.example",
            },
            "image_endpoint_override",
        ),
        ({"auth": {"auth_url": "http://[::1]:9/v3"}, "region_name": "{Region}"}, "region_name"),
    ],
)
def test_an_entry_that_nobody_could_follow_is_told_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any], named: str
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configure(tmp_path, **entry)))
    with pytest.raises(InputError, match=named) as caught:
        Glance("mine")
    assert "secret" not in str(caught.value)


# ---- answers of another shape


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "body",
    [
        deep(100_000),
        '{"images": ' + deep(50_000) + "}",
        "[]",
        "null",
        "{}",
        '{"images": [7]}',
        '{"images": {"id": 7}}',
        '{"images": [{}]}',
    ],
    ids=lambda body: body[:24],
)
def test_a_list_of_another_shape_is_told(cloud: Cloud, body: str) -> None:
    def answer(request: Request) -> None:
        request.say(200, SCHEMA if "schemas" in request.path else body)

    refusal(cloud(answer).images)


@pytest.mark.parametrize(
    "change",
    [
        {"created_at": "9999-12-31T23:59:59-23:59"},
        {"created_at": "0001-01-01T00:00:00+23:59"},
        {"created_at": "yesterday"},
        {"created_at": None},
        {"name": ["a", "list"]},
        {"size": "many"},
        {"size": {"deep": {}}},
        {"tags": [{"no": "text"}]},
        {"tags": 7},
        {"min_disk": "a lot"},
        {"id": None},
        {"status": 7},
    ],
    ids=str,
)
def test_an_image_of_another_shape_is_told(cloud: Cloud, change: dict[str, Any]) -> None:
    def answer(request: Request) -> None:
        if "schemas" in request.path:
            request.say(200, SCHEMA)
        else:
            request.say(200, {"images": [{**IMAGE, **change}]})

    refusal(cloud(answer).images)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=9,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from([*IMAGE, "tags", "min_ram", "stores", "os_hidden"]), JSON),
)
def test_whatever_an_image_says_becomes_an_image_or_exit_code_5(
    cloud: Cloud, change: dict[str, Any]
) -> None:
    def answer(request: Request) -> None:
        if "schemas" in request.path:
            request.say(200, SCHEMA)
        else:
            request.say(200, {"images": [{**IMAGE, **change}]})

    try:
        cloud(answer).images()
    except CloudError as error:
        assert error.exit_code == 5  # noqa: PT017 - an image is as good


# ---- remedies


@pytest.mark.parametrize(
    ("status", "words", "helps"),
    [
        (400, "'qcow2' is not one of [None, 'raw'] Failed validating: disk_format", "disk.format"),
        (
            413,
            "number of allowed image properties. Attempted: 140, Maximum: 128",
            "publish.properties",
        ),
        (413, "number of allowed image tags. Attempted: 9, Maximum: 8", "publish.tags"),
        (413, "The limit has been exceeded: size exceeds maximum 1024", "image_size_cap"),
        (413, "Image exceeds the storage quota: over by 7", "quota"),
        (403, "Property 'hw_disk_bus' is protected", "property protections"),
        (403, "You are not authorized to complete publicize_image action.", "visibility"),
        (403, "You are not authorized to complete this action.", "operators"),
    ],
)
def test_a_refusal_is_answered_with_what_helps(
    cloud: Cloud, status: int, words: str, helps: str
) -> None:
    def answer(request: Request) -> None:
        request.say(status, f"<html><body><h1>{status}</h1>{words}</body></html>")

    error = refusal(cloud(answer).images)
    assert helps in error.hint
    assert "again" not in error.hint or "quota" in words


@pytest.mark.parametrize(
    "address",
    [
        "https://me:s3cret-canary@cloud.example/v3",
        "ftp://me:s3cret-canary@cloud.example/v3",
        "me:s3cret-canary@cloud.example",
        "http://me:s3cret-canary@[::1/v3",
        "cloud.example/v3?password=s3cret-canary",
    ],
)
@pytest.mark.parametrize("key", ["endpoint", "auth_url", "image_endpoint_override"])
def test_an_address_with_a_secret_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, key: str
) -> None:
    entry: dict[str, Any] = {"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1:9"}}
    (entry if key.endswith("override") else entry["auth"])[key] = address
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configure(tmp_path, **entry)))
    with pytest.raises(InputError) as caught:
        Glance("mine").images()
    assert key in str(caught.value)
    assert "s3cret-canary" not in str(caught.value)


def test_a_certificate_file_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing.pem"
    entry = {
        "auth_type": "none",
        "auth": {"endpoint": "https://127.0.0.1:9"},
        "cacert": str(missing),
    }
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configure(tmp_path, **entry)))
    error = refusal(Glance("mine").images)
    assert "cacert" in error.hint
    assert "again" not in error.hint
