"""The key of a fleet, and who needs it."""

import stat
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from builder.errors import InputError
from builder.fleet.cluster import secret
from builder.fleet.cluster.secret import is_loopback, make_secret, security_for, spoken


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = tmp_path / "fleet.pem"
    make_secret(key)
    content = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    make_secret(key)
    assert key.read_text() == content
    security = security_for("tcp://10.0.0.5:8786", key)
    assert security.require_encryption
    assert spoken("tcp://10.0.0.5:8786", security) == "tls://10.0.0.5:8786"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"])
def test_on_loopback_no_key_is_needed(host: str) -> None:
    security = security_for(f"tcp://{host}:8786", None)
    assert not security.require_encryption
    assert spoken(f"tcp://{host}:8786", security) == f"tcp://{host}:8786"


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.5:8786", "tls://build-1:8786", "tcp://0.0.0.0:1"]
)
def test_another_machine_is_not_spoken_to_without_a_key(address: str) -> None:
    with pytest.raises(InputError, match="no key to speak to it with"):
        security_for(address, None)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5:8786",
        "http://10.0.0.5:8786",
        "tcp://",
        "",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:99999",
        "tcp://127.0.0.1:port",
    ],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(InputError, match="is not the address of a scheduler"):
        security_for(address, None)


@pytest.mark.parametrize("content", [None, b"", b"no key", b"\xff"])
def test_what_is_no_key_is_told(content: bytes | None, tmp_path: Path) -> None:
    key = tmp_path / "fleet.pem"
    if content is not None:
        key.write_bytes(content)
    with pytest.raises(InputError, match="is not the key of a fleet"):
        security_for("tcp://10.0.0.5:8786", key)


def test_a_certificate_without_its_private_key_is_no_key(tmp_path: Path) -> None:
    key, other = tmp_path / "fleet.pem", tmp_path / "other.pem"
    for path in (key, other):
        make_secret(path)
    begin = "-----BEGIN CERTIFICATE-----"
    private, certificate = key.read_text().split(begin)
    key.write_text(begin + certificate)
    with pytest.raises(InputError) as lacks:
        security_for("tcp://10.0.0.5:8786", key)
    assert lacks.value.details == ("It has no certificate with its private key.",)
    key.write_text(private + begin + other.read_text().split(begin)[1])
    with pytest.raises(InputError) as differs:
        security_for("tcp://10.0.0.5:8786", key)
    assert differs.value.details == ("Its certificate is not that of its private key.",)


@pytest.mark.parametrize("days", [-3651, 2])
def test_a_key_of_another_time_is_told(
    days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "fleet.pem"
    then = datetime(2026, 1, 10, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(cls.at.timestamp(), tz)

        at = then

    monkeypatch.setattr(secret, "datetime", Clock)
    make_secret(key)
    security_for("tcp://10.0.0.5:8786", key)
    Clock.at = then - timedelta(days=days)
    with pytest.raises(InputError, match="is not valid now: from 2026-01-09 to 2036-01-08"):
        security_for("tcp://10.0.0.5:8786", key)


def test_a_name_is_not_known_to_be_this_machine() -> None:
    assert not is_loopback("build-1")
