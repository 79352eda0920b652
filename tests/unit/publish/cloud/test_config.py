"""What is said of a wrong clouds.yaml, and of answers that are not Glance's."""

import io
import os
import re
from pathlib import Path

import pytest
from glanceclient import exc
from keystoneauth1 import exceptions as auth_exc
from requests import Response

from builder.errors import CloudError, InputError
from builder.publish.cloud.config import region
from builder.publish.cloud.glance import Glance

AUTH = "auth: {auth_url: 'http://127.0.0.1:9/v3', username: u, password: p, project_name: x}"


@pytest.fixture(autouse=True)
def clouds_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clouds: [mine]", "below 'clouds' each cloud is a mapping"),
        ("clouds:", "openstacksdk cannot read it"),
        ("- mine", "not a valid mapping"),
        ("clouds: {mine: hello}", "The cloud mine is 'hello', not a mapping"),
        ("clouds: {mine: }", "The cloud mine is nothing, not a mapping"),
        ("clouds: {mine: [", "while parsing a flow node"),
        ("clouds:\n\tmine: {}", "cannot start any token"),
        ("clouds: {mine: {auth: hello}}", "openstacksdk cannot read it"),
        ("clouds: {mine: {region_name: x}}", "auth_url"),
        (f"clouds: {{mine: {{auth_type: bogus, {AUTH}}}}}", "bogus"),
        (f"clouds: {{mine: {{api_timeout: soon, {AUTH}}}}}", "api_timeout of mine is 'soon'"),
        (f"clouds: {{mine: {{api_timeout: -1, {AUTH}}}}}", "api_timeout of mine is"),
    ],
)
def test_what_is_wrong_in_it_is_told(clouds_yaml: Path, text: str, said: str) -> None:
    clouds_yaml.write_text(text)
    with pytest.raises(InputError, match=re.escape(said)) as error:
        Glance("mine")
    assert error.value.message == "The configuration of clouds is wrong."


@pytest.mark.parametrize(
    "address",
    ["cloud:5000/v3", "https:/cloud", "https://", "https://cloud:port/v3", "https://cloud:99999",
     "https://<host>/v3", "https://cl oud/v3", "https://[::1/v3", "ftp://cloud",
     "https://cloud/v3 ", "https://{host}/v3", "https://cloud/{project}/v3"],
)  # fmt: skip
def test_an_address_that_nobody_can_ask_is_told(clouds_yaml: Path, address: str) -> None:
    clouds_yaml.write_text(
        f"clouds: {{mine: {{{AUTH.replace('http://127.0.0.1:9/v3', address)}}}}}"
    )
    with pytest.raises(InputError, match="auth_url of mine is"):
        region("mine", 5)


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("https://cloud/v3/auth/tokens", "https://cloud/v3"),
        ("https://cloud:5000/identity/v2.0//tokens", "https://cloud:5000/identity/v2.0"),
        ("https://cloud/v3?domain=x", "https://cloud/v3"),
        ("https://cloud/#/v3", "https://cloud/"),
    ],
)
def test_an_address_behind_the_version_is_told(clouds_yaml: Path, address: str, root: str) -> None:
    clouds_yaml.write_text(
        f"clouds: {{mine: {{{AUTH.replace('http://127.0.0.1:9/v3', address)}}}}}"
    )
    seen = address.replace("domain=x", "<secret>")
    said = f"auth_url of mine is '{seen}': it ends with the version, '{root}'."
    with pytest.raises(InputError, match=re.escape(said)):
        region("mine", 5)


def test_braces_in_another_text_are_told_without_it(clouds_yaml: Path) -> None:
    clouds_yaml.write_text(f"clouds: {{mine: {{app_name: 'ca{{nary}}', {AUTH}}}}}")
    with pytest.raises(InputError, match="app_name of mine has braces") as error:
        region("mine", 5)
    assert "nary" not in str(error.value)


@pytest.mark.parametrize(
    "address", ["HTTPS://Cloud_1.example:5000/v3", "http://[fe80::1%25lo]:5/", "https://c/v3/"]
)
def test_an_address_that_can_be_asked_is_taken(clouds_yaml: Path, address: str) -> None:
    clouds_yaml.write_text(
        f"clouds: {{mine: {{{AUTH.replace('http://127.0.0.1:9/v3', address)}}}}}"
    )
    assert region("mine", 5).config["auth"]["auth_url"] == address


@pytest.mark.parametrize(("extra", "seconds"), [("", 300.0), ("api_timeout: 7,", 7.0)])
def test_an_answer_has_a_limit(clouds_yaml: Path, extra: str, seconds: float) -> None:
    clouds_yaml.write_text(f"clouds: {{mine: {{{extra} {AUTH}}}}}")
    assert region("mine", 300.0).config["api_timeout"] == seconds


@pytest.mark.parametrize(
    ("status", "body"), [(200, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (204, b"")]
)
def test_an_answer_that_is_not_glances_is_told(
    clouds_yaml: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    def answer(*_: object, **__: object) -> Response:
        response = Response()
        response.status_code = status
        response.headers["Content-Type"] = "application/json"
        response.raw = io.BytesIO(body)
        return response

    clouds_yaml.write_text("clouds: {mine: {auth_type: none, auth: {endpoint: 'http://[::1]:9'}}}")
    monkeypatch.setattr("requests.Session.request", answer)
    glance = Glance("mine")
    with pytest.raises(CloudError, match="could not"):
        glance.images()
    with pytest.raises(CloudError, match="could not"):
        glance.image("8d2f0d3e")
    with pytest.raises(CloudError):
        list(glance.download("8d2f0d3e", 9))


def test_a_cloud_that_is_not_there_is_told_with_those_that_are(clouds_yaml: Path) -> None:
    clouds_yaml.write_text(f"clouds: {{mine: {{{AUTH}}}, yours: {{{AUTH}}}}}")
    with pytest.raises(InputError, match=r"'mein'(?s:.*)mine and yours(?s:.*)Did you mean 'mine'"):
        region("mein", 5)
    clouds_yaml.unlink()
    with pytest.raises(InputError, match=r"There is no clouds\.yaml"):
        region("mine", 5)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (auth_exc.Unauthorized("no"), "Check the credentials"),
        (exc.CommunicationError("nobody there"), "Check the network"),
        (auth_exc.ClientException("odd"), "Check the cloud's entry in clouds.yaml"),
        (exc.HTTPConflict("odd"), "See what is there with guest-image list"),
    ],
)
def test_what_a_client_raises_is_told_with_what_helps(
    clouds_yaml: Path, error: Exception, hint: str
) -> None:
    clouds_yaml.write_text("clouds: {mine: {auth_type: none, auth: {endpoint: 'http://[::1]:9'}}}")
    with pytest.raises(CloudError) as caught, Glance("mine").answering("list its images"):
        raise error
    assert hint in caught.value.hint
