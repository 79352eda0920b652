"""A cloud's Nova: the servers of a proof, through openstacksdk.

Microversions are negotiated by the SDK, request by request. Every request is limited in time, and
what a cloud answers becomes data or a ``CloudError`` with its status.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openstack.connection import Connection
from openstack.exceptions import HttpException
from openstack.utils import supports_microversion

from builder.cloud.sight import Flavor
from builder.errors import CloudError
from builder.publish.cloud.glance import NOT_FOUND, Glance
from builder.publish.cloud.remedies import AGAIN, CONFLICT, FORBIDDEN, UNAUTHORIZED, remedy

NAME = "guest-image-prove"
"""What the names of a proof's servers begin with."""
PROOF = "guest_image_proof"
"""Metadata: the id of the proof that made a server."""
BUILD = "guest_image_build"
"""Metadata: the build that a server is of."""
NO_NIC = "none"
"""In place of a network."""
NO_NIC_SINCE = "2.37"
REBUILD_USER_DATA_SINCE = "2.57"
_CANDIDATES_SINCE = "1.10"
NOT_IMPLEMENTED = 501
_COLOUR = re.compile(r"\[[0-9;]{1,16}m")
"""What is left of a colour on a console of which Nova has taken out the control characters."""
_PAUSED = 3
"""``nova.compute.power_state``."""
UNAVAILABLE_CONSOLE = frozenset({FORBIDDEN, NOT_FOUND, CONFLICT, NOT_IMPLEMENTED})


@dataclass(frozen=True)
class Server:
    """A server as Nova shows it. ``fault`` is empty where there is none."""

    id: str
    name: str
    status: str
    fault: str
    created: datetime
    proof: str
    """The proof that made it, or the empty string."""
    is_paused: bool = False
    """Whether its guest stands still. Of one that libvirt paused, the status stays ACTIVE."""


@dataclass(frozen=True)
class Network:
    """A network that the project may use."""

    id: str
    name: str


class Servers:
    """What a project may do with servers in one cloud."""

    def __init__(self, glance: Glance) -> None:
        """Nothing is sent yet."""
        self._glance = glance
        self._cloud = Connection(config=glance.region, session=glance.session)

    def __str__(self) -> str:
        return self._glance.cloud

    def supports(self, microversion: str) -> bool:
        """Whether the cloud's Nova knows a microversion."""
        with self._answering("tell the microversions of its Nova"):
            return bool(supports_microversion(self._cloud.compute, microversion))

    def flavors(self) -> list[Flavor]:
        """The flavors that the project may use, with their extra specs where it sees them."""
        with self._answering("list its flavors"):
            return [
                Flavor(
                    id=flavor.id,
                    name=flavor.name,
                    vcpus=flavor.vcpus,
                    ram=flavor.ram,
                    disk=flavor.disk,
                    ephemeral=flavor.ephemeral or 0,
                    extra_specs=dict(flavor.extra_specs or {}),
                )
                for flavor in self._cloud.compute.flavors(get_extra_specs=True)
            ]

    def networks(self) -> list[Network]:
        """The networks that servers of the project may be in."""
        with self._answering("list its networks"):
            return [
                Network(network.id, network.name)
                for network in self._cloud.network.networks()
                if not network.is_router_external
            ]

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
        with self._answering("make a server"):
            made = self._cloud.compute.create_server(
                name=name,
                image_id=image,
                flavor_id=flavor,
                networks=NO_NIC if network == NO_NIC else [{"uuid": network}],
                user_data=user_data,
                metadata=dict(metadata),
                config_drive=True,
            )
        return self.require(made.id)

    def get(self, server: str) -> Server | None:
        """A server, or None where it is gone."""
        try:
            with self._answering(f"show server {server}"):
                return _server(self._cloud.compute.get_server(server))
        except CloudError as error:
            if error.status == NOT_FOUND:
                return None
            raise

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
        with self._answering("list its servers"):
            found = map(_server, self._cloud.compute.servers(name=NAME))
            return [server for server in found if server.proof]

    def console(self, server: str) -> str | None:
        """The end of a server's console, or None where the cloud does not show it."""
        try:
            with self._answering(f"show the console of server {server}"):
                answer = self._cloud.compute.get_server_console_output(server)
                return _COLOUR.sub("", str(answer.get("output") or ""))
        except CloudError as error:
            if error.status in UNAVAILABLE_CONSOLE:
                return None
            raise

    def set_password(self, server: str, password: str) -> None:
        """Let Nova set the administrator's password in the guest."""
        with self._answering(f"set a password in server {server}"):
            self._cloud.compute.change_server_password(server, password)

    def rescue(self, server: str) -> None:
        """Boot it from another disk of its image."""
        with self._answering(f"rescue server {server}"):
            self._cloud.compute.rescue_server(server)

    def unrescue(self, server: str) -> None:
        """Boot it from its own disk again."""
        with self._answering(f"end the rescue of server {server}"):
            self._cloud.compute.unrescue_server(server)

    def rebuild(self, server: str, image: str, user_data: str) -> None:
        """Make it anew, with other user-data."""
        with self._answering(f"rebuild server {server}"):
            self._cloud.compute.rebuild_server(server, image, user_data=user_data)

    def delete(self, server: str) -> None:
        """Delete it as a user does: a cloud with soft delete keeps it for a while."""
        with self._answering(f"delete server {server}"):
            self._cloud.compute.delete_server(server)

    def restore(self, server: str) -> None:
        """Bring a soft-deleted server back."""
        with self._answering(f"restore server {server}"):
            self._cloud.compute.restore_server(server)

    def end(self, server: str) -> None:
        """Delete it for good; that it is gone already is no error."""
        try:
            with self._answering(f"delete server {server}"):
                self._cloud.compute.delete_server(server, force=True)
        except CloudError as error:
            if error.status == FORBIDDEN:  # a policy that leaves soft delete alone
                self.delete(server)
            elif error.status != NOT_FOUND:
                raise

    def hosts_for(self, resources: Mapping[str, int]) -> int | None:
        """How many hosts Placement has for resources, or None where the role may not ask."""
        wanted = ",".join(f"{name}:{amount}" for name, amount in resources.items())
        try:
            with self._answering("tell what its hosts have left"):
                answer = self._cloud.placement.get(
                    f"/allocation_candidates?resources={wanted}", microversion=_CANDIDATES_SINCE
                )
                if answer.status_code == FORBIDDEN:
                    return None
                return len(answer.json()["provider_summaries"])
        except CloudError as error:
            if error.status in {FORBIDDEN, NOT_FOUND}:
                return None
            raise

    @contextlib.contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        with self._glance.answering(what):
            try:
                yield
            except HttpException as error:
                status = error.status_code or 0
                words = " ".join(str(error.details or error).split())
                raise CloudError(
                    f"Cloud '{self}' could not {what}.",
                    details=[words],
                    hint=_hint(status, words),
                    status=status,
                ) from error


def _hint(status: int, words: str) -> str:
    if "quota" in words.lower():
        return "Free quota of servers, vCPUs or memory in this project, or have it raised."
    return remedy(status, "") if status in {UNAUTHORIZED, FORBIDDEN} else AGAIN


def _server(found: Any) -> Server:  # Any: openstacksdk has no types of it
    fault = found.fault or {}
    return Server(
        id=found.id,
        name=found.name,
        status=found.status,
        is_paused=found.power_state == _PAUSED,
        fault=str(fault.get("message") or ""),
        created=datetime.fromisoformat(found.created_at),
        proof=str((found.metadata or {}).get(PROOF, "")),
    )
