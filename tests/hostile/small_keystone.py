"""A small Keystone, whose catalogue says what a test wants."""

from collections.abc import Mapping
from pathlib import Path

from clouds import Request, configure


def configured(directory: Path, address: str) -> Path:
    """A ``clouds.yaml`` whose cloud ``mine`` has the Keystone at that address."""
    login = {"auth_url": f"{address}/identity/v3", "username": "me", "password": "secret"}
    login |= {"project_name": "p", "user_domain_id": "default", "project_domain_id": "default"}
    return configure(directory, auth=login, region_name="R")


def answer(request: Request, services: Mapping[str, str]) -> None:
    """Let everybody in; ``services`` are types with their paths on the same server."""
    base = f"http://{request.headers['Host']}"
    domain = {"id": "default", "name": "Default"}
    catalogue = [
        {
            "type": kind, "name": kind, "id": kind,
            "endpoints": [
                {"id": kind, "interface": "public", "region": "R", "region_id": "R",
                 "url": f"{base}{path}"},
            ],
        }
        for kind, path in services.items()
    ]  # fmt: skip
    token = {
        "methods": ["password"], "roles": [], "catalog": catalogue,
        "user": {"id": "u", "name": "me", "domain": domain},
        "project": {"id": "p", "name": "p", "domain": domain},
        "issued_at": "2020-01-01T00:00:00.000000Z", "expires_at": "2199-01-01T00:00:00.000000Z",
    }  # fmt: skip
    if request.command == "POST":
        request.say(201, {"token": token}, X_Subject_Token="of-us")  # noqa: S106 - of nobody
    else:
        links = [{"rel": "self", "href": f"{base}/identity/v3/"}]
        request.say(200, {"version": {"id": "v3.14", "status": "stable", "links": links}})
