"""One server's course: it is made, watched, rescued, rebuilt, hung, deleted and restored.

Each step's outcome is kept; what it shows is judged later. A step that waits longer than its limit
has failed, and says what it waited for. Where the server is gone or broken, the course ends.
"""

import secrets
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from builder.cloud import no_host
from builder.cloud.guest_report import BootReport, Hang, Password, Returned, Size, Watching
from builder.cloud.leftovers import Proof
from builder.cloud.servers import (
    BUILD,
    NAME,
    NO_NIC,
    NOT_IMPLEMENTED,
    PROOF,
    REBUILD_USER_DATA_SINCE,
    Servers,
)
from builder.cloud.setting import Setting
from builder.cloud.sight import Sight, Step
from builder.cloud.user_data import Act, Order, user_data
from builder.cloud.watcher import POLL, Watcher
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped, Outcome
from builder.nova.properties import is_true
from builder.publish.cloud.remedies import CONFLICT, FORBIDDEN
from builder.terminal.progress import Progress

RESIZE_STEP = 1 << 30
_NOT_ALLOWED = frozenset({FORBIDDEN, NOT_IMPLEMENTED})


if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Course:
    """The course of one server; ``sight`` is what was seen of it."""

    def __init__(
        self, servers: Servers, setting: Setting, proof: Proof, progress: Progress
    ) -> None:
        self._servers = servers
        self._setting = setting
        self._limits = setting.limits
        self._properties = setting.image.properties
        self._proof = proof
        self._progress = progress
        self._password = secrets.token_hex(12)
        self._server = ""
        self._guest = Watcher(servers, progress)
        self._steps: dict[str, Step] = {}
        self._domain: Element | None = None

    @property
    def sight(self) -> Sight:
        """Everything that was seen so far."""
        return Sight(
            properties=self._properties,
            flavor=self._setting.flavor,
            has_nic=self._setting.network != NO_NIC,
            boots=self._guest.boots,
            steps=self._steps,
            domain=self._domain,
            console=self._guest.console,
        )

    def run(self) -> None:
        """Go through it. Raises ``CloudError`` where no server comes up at all."""
        self._create()
        steps: tuple[tuple[str, str, Callable[[], str]], ...] = (
            ("report", "the guest boots", self._await_report),
            ("password", "setting a password", self._set_password),
            ("resize", "growing the root disk", self._resize),
            ("rescue", "rescue", self._rescue),
            ("rebuild", "rebuild", self._rebuild),
            ("watchdog", "the watchdog", self._hang),
            ("soft-delete", "soft delete", self._soft_delete),
        )
        for name, phase, act in steps:
            self._progress.phase(f"{self._servers}: {phase}")
            self._steps[name] = self._made(act)
            if not self._is_usable():
                return

    def _made(self, act: Callable[[], str]) -> Step:
        start = time.monotonic()
        try:
            outcome, seen = Outcome.PASSED, act()
        except (CheckFailed, TimeoutError) as failure:
            outcome, seen = Outcome.FAILED, str(failure)
        except CheckSkipped as skip:
            outcome, seen = Outcome.SKIPPED, str(skip)
        except CloudError as error:
            refused = error.status in _NOT_ALLOWED
            outcome = Outcome.SKIPPED if refused else Outcome.ERROR
            seen = " ".join([error.message, *error.details])
        return Step(outcome, seen, time.monotonic() - start)

    def _is_usable(self) -> bool:
        server = self._servers.get(self._server)
        return server is not None and server.status not in {"ERROR", "SOFT_DELETED"}

    # ---- steps

    def _create(self) -> None:
        setting, start = self._setting, time.monotonic()
        self._progress.phase(f"{self._servers}: a server is made of {setting.image.id}")
        made = self._servers.create(
            f"{NAME}-{setting.build}-{self._proof.id[:8]}",
            image=setting.image.id,
            flavor=setting.flavor.id,
            network=setting.network,
            user_data=self._user_data("watch"),
            metadata={PROOF: self._proof.id, BUILD: setting.build},
        )
        self._server = self._guest.server = made.id
        self._proof.note(made.id)
        try:
            self._guest.await_status("ACTIVE", self._limits.active)
        except CheckFailed as failure:
            raise self._not_started(str(failure)) from failure
        except TimeoutError as late:
            raise CloudError(
                f"Cloud '{self._servers}' has not started a server of image {setting.image.id}.",
                details=[str(late)],
                hint="Ask its operators, or try another time.",
            ) from late
        seconds = time.monotonic() - start
        seen = f"ACTIVE after {seconds:.0f} s with flavor {setting.flavor.name}"
        self._steps["create"] = Step(Outcome.PASSED, seen, seconds)
        if setting.operator is not None:
            self._domain = setting.operator.domain(made.id)

    def _not_started(self, fault: str) -> CloudError:
        flavor = self._setting.flavor
        details = [fault]
        if no_host.NO_HOST in fault:
            details += no_host.reasons(flavor, self._servers.hosts_for)
        return CloudError(
            f"Cloud '{self._servers}' could not start a server of image"
            f" {self._setting.image.id} with flavor {flavor.name}.",
            details=details,
            hint="Choose another flavor with --flavor, or ask the cloud's operators.",
        )

    def _await_report(self) -> str:
        if self._properties.get("os_type", "linux") != "linux":
            raise CheckSkipped("only a Linux guest runs the script that tells what it sees")
        if self._servers.console(self._server) is None:
            raise CheckSkipped("the cloud shows no console log")
        boot, seconds = self._guest.await_boot("first", (), self._limits.boot)
        return f"told {len(boot.messages)} facts {seconds:.0f} s after the server was active"

    def _set_password(self) -> str:
        if not is_true(self._properties.get("hw_qemu_guest_agent")):
            raise CheckSkipped("the image has no hw_qemu_guest_agent: Nova asks no agent")
        boot = self._guest.require("first")
        self._guest.wait_told(
            "the guest to watch its passwords",
            lambda: self._guest.told(boot, Watching),
            self._limits.password,
        )
        start = time.monotonic()
        self._ask_agent(start)
        password = self._guest.wait_told(
            "the guest to tell that its password was set",
            lambda: self._guest.told(boot, Password),
            self._limits.password,
        )
        if password.before:
            raise CheckFailed(f"{password.user} could log in before the password was set")
        if not password.after:
            raise CheckFailed(f"{password.user} cannot log in with the password that was set")
        return (
            f"Nova has set the password of {password.user} through the agent, and it lets"
            " somebody in who could not enter before"
        )

    def _ask_agent(self, start: float) -> None:
        while True:
            try:
                self._servers.set_password(self._server, self._password)
            except CloudError as error:
                # 501: the agent does not answer; 409: another task is not over.
                if error.status not in {NOT_IMPLEMENTED, CONFLICT}:
                    raise
                if time.monotonic() - start > self._limits.agent:
                    reason = " ".join(error.details)
                    raise CheckFailed(
                        f"the guest agent did not answer Nova for {self._limits.agent:.0f} s:"
                        f" {reason}"
                    ) from error
                time.sleep(POLL)
            else:
                return

    def _resize(self) -> str:
        operator, domain = self._setting.operator, self._domain
        if operator is None:
            raise CheckSkipped("a tenant grows volumes only, and this root is none: see --libvirt")
        if domain is None:
            raise CheckSkipped(f"the server does not run on the host of {operator.uri}")
        boot = self._guest.require("first")
        if boot.root is None:
            raise CheckSkipped("the guest does not know which disk its root is on")
        size = boot.root.bytes + RESIZE_STEP
        operator.resize_root(self._server, domain, size)

        def grown() -> Size | None:
            told = self._guest.told(boot, Size)
            return told if told is not None and told.bytes == size else None

        seen = self._guest.wait_told(
            "the guest to see that its disk grew", grown, self._limits.resize
        )
        return f"/dev/{seen.name} grew from {boot.root.bytes >> 30} to {size >> 30} GiB at run time"

    def _rescue(self) -> str:
        self._guest.require("first")
        known = self._guest.known
        self._servers.rescue(self._server)
        self._guest.await_status("RESCUE", self._limits.active)
        try:
            _, seconds = self._guest.await_boot("rescued", known, self._limits.boot)
        except (CheckFailed, TimeoutError):
            self._end_rescue()
            raise
        self._end_rescue()
        return f"booted in rescue in {seconds:.0f} s, and ended it"

    def _end_rescue(self) -> None:
        self._servers.unrescue(self._server)
        self._guest.await_status("ACTIVE", self._limits.active)

    def _rebuild(self) -> str:
        self._guest.require("first")
        if not self._servers.supports(REBUILD_USER_DATA_SINCE):
            major, minor = REBUILD_USER_DATA_SINCE
            raise CheckSkipped(f"the cloud has no microversion {major}.{minor}")
        order: Act = "hang" if self._has_watchdog else "watch"
        self._servers.rebuild(self._server, self._setting.image.id, self._user_data(order))
        self._guest.await_status("ACTIVE", self._limits.active)
        _, seconds = self._guest.await_boot("rebuilt", (), self._limits.boot)
        return f"rebuilt and booted in {seconds:.0f} s"

    @property
    def _has_watchdog(self) -> bool:
        return self._properties.get("hw_watchdog_action", "disabled") != "disabled"

    def _hang(self) -> str:
        if not self._has_watchdog:
            raise CheckSkipped("the image asks for no watchdog")
        boot, action = self._guest.require("rebuilt"), self._properties["hw_watchdog_action"]
        known = self._guest.known
        hang = self._guest.wait_told(
            "the guest to hang", lambda: self._guest.told(boot, Hang), self._limits.action
        )
        if not hang.holders:
            raise CheckFailed("no process of the guest holds its watchdog open")
        stopped = f"{' and '.join(hang.holders)} stopped"
        match action:
            case "reset":
                self._await_return(boot, known)
                return f"{stopped}: reset; the guest came back"
            case "poweroff" | "pause":
                status = "SHUTOFF" if action == "poweroff" else "PAUSED"
                self._guest.await_status(status, self._limits.action)
                return f"{stopped}: the server is {status}"
            case _:
                raise CheckSkipped(f"hw_watchdog_action={action} leaves no trace outside")

    def _await_return(self, hung: BootReport, known: Collection[str]) -> None:
        boot, _ = self._guest.await_boot("returned", known, self._limits.action)
        told = self._guest.wait_told(
            "the guest to tell that it hung",
            lambda: self._guest.told(boot, Returned),
            self._limits.password,
        )
        if told.hung != hung.id:
            raise CheckFailed("the guest came back from another boot than the one that hung")

    def _soft_delete(self) -> str:
        self._servers.delete(self._server)
        if not self._is_soft_deleted():
            raise CheckSkipped("the cloud deletes at once (reclaim_instance_interval is 0)")
        start = time.monotonic()
        self._servers.restore(self._server)
        self._guest.await_status("ACTIVE", self._limits.active)
        return f"SOFT_DELETED, and ACTIVE {time.monotonic() - start:.0f} s after it was restored"

    def _is_soft_deleted(self) -> bool:
        def deleted() -> bool | None:
            server = self._servers.get(self._server)
            if server is None or server.status == "DELETED":
                return False
            return True if server.status == "SOFT_DELETED" else None

        return self._guest.wait("the server to be deleted", deleted, self._limits.deleted)

    def _user_data(self, act: Act) -> str:
        """The order to a guest on a new disk, whose lines are known by a token of their own."""
        user = self._properties.get("os_admin_user", "root")
        return user_data(Order(self._guest.renew(), act, user, self._password))
