"""A small Nova with its Placement behind real HTTP, for what a real one is not made to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from clouds import Request, answering, configure

LIMITS = {
    "maxTotalInstances": 10, "totalInstancesUsed": 0,
    "maxTotalCores": 20, "totalCoresUsed": 0,
    "maxTotalRAMSize": 51200, "totalRAMUsed": 0,
}  # fmt: skip


@dataclass
class Nova:
    """What it has, and how it answers. ``answers`` are statuses by method and first path word."""

    newest: str = "2.100"
    flavors: list[dict[str, Any]] = field(default_factory=list)
    aggregates: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, str]] = field(
        default_factory=lambda: [{"host": "one", "state": "up", "status": "enabled"}]
    )
    soft_deleted: bool = False
    resources: dict[str, int] = field(default_factory=lambda: {"VCPU": 4, "PCPU": 4})
    traits: set[str] = field(
        default_factory=lambda: {"COMPUTE_STORAGE_BUS_SCSI", "COMPUTE_NET_VIF_MODEL_VIRTIO"}
    )
    limits: dict[str, int] = field(default_factory=lambda: dict(LIMITS))
    refused: Mapping[str, int] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> None:
        """Answer one request."""
        url = urlsplit(request.path)
        words = [unquote(word) for word in url.path.split("/") if word]
        if words[:1] == ["compute"]:
            self._compute(request, words[1:], parse_qs(url.query))
        else:
            self._placement(request, words[1:], parse_qs(url.query))

    def _compute(self, request: Request, words: list[str], query: dict[str, list[str]]) -> None:
        if not words or words == ["v2.1"]:
            version = {
                "id": "v2.1", "status": "CURRENT", "version": self.newest, "min_version": "2.1",
                "links": [{"rel": "self", "href": f"http://{request.headers['Host']}/compute/v2.1/"}],
            }  # fmt: skip
            request.say(200, {"version": version} if words else {"versions": [version]})
            return
        words = words[1:] if words[0] == "v2.1" else words
        status = self.refused.get(f"{request.command} {words[0]}", self.refused.get(words[0], 0))
        if status:
            request.say(
                status, {"forbidden": {"code": status, "message": "Policy does not allow it"}}
            )
            return
        if request.command != "GET":
            self.changes.append(f"{request.command} /{'/'.join(words)}")
        request.say(200, self._compute_body(request, words, query))

    def _compute_body(
        self, request: Request, words: list[str], query: dict[str, list[str]]
    ) -> object:
        match words:
            case ["flavors", name, "os-extra_specs", *rest]:
                return self._extra_specs(request, self._flavor(name), rest)
            case ["flavors", *rest]:
                return self._flavors(request, rest)
            case ["os-aggregates", *rest]:
                return self._aggregates(request, rest)
            case ["servers"]:
                asked = query["status"] == ["SOFT_DELETED"] and "soft_deleted" in query
                return {"servers": [{"id": "1"}] if self.soft_deleted and asked else []}
        return {"services": self.services, "limits": {"absolute": self.limits}}

    def _flavors(self, request: Request, words: list[str]) -> object:
        if request.command == "DELETE":
            self.flavors = [flavor for flavor in self.flavors if flavor["id"] != words[0]]
        if request.command == "POST":
            flavor = {
                "id": f"made-{len(self.changes)}",
                "extra_specs": {},
                **request.body["flavor"],
            }
            self.flavors.append(flavor)
            return {"flavor": flavor}
        return {"flavors": self.flavors}

    def _extra_specs(self, request: Request, flavor: dict[str, Any], words: list[str]) -> object:
        if request.command == "DELETE":
            del flavor["extra_specs"][words[0]]
        if request.command == "POST":
            flavor["extra_specs"].update(request.body["extra_specs"])
        return {"extra_specs": flavor["extra_specs"]}

    def _aggregates(self, request: Request, words: list[str]) -> object:
        if request.command == "GET":
            return {"aggregates": self.aggregates}
        if request.command == "DELETE":
            self.aggregates = []
            return {}
        if not words:
            self.aggregates.append(
                {"id": 1, "hosts": [], "metadata": {}, **request.body["aggregate"]}
            )
        (aggregate,) = self.aggregates
        aggregate["metadata"].update(request.body.get("set_metadata", {}).get("metadata", {}))
        aggregate["hosts"] += (
            [request.body["add_host"]["host"]] if "add_host" in request.body else []
        )
        if "remove_host" in request.body:
            aggregate["hosts"].remove(request.body["remove_host"]["host"])
        return {"aggregate": aggregate}

    def _flavor(self, name: str) -> dict[str, Any]:
        return next(flavor for flavor in self.flavors if flavor["id"] == name)

    def _placement(self, request: Request, words: list[str], query: dict[str, list[str]]) -> None:
        if not words:
            version = {"id": "v1.0", "max_version": "1.39", "min_version": "1.0",
                       "status": "CURRENT", "links": [{"rel": "self", "href": ""}]}  # fmt: skip
            request.say(200, {"versions": [version]})
        elif status := self.refused.get("placement"):
            request.say(
                status, {"errors": [{"status": status, "detail": "Policy does not allow it"}]}
            )
        elif words[-1] == "inventories":
            inventories = {name: {"total": n} for name, n in self.resources.items()}
            request.say(200, {"inventories": inventories})
        else:
            request.say(200, {"resource_providers": self._providers(query)})

    def _providers(self, query: dict[str, list[str]]) -> list[dict[str, str]]:
        wanted = [
            pair.split(":") for text in query.get("resources", []) for pair in text.split(",")
        ]
        room = all(self.resources.get(name, 0) >= int(count) for name, count in wanted)
        traits = {name for text in query.get("required", []) for name in text.split(",")}
        return [{"uuid": "1", "name": "one"}] if room and traits <= self.traits else []


@contextmanager
def serving(nova: Nova, directory: Path) -> Iterator[Path]:
    """A ``clouds.yaml`` whose cloud ``mine`` is that Nova, to a user with a password."""
    with answering(nova.answer) as (address, _):
        yield configure(
            directory,
            auth_type="http_basic",
            auth={"endpoint": address, "username": "me", "password": "secret"},
            compute_endpoint_override=f"{address}/compute/v2.1",
            placement_endpoint_override=f"{address}/placement",
            network_endpoint_override=f"{address}/network/v2.0",
            image_endpoint_override=f"{address}/image",
            block_storage_endpoint_override=f"{address}/volume/v3",
        )


def flavor(name: str = "small", **specs: str) -> dict[str, Any]:
    """A flavor with two vCPUs."""
    size = {"vcpus": 2, "ram": 2048, "disk": 10}
    return {
        "id": f"id-of-{name}",
        "name": name,
        **size,
        "extra_specs": json.loads(json.dumps(specs)),
    }
