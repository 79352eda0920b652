"""What is secret in an address, and that it is shown nowhere."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import HostError
from builder.redaction import SHORTEST, Secrets, private_part, redacted

TOKENS = (
    "0123456789abcdef0123456789abcdef",
    "cvLPhV7V6PbbFRRB",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "6f1b7a52-0f3e-4b64-9d51-3a8c7a1d2e90",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "c2VjcmV0LW9mLTIwMjY%3D",
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://me:s3cret@proxy.example:3128", "http://<login>@proxy.example:3128"),
        ("me:s3cret@proxy.example", "<login>@proxy.example"),
        ("http://s3cret@proxy.example", "http://<login>@proxy.example"),
        ("http://me:pa@ss/w@proxy.example/", "http://<login>@proxy.example/"),
        ("https://x.example/debian?sig=s3cret&a=1", "https://x.example/debian?<secret>"),
        *((f"https://x.example/{token}/debian", "https://x.example/<>/debian") for token in TOKENS),
    ],
)
def test_an_address_is_shown_without_what_is_secret(address: str, shown: str) -> None:
    said = redacted(address)
    for token in TOKENS:
        assert token not in said
    assert shown.partition("<>")[0] in said
    assert said.endswith(shown.partition("<>")[2])
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "address",
    [
        "https://mirror.example/debian",
        "http://[2001:4860:4860::8888]:3142/debian-security/",
        "https://snapshot.example/archive/debian/20260520T000000Z",
        "https://x.example/Debian-12-Bookworm-Updates-And-Security",
        "https://x.example/NVIDIA-Linux-x86_64-550.54.15-grid.run",
        "https://x.example/repository/thirdparty-internationalization/",
    ],
)
def test_a_plain_address_stays_as_it_is_and_is_public(address: str) -> None:
    assert redacted(address) == address
    assert private_part(address) == ""


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://me:pw@mirror.example/debian", "it has a login"),
        ("https://mirror.example/debian?a=b", "it has a query"),
        *((f"https://mirror.example/{token}/debian", "looks like a token") for token in TOKENS),
        ("http://127.0.0.1/debian", "not every guest"),
        ("http://10.1.2.3:3142/debian", "not every guest"),
        ("http://169.254.169.254/debian", "not every guest"),
        ("http://[fd00::1]/debian", "not every guest"),
        ("http://[::1]/debian", "not every guest"),
        ("http://localhost:3142/debian", "not every guest"),
        ("http://cache/debian", "not every guest"),
        ("http://cache.LOCAL./debian", "not every guest"),
        ("http://cache.corp.internal/debian", "not every guest"),
        ("http://[::1/debian", "not a valid address"),
    ],
)
def test_an_address_that_is_not_for_everybody_says_why(address: str, reason: str) -> None:
    assert reason in private_part(address)


@given(st.text(), st.sampled_from(TOKENS), st.text())
def test_no_text_shows_a_token(before: str, token: str, after: str) -> None:
    secrets = Secrets([f"https://x.example/{token}/debian"])
    longest = max(token.replace(".", "-").split("-"), key=len)
    assert longest not in secrets.redact(f"{before}{token}{after}") or longest in before + after


@given(
    st.text(alphabet="abcXYZ019%!=", min_size=1, max_size=20),
    st.text(alphabet="abcXYZ019$!=/:", min_size=SHORTEST, max_size=20),
)
def test_a_password_is_shown_in_no_form(user: str, password: str) -> None:
    secrets = Secrets([f"http://{user}:{password}@proxy.example:3128"])
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
    for said in (f"login {user}:{password}@proxy", f"password {password!r}"):
        assert password not in secrets.redact(said)
    if "%" not in user:
        assert secrets.redact(f"Proxy-Authorization: Basic {encoded}").endswith("Basic <login>")


def test_a_percent_encoded_password_is_not_shown_decoded() -> None:
    secrets = Secrets(["http://me:p%40ss%20word@proxy.example"])
    assert secrets.redact("407 for me:p@ss word") == "407 for <login>"


def test_an_error_and_json_lose_their_secrets_and_nothing_else() -> None:
    secrets = Secrets(["http://me:s3cret@proxy", "http://mirror.example/debian", ""])
    error = HostError("No s3cret", details=["http://me:s3cret@proxy"], hint="s3cret")
    secrets.redact_error(error)
    assert str(error) == "No <login>\n  http://<login>@proxy\n  <login>"
    data = {"a": [1, None, True, "s3cret"], "b": {"c": ("debian", 1.5)}}
    assert secrets.redact_json(data) == {
        "a": [1, None, True, "<login>"], "b": {"c": ["debian", 1.5]},
    }  # fmt: skip


def test_without_addresses_nothing_is_secret() -> None:
    assert Secrets([]).redact("http://a:b@c") == "http://a:b@c"
