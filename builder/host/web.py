"""An address asked as apt would ask it: through the proxy that variables name for it."""

import urllib.request
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit
from urllib.response import addinfourl


def open_address(address: str, given: Mapping[str, str], timeout: float) -> addinfourl:
    """The answer to an http or https address, to be read and closed.

    ``given`` has the proxies, ``http_proxy`` and the like; ``timeout`` is in seconds, for each part
    of the answer. Raises ``OSError``, ``http.client.HTTPException`` and ``ValueError``.
    """
    proxy = proxy_for(address, given)
    handler = urllib.request.ProxyHandler({urlsplit(address).scheme: proxy} if proxy else {})
    return cast("addinfourl", urllib.request.build_opener(handler).open(address, timeout=timeout))


def proxy_for(address: str, given: Mapping[str, str]) -> str:
    """The proxy for an address, or the empty string."""
    parts = urlsplit(address)
    exceptions = {"no": given.get("no_proxy", "")}
    if urllib.request.proxy_bypass_environment(parts.netloc, exceptions):  # type: ignore[attr-defined] # typeshed lacks it
        return ""
    return given.get(f"{parts.scheme}_proxy", "")
