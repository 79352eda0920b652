"""A small Nova behind real HTTP that makes one server, whose guest obeys its user-data.

What the guest tells, and what Nova does, is changed by its fields: a test breaks one of them.
"""

import json
import re
import uuid
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import small_keystone
from clouds import Request, answering
from guest_lines import FACTS, PLUGGED, line, told
from small_cinder import Cinder
from small_nova import Nova

DONE = 202


@dataclass
class ServingNova(Nova):
    """A Nova with one server.

    ``silent`` are the boots of which the guest tells nothing, by their number, from 1: the first,
    that in rescue, the rebuilt server's, and that after the watchdog.
    """

    silent: frozenset[int] = frozenset()
    facts: tuple[dict[str, Any], ...] = FACTS
    noise: str = ""
    """What the console shows besides."""
    status: str = "ACTIVE"
    """What a new server comes to."""
    fault: str = ""
    enters_before: bool = False
    enters_after: bool = True
    holders: tuple[str, ...] = ("watchdog",)
    action: str = "reset"
    """What the watchdog does."""
    hung_boot: str = ""
    """Another one than that which hung."""
    keeps_deleted: bool = True
    refusals: dict[str, int] = field(default_factory=dict)
    """Statuses by the action that they refuse."""
    vanishes: bool = False
    """Whether the server is gone as soon as it is made."""
    server: dict[str, Any] | None = None
    console: str = ""
    ended: bool = False
    candidates: int = 1
    images: list[dict[str, Any]] = field(default_factory=list)
    """What its Glance has."""
    cinder: Cinder = field(default_factory=Cinder)
    plugged: dict[str, Any] | None = field(default_factory=lambda: dict(PLUGGED))
    """What the guest tells of a volume, if anything."""
    lets_go: bool = True
    """Whether it tells that the volume has gone."""
    resized: Path | None = None
    """A file with the bytes that libvirt gives the root disk, as soon as it does."""
    _order: dict[str, str] = field(default_factory=dict)
    _boots: int = 0
    _boot: str = ""
    _hangs: bool = False

    def answer(self, request: Request) -> None:
        """Answer one request, of Glance and Neutron, too."""
        if request.path.startswith("/network"):
            request.say(200, {"networks": []})
        elif request.path.startswith("/volume"):
            self.cinder.answer(request)
        elif request.path.startswith("/image"):
            self._images(request)
        elif "allocation_candidates" in request.path and "placement" not in self.refused:
            hosts = {str(number): {} for number in range(self.candidates)}
            request.say(200, {"provider_summaries": hosts})
        elif re.search(r"/servers(?!\?status)", request.path):
            self._serve(request)
        else:
            super().answer(request)

    def _images(self, request: Request) -> None:
        if "schemas" in request.path:
            schema = {"name": "image", "properties": {}, "additionalProperties": True}
            request.say(200, schema)
        else:
            hidden = "os_hidden=true" in request.path
            request.say(200, {"images": [] if hidden else self.images})

    def _serve(self, request: Request) -> None:
        words = request.path.partition("?")[0].partition("/servers")[2].split("/")[1:]
        match request.command, words:
            case "POST", []:
                status = self.refusals.get("create", 0)
                request.say(*(_refusal(status) if status else self._create(request.body["server"])))
            case "GET", ["detail"]:
                request.say(200, {"servers": [self.server] if self.server else []})
            case "GET", [_] if self.server:
                request.say(200, {"server": self.server})
            case "DELETE", [_] if self.server:
                self._delete()
                request.say(204)
            case _, [_, "os-volume_attachments", *volume] if self.server:
                self._plug(request, volume)
            case "POST", [_, "action"] if self.server:
                ((action, body),) = request.body.items()
                status = self.refusals.get(action, 0)
                request.say(*(_refusal(status) if status else self._act(action, body)))
            case _:
                request.say(404, {"itemNotFound": {"code": 404, "message": "Instance not found."}})

    def _plug(self, request: Request, words: list[str]) -> None:
        """The guest tells of the volume at once, but only of one that it gets or loses."""
        has = self.cinder.plug(request, words)
        if has and not words and self.plugged:
            self._tell(**self.plugged)
        if not has and words and self.lets_go and self.plugged:
            self._tell(kind="detached", name=self.plugged["name"])

    def _create(self, body: dict[str, Any]) -> tuple[int, object]:
        server = {
            "id": "5e4f", "name": body["name"], "status": self.status,
            "created": "2026-11-01T00:00:00Z", "metadata": body["metadata"],
        }  # fmt: skip
        if self.fault:
            server["fault"] = {"code": 500, "message": self.fault}
        self.server = None if self.vanishes else server
        self._begin(body["user_data"])
        return DONE, {"server": {"id": server["id"]}}

    def _begin(self, user_data: str) -> None:
        """A new disk boots."""
        text = b64decode(user_data).decode().partition("\n")[2]
        self._order = json.loads(b64decode(json.loads(text)["bootcmd"][0][-1]))
        self._start()
        if self._order["act"] == "watch":
            self._tell(kind="watching", user=self._order["user"])
        else:
            self._tell(kind="hang", holders=self.holders)
            self._hangs = self._boots not in self.silent

    def _start(self) -> None:
        self._boots += 1
        self._boot = str(uuid.UUID(int=self._boots))
        self.console = self.noise
        if self._boots not in self.silent:
            token = self._order["token"]
            self.console += told(*self.facts, boot=self._boot, token=token)

    def _tell(self, **message: Any) -> None:
        if self._boots not in self.silent:
            self.console += line({**message, "boot": self._boot}, self._order["token"])

    def _reset(self) -> None:
        """The watchdog acts: the guest is back, or stands still."""
        assert self.server is not None
        self._hangs = False
        if self.action == "poweroff":
            self.server["status"] = "SHUTOFF"
            return
        if self.action == "pause":
            self.server["OS-EXT-STS:power_state"] = 3
            return
        hung, before = self.hung_boot or self._boot, self.console
        self._start()
        self._tell(kind="returned", hung=hung)
        self.console = before + self.console

    def _act(self, action: str, body: Any) -> tuple[int, object]:
        assert self.server is not None
        match action:
            case "os-getConsoleOutput":
                if self.resized and self.resized.exists():
                    size = int(self.resized.read_text().strip("B\n"))
                    self._tell(kind="size", name="sda", bytes=size)
                    self.resized = None
                shown = self.console
                if self._hangs:  # who looks again sees it come back
                    self._reset()
                return 200, {"output": shown}
            case "changePassword" if body["adminPass"] == self._order["password"]:
                self._tell(
                    kind="password", user=self._order["user"],
                    before=self.enters_before, after=self.enters_after,
                )  # fmt: skip
            case "rescue":
                self.server["status"] = "RESCUE"
                self._start()
            case "rebuild":
                self._begin(body["user_data"])
            case "unrescue" | "restore":
                self.server["status"] = "ACTIVE"
            case "forceDelete":
                self.server, self.ended = None, True
                self.cinder.let_go()
        return DONE, ""

    def _delete(self) -> None:
        assert self.server is not None
        if self.keeps_deleted:
            self.server["status"] = "SOFT_DELETED"
        else:
            self.server = None


@contextmanager
def without_volumes(nova: ServingNova, directory: Path) -> Iterator[Path]:
    """A ``clouds.yaml`` whose cloud ``mine`` is that Nova, with no Cinder in its catalogue."""
    services = {
        "compute": "/compute/v2.1", "placement": "/placement", "network": "/network/v2.0",
        "image": "/image",
    }  # fmt: skip

    def answer(request: Request) -> None:
        if request.path.startswith("/identity"):
            small_keystone.answer(request, services)
        else:
            nova.answer(request)

    with answering(answer) as (address, _):
        yield small_keystone.configured(directory, address)


def _refusal(status: int) -> tuple[int, object]:
    words = {501: "QEMU guest agent is not connected", 403: "Policy does not allow it"}
    return status, {"fault": {"code": status, "message": words.get(status, "It cannot be done")}}
