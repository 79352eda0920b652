"""What a project may do with servers in one cloud: the questions of a proof."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar
from urllib.parse import quote

from builder.cloud.api.client import CloudApi, Version
from builder.cloud.api.model import (
    Candidates,
    Console,
    MadeServer,
    Network,
    NetworkPage,
    Server,
    ServerAnswer,
    ServerPage,
)
from builder.cloud.api.refusal import NOT_FOUND
from builder.errors import CloudError
from builder.publish.cloud.remedies import CONFLICT, FORBIDDEN

NAME = "guest-image-prove"
"""What the names of a proof's servers begin with."""
PROOF = "guest_image_proof"
"""Metadata: the id of the proof that made a server."""
BUILD = "guest_image_build"
"""Metadata: the build that a server is of."""
NO_NIC = "none"
"""In place of a network."""
NO_NIC_SINCE: Version = (2, 37)
REBUILD_USER_DATA_SINCE: Version = (2, 57)
NOT_IMPLEMENTED = 501
UNAVAILABLE_CONSOLE = frozenset({FORBIDDEN, NOT_FOUND, CONFLICT, NOT_IMPLEMENTED})
NOVA_VERSION: Version = (2, 100)
"""The newest microversion that questions about servers are asked in."""
_CANDIDATES: Version = (1, 10)
_COLOUR = re.compile(r"\[[0-9;]{1,16}m")
"""What is left of a colour on a console of which Nova has taken out the control characters."""

T = TypeVar("T")


class Servers:
    """The servers of a project, and what they are made with."""

    def __init__(self, api: CloudApi) -> None:
        """Nothing is sent yet."""
        self._api = api

    def __str__(self) -> str:
        return self._api.cloud

    def supports(self, microversion: Version) -> bool:
        """Whether the cloud's Nova knows a microversion."""
        return self._api.newest("compute") >= microversion

    def networks(self) -> list[Network]:
        """The networks that servers of the project may be in."""
        found = self._api.pages("network", "/networks", NetworkPage, None, "list its networks")
        return [network for network in found if not network.external]

    def create(
        self,
        name: str,
        *,
        image: str,
        flavor: str,
        network: str,
        user_data: str,
        metadata: Mapping[str, str],
    ) -> Server:
        """Ask for a server with a config drive, in a network or with ``NO_NIC``."""
        body = {
            "server": {
                "name": name,
                "imageRef": image,
                "flavorRef": flavor,
                "networks": NO_NIC if network == NO_NIC else [{"uuid": network}],
                "user_data": user_data,
                "metadata": dict(metadata),
                "config_drive": True,
            }
        }
        answer = self._api.change("/servers", body, MadeServer, NOVA_VERSION, "make a server")
        return self.require(answer.server.id)

    def get(self, server: str) -> Server | None:
        """A server, or None where it is gone."""
        return or_none(
            lambda: (
                self._api.get(
                    "compute",
                    server_path(server),
                    ServerAnswer,
                    NOVA_VERSION,
                    f"show server {server}",
                ).server
            ),
            {NOT_FOUND},
        )

    def require(self, server: str) -> Server:
        """A server. Raises ``CloudError`` where it is gone."""
        found = self.get(server)
        if found is None:
            raise CloudError(
                f"Server {server} of cloud '{self}' is gone.",
                hint="Somebody else has deleted it. Run the same command again.",
                status=NOT_FOUND,
            )
        return found

    def of_proofs(self) -> list[Server]:
        """The project's servers that proofs have made, from wherever; no soft-deleted ones."""
        path = f"/servers/detail?name={NAME}"
        found = self._api.pages("compute", path, ServerPage, NOVA_VERSION, "list its servers")
        return [server for server in found if server.metadata.get(PROOF)]

    def console(self, server: str) -> str | None:
        """The end of a server's console, or None where the cloud does not show it."""
        path, what = f"{server_path(server)}/action", f"show the console of server {server}"
        answer = or_none(
            lambda: self._api.change(
                path, {"os-getConsoleOutput": {}}, Console, NOVA_VERSION, what
            ),
            UNAVAILABLE_CONSOLE,
        )
        return None if answer is None else _COLOUR.sub("", answer.output or "")

    def set_password(self, server: str, password: str) -> None:
        """Let Nova set the administrator's password in the guest."""
        body = {"adminPass": password}
        self._act(server, "changePassword", body, f"set a password in server {server}")

    def rescue(self, server: str) -> None:
        """Boot it from another disk of its image."""
        self._act(server, "rescue", {}, f"rescue server {server}")

    def unrescue(self, server: str) -> None:
        """Boot it from its own disk again."""
        self._act(server, "unrescue", None, f"end the rescue of server {server}")

    def rebuild(self, server: str, image: str, user_data: str) -> None:
        """Make it anew, with other user-data."""
        body = {"imageRef": image, "user_data": user_data}
        self._act(server, "rebuild", body, f"rebuild server {server}")

    def delete(self, server: str) -> None:
        """Delete it as a user does: a cloud with soft delete keeps it for a while."""
        self._api.delete(server_path(server), NOVA_VERSION, f"delete server {server}")

    def restore(self, server: str) -> None:
        """Bring a soft-deleted server back."""
        self._act(server, "restore", None, f"restore server {server}")

    def end(self, server: str) -> None:
        """Delete it for good; that it is gone already is no error."""
        try:
            self._act(server, "forceDelete", None, f"delete server {server}")
        except CloudError as error:
            if error.status == FORBIDDEN:  # a policy that leaves soft delete alone
                self.delete(server)
            elif error.status != NOT_FOUND:
                raise

    def hosts_for(self, resources: Mapping[str, int]) -> int | None:
        """How many hosts Placement has for resources, or None where the role may not ask."""
        wanted = ",".join(f"{name}:{amount}" for name, amount in resources.items())
        return or_none(
            lambda: len(
                self._api.get(
                    "placement",
                    f"/allocation_candidates?resources={wanted}",
                    Candidates,
                    _CANDIDATES,
                    "tell what its hosts have left",
                ).provider_summaries
            ),
            {FORBIDDEN, NOT_FOUND},
        )

    def _act(self, server: str, action: str, body: object, what: str) -> None:
        self._api.change(
            f"{server_path(server)}/action", {action: body}, object, NOVA_VERSION, what
        )


def server_path(server: str) -> str:
    """Where a server is, in Nova's API."""
    return f"/servers/{quote(server, safe='')}"


def or_none(ask: Callable[[], T], refusals: Collection[int]) -> T | None:
    """The answer, or None where it is a refusal with one of these statuses."""
    try:
        return ask()
    except CloudError as error:
        if error.status in refusals:
            return None
        raise
