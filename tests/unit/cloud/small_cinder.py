"""A small Cinder behind real HTTP, whose volumes Nova plugs into the one server of a small Nova."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clouds import Request

DONE = 202


@dataclass
class Cinder:
    """What it has, and how it answers. Statuses are those that a volume comes to."""

    made: str = "available"
    attached: str = "in-use"
    detached: str = "available"
    deleted: str = ""
    """Instead of being gone."""
    words: str = "It cannot be done"
    """Why it refuses."""
    refusals: dict[str, int] = field(default_factory=dict)
    """Statuses by what they refuse: create, show, attach, detach, delete."""
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> None:
        """Answer a request for volumes."""
        path = request.path.partition("?")[0].partition("/volume/v3")[2]
        match request.command, path.split("/")[1:]:
            case "GET", [] | [""]:
                request.say(200, {"versions": [_version(request)]})
            case "POST", ["volumes"]:
                self._say(request, "create", lambda: self._create(request.body["volume"]))
            case "GET", ["volumes", "detail"]:
                request.say(200, {"volumes": [*self.volumes.values()]})
            case "GET", ["volumes", name] if name in self.volumes:
                self._say(request, "show", lambda: {"volume": self.volumes[name]})
            case "DELETE", ["volumes", name] if name in self.volumes:
                self._say(request, "delete", lambda: self._delete(name))
            case _:
                request.say(404, {"itemNotFound": {"code": 404, "message": "No volume."}})

    def plug(self, request: Request, words: list[str]) -> bool:
        """Answer Nova's request to plug a volume in or out; whether its server has it then."""
        if words:
            self._say(request, "detach", lambda: self._set(words[0], self.detached))
            return self.detached == "in-use" or "detach" in self.refusals
        name = request.body["volumeAttachment"]["volumeId"]
        self._say(request, "attach", lambda: self._set(name, self.attached))
        return self.attached == "in-use" and "attach" not in self.refusals

    def let_go(self) -> None:
        """Their server is gone."""
        for volume in self.volumes.values():
            if volume["status"] == "in-use":
                volume["status"] = "available"

    def _say(self, request: Request, what: str, act: Callable[[], object]) -> None:
        status = self.refusals.get(what)
        if status:
            request.say(status, {"overLimit": {"code": status, "message": self.words}})
            return
        self.done += [what] if request.command != "GET" else []
        request.say(DONE, act())

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        volume = {
            "id": "7a3b", "name": body["name"], "status": self.made, "metadata": body["metadata"],
            "created_at": "2026-11-01T00:00:00.000000",
        }  # fmt: skip
        self.volumes[volume["id"]] = volume
        return {"volume": volume}

    def _delete(self, name: str) -> str:
        if self.deleted:
            return self._set(name, self.deleted)
        del self.volumes[name]
        return ""

    def _set(self, name: str, status: str) -> str:
        self.volumes[name]["status"] = status
        return ""


def _version(request: Request) -> dict[str, Any]:
    href = f"http://{request.headers['Host']}/volume/v3/"
    return {
        "id": "v3.0", "status": "CURRENT", "version": "3.71", "min_version": "3.0",
        "links": [{"rel": "self", "href": href}],
    }  # fmt: skip
