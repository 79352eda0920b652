"""Secrets in addresses: which an address has, and how they stay out of what is said and kept."""

import base64
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from builder.errors import BuilderError

LOGIN, SECRET = "<login>", "<secret>"

SHORTEST = 6
"""Characters from which on a name or password is replaced wherever it stands: a shorter one is a
part of too many words, and is replaced where it stands as a login only."""

_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<login>.*)@(?P<rest>.*)", re.DOTALL)
_TOKENS = (
    re.compile(r"(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9+=~]{20,}"),
    re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z0-9+=~]{12,}"),
    re.compile(r"(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"),
)
"""Hexadecimal and base64, shorter ones of three kinds of characters, UUID."""
_WORDS = re.compile(r"[._-]")
_LOCAL = ("localhost", "local", "internal", "home.arpa")
"""Names of one machine or one network: RFC 6761, 6762 and 8375, and ICANN's decision of 2024."""


class Secrets:
    """What a run knows and nobody else shall: parts of the addresses that it was given."""

    def __init__(self, addresses: Iterable[str]) -> None:
        found = {secret: mark for address in addresses for secret, mark in _secrets(address)}
        # The longest first: one may be a part of another.
        words = sorted(found, key=len, reverse=True)
        self._marks = found
        self._pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def redact(self, text: str) -> str:
        """The text with a mark in place of each secret."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda secret: self._marks[secret[0]], text)

    def redact_json(self, data: Any) -> Any:  # Any: JSON
        """JSON data with a mark in place of each secret in its texts."""
        match data:
            case str():
                return self.redact(data)
            case dict():
                return {key: self.redact_json(value) for key, value in data.items()}
            case list() | tuple():
                return [self.redact_json(value) for value in data]
            case _:
                return data

    def redact_error(self, error: BuilderError) -> None:
        """Put marks in place of the secrets in an error's texts."""
        error.message, error.hint = self.redact(error.message), self.redact(error.hint)
        error.details = tuple(map(self.redact, error.details))


def redacted(address: str) -> str:
    """An address as it may be shown: without login, query and tokens. It need be no valid one."""
    return Secrets([address]).redact(address)


def private_part(address: str) -> str:
    """Why an address is none that everybody may know and can ask; empty where it is one.

    No name is looked up: whether guests find it is the profile's matter.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return "it is not a valid address"
    if "@" in parts.netloc:
        return "it has a login"
    if parts.query or parts.fragment:
        return "it has a query"
    if any(_is_token(unquote(segment)) for segment in parts.path.split("/")):
        return "a part of its path looks like a token"
    host = (parts.hostname or "").rstrip(".")
    try:
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        local = any(host == name or host.endswith(f".{name}") for name in _LOCAL)
        public = "." in host and not local
    return "" if public else "not every guest can reach it"


def _secrets(address: str) -> Iterator[tuple[str, str]]:
    """Yield each text that is secret, and the mark for it."""
    match = _LOGIN.fullmatch(address)
    rest = match["rest"] if match else address
    if match:
        yield from _login(match["login"])
    rest, _, query = rest.partition("?")
    if query:
        yield f"?{query}", f"?{SECRET}"
        yield from _long(query)
        yield from (secret for pair in query.split("&") for secret in _long(pair.partition("=")[2]))
    for segment in rest.split("/"):
        for word in (segment, *_WORDS.split(segment)):
            if _is_token(unquote(word)):
                yield from _long(word)


def _login(login: str) -> Iterator[tuple[str, str]]:
    """A login as it stands in an address, as a program may decode it, and as HTTP sends it."""
    yield f"{login}@", f"{LOGIN}@"
    plain = unquote(login)
    yield f"{plain}@", f"{LOGIN}@"
    yield base64.b64encode(plain.encode()).decode(), LOGIN
    for text in (login, login.partition(":")[2]):
        yield from _long(text, LOGIN)


def _long(text: str, mark: str = SECRET) -> Iterator[tuple[str, str]]:
    for form in (text, unquote(text)):
        if len(form) >= SHORTEST:
            yield form, mark


def _is_token(segment: str) -> bool:
    words = (segment, *_WORDS.split(segment))
    return any(token.fullmatch(word) for token in _TOKENS for word in words)
