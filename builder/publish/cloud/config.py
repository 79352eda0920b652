"""A cloud's entry in ``clouds.yaml`` or ``OS_*``, as openstacksdk reads it.

openstacksdk passes over a file that is not YAML with a line in its log, and fails at an entry of
another form somewhere in its own code. Here both are mistakes that are told.
"""

import contextlib
import logging
import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from keystoneauth1 import exceptions as auth_exc
from openstack import exceptions as sdk_exc
from openstack.config import OpenStackConfig

from builder.errors import InputError
from builder.redaction import redacted
from builder.words import did_you_mean, enumeration, shown

_HINT = (
    "Correct it in clouds.yaml, or OS_*: below 'clouds' each cloud is a mapping."
    " OS_CLIENT_CONFIG_FILE names another clouds.yaml."
)

_HOST = re.compile(r"[\w.:%~-]+")
"""No blank and no placeholder that somebody has left: ``{host}``, ``<host>``."""


_BEHIND_VERSION = re.compile(r"/(?P<version>v[23](?:\.\d+)?)/+[^/]")


class _Warnings(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, on one line."""
        self.lines.append(" ".join(record.getMessage().split()))


def region(cloud: str, request_limit: float) -> Any:  # Any: openstacksdk has no types of it
    """The cloud's configuration; where it says no ``api_timeout``, with this one, in seconds.

    Raises ``InputError`` where there is none, or one that cannot be understood.
    """
    with _warnings() as skipped, _understood():
        config = OpenStackConfig(load_envvars=True)
    if skipped:
        raise _wrong(skipped)
    invented = {"defaults": config.defaults}  # where there is no cloud at all
    names = [] if config.cloud_config["clouds"] == invented else sorted(config.get_cloud_names())
    if cloud not in names:
        raise InputError(
            f"No cloud is called {shown(cloud)}.",
            details=[
                f"Clouds are {enumeration(names, 'and')}."
                if names
                else "There is no clouds.yaml, neither here nor in ~/.config/openstack, and no OS_*"
                " variable (their cloud is called 'envvars')."
            ],
            hint=did_you_mean(cloud, names) or "OS_CLIENT_CONFIG_FILE names another clouds.yaml.",
        )
    entry = config.cloud_config["clouds"].get(cloud, {})
    if not isinstance(entry, Mapping):
        raise _wrong([f"The cloud {cloud} is {shown(entry)}, not a mapping."])
    if wrong := [*_wrong_region(cloud, entry)]:
        raise _wrong(wrong)
    with _understood():
        try:
            found = config.get_one(cloud=cloud)
        except KeyError as error:
            raise _wrong([*_unfilled(cloud, entry, str(error.args[0]))]) from error
    if wrong := [*_wrong_addresses(cloud, found.config)]:
        raise _wrong(wrong)
    found.config["api_timeout"] = _seconds(cloud, found.config.get("api_timeout"), request_limit)
    return found


def _unfilled(cloud: str, entry: Mapping[str, Any], field: str) -> Iterator[str]:
    """The texts with a field in braces for which openstacksdk has nothing; none of a secret."""
    places = [(name, value) for name, value in _texts(entry) if f"{{{field}" in value]
    for name, value in places:
        if _is_address(name):
            what = f"is {shown(redacted(value))}: nothing fills {{{field}}} in; write it out"
        else:
            what = "has braces, which have a meaning to openstacksdk; those of a text are doubled"
        yield f"{name} of {cloud} {what}."
    if not places:
        yield "openstacksdk cannot read it: something in it is missing, or has braces."


def _texts(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands in an entry and below its ``auth``."""
    login = entry.get("auth")
    for name, value in {**entry, **(login if isinstance(login, Mapping) else {})}.items():
        if isinstance(value, str | int | float):
            yield name, str(value)


def _is_address(name: str) -> bool:
    return name == "auth_url" or name.endswith(("endpoint", "endpoint_override"))


def _wrong_addresses(cloud: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Addresses that nobody could ask; openstacksdk would say so in its own words, and late."""
    for name, value in _texts(entry):
        if value and _is_address(name):
            reason = _unusable(value) or (_beyond_identity(value) if name == "auth_url" else "")
            if reason:
                yield f"{name} of {cloud} {reason}"


def _unusable(address: str) -> str:
    """Why nobody can ask the address; empty where somebody can."""
    try:
        parts = urlsplit(address)
        host_is_whole = _HOST.fullmatch(parts.hostname or "") is not None
        usable = parts.scheme in {"http", "https"} and host_is_whole and parts.port != 0
    except ValueError:  # brackets around what is no IPv6 address, a port that is no number
        usable = False
    if not usable or address.split() != [address]:
        return f"is {shown(redacted(address))}: it begins with https:// or http://, and a host."
    if parts.username is not None:
        return "has a login in it: that belongs below 'auth'."
    return ""


def _beyond_identity(address: str) -> str:
    """What keystoneauth would go on behind: it adds ``/auth/tokens`` itself."""
    parts = urlsplit(address)
    match = _BEHIND_VERSION.search(parts.path)
    if match is not None or parts.query or parts.fragment:
        path = parts.path[: match.end("version")] if match is not None else parts.path
        root = f"{parts.scheme}://{parts.netloc}{path}"
        return f"is {shown(redacted(address))}: it ends with the version, {shown(redacted(root))}."
    return ""


def _wrong_region(cloud: str, entry: Mapping[str, Any]) -> Iterator[str]:
    name = entry.get("region_name")
    if isinstance(name, str) and {"{", "}"} & set(name):
        yield f"region_name of {cloud} is {shown(name)}: braces have a meaning to openstacksdk."


def _seconds(cloud: str, value: object, default: float) -> float:
    if value is None:
        return default
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0
    if not seconds > 0:
        raise _wrong([f"api_timeout of {cloud} is {shown(value)}, not a number of seconds."])
    return seconds


@contextlib.contextmanager
def _warnings() -> Iterator[list[str]]:
    handler, logger = _Warnings(), logging.getLogger("openstack.config")
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)


@contextlib.contextmanager
def _understood() -> Generator[None]:
    try:
        yield
    except (sdk_exc.SDKException, auth_exc.ClientException) as error:
        raise _wrong([str(error)]) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _wrong([f"openstacksdk cannot read it: {error}"]) from error


def _wrong(details: list[str]) -> InputError:
    return InputError("The configuration of clouds is wrong.", details=details, hint=_HINT)
