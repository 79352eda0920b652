"""One server's course: made, watched, given a volume, rescued, rebuilt, hung, deleted and restored.

Each step's outcome is kept; what it shows is judged later. A step that waits longer than its limit
has failed, and says what it waited for. Where the server is gone or broken, the course ends.
"""

import time
from collections.abc import Callable

from builder.cloud.observation.sight import Sight, Step
from builder.cloud.proof.leftovers import Proof
from builder.cloud.proof.parameters import Setting
from builder.cloud.proof.steps.create import create
from builder.cloud.proof.steps.guest import grow_root, report, set_password
from builder.cloud.proof.steps.life import rebuild, rescue, soft_delete
from builder.cloud.proof.steps.subject import Subject
from builder.cloud.proof.steps.volume import attach, detach
from builder.cloud.proof.steps.watchdog import hang
from builder.cloud.server.servers import NO_NIC, NOT_IMPLEMENTED, Servers
from builder.cloud.server.volumes import Volumes
from builder.cloud.server.watcher import Watcher
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped, Outcome
from builder.publish.cloud.remedies import FORBIDDEN
from builder.terminal.progress import Progress

STEPS: tuple[tuple[str, str, Callable[[Subject], str]], ...] = (
    ("report", "the guest boots", report),
    ("password", "setting a password", set_password),
    ("resize", "growing the root disk", grow_root),
    ("attach", "attaching a volume", attach),
    ("detach", "detaching the volume", detach),
    ("rescue", "rescue", rescue),
    ("rebuild", "rebuild", rebuild),
    ("watchdog", "the watchdog", hang),
    ("soft-delete", "soft delete", soft_delete),
)
"""Name, what people are told meanwhile, and function of each, in their order."""
_NOT_ALLOWED = frozenset({FORBIDDEN, NOT_IMPLEMENTED})
_ENDS = frozenset({"ERROR", "SOFT_DELETED"})


class Course:
    """The course of one server; ``sight`` is what was seen of it."""

    def __init__(
        self,
        servers: Servers,
        volumes: Volumes,
        setting: Setting,
        proof: Proof,
        progress: Progress,
    ) -> None:
        self._subject = Subject(servers, volumes, proof, setting, Watcher(servers, progress))
        self._progress = progress
        self._steps: dict[str, Step] = {}

    @property
    def sight(self) -> Sight:
        """Everything that was seen so far."""
        setting, guest = self._subject.setting, self._subject.guest
        return Sight(
            properties=setting.image.properties,
            flavor=setting.flavor,
            has_nic=setting.network != NO_NIC,
            boots=guest.boots,
            steps=self._steps,
            domain=self._subject.domain,
            console=guest.console,
        )

    def run(self) -> None:
        """Go through it. Raises ``CloudError`` where no server comes up at all."""
        self._tell(f"a server is made of {self._subject.setting.image.id}")
        start = time.monotonic()
        seen = create(self._subject)
        self._steps["create"] = Step(Outcome.PASSED, seen, time.monotonic() - start)
        for name, phase, act in STEPS:
            self._tell(phase)
            self._steps[name] = self._made(act)
            if not self._is_usable():
                return

    def _tell(self, phase: str) -> None:
        self._progress.phase(f"{self._subject.servers}: {phase}")

    def _made(self, act: Callable[[Subject], str]) -> Step:
        start = time.monotonic()
        try:
            outcome, seen = Outcome.PASSED, act(self._subject)
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
        server = self._subject.servers.get(self._subject.id)
        return server is not None and server.status not in _ENDS
