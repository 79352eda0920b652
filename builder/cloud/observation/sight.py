"""What was seen of a server: the data that observations judge. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar
from xml.etree.ElementTree import Element

from builder.cloud.api.model import Flavor
from builder.cloud.observation.guest_report import BootReport, Fact
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped, Outcome

EMULATED = "qemu"
"""What systemd-detect-virt(1) says where ``virt_type`` is not ``kvm``."""

Stage = Literal["first", "rescued", "rebuilt", "returned"]
"""The boots that are looked at: the first one, that in rescue, the rebuilt server's, and that after
the watchdog has reset the guest."""

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Step:
    """How something ended that was done to the server, and what was seen of it."""

    outcome: Outcome
    seen: str
    seconds: float = 0


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Everything that was seen of one server."""

    properties: Mapping[str, str]
    """The image's, as the cloud has them."""
    flavor: Flavor
    has_nic: bool
    boots: Mapping[Stage, BootReport]
    steps: Mapping[str, Step]
    domain: Element | None = None
    """What libvirt runs, where an operator's eyes were lent."""
    console: str = ""

    def boot(self, stage: Stage = "first") -> BootReport:
        """What the guest has told in a boot. Raises ``CheckSkipped`` where it has not."""
        boot = self.boots.get(stage)
        if boot is None or not boot.complete:
            raise CheckSkipped(f"the guest has not told what it sees in its {stage} boot")
        return boot

    def fact(self, kind: type[F], stage: Stage = "first") -> F:
        """The one fact of a kind. Raises ``CheckSkipped`` where the guest has not told it."""
        fact = self.boot(stage).last(kind)
        if fact is None:
            raise CheckSkipped(f"the guest has told nothing of its {kind.__name__.lower()}")
        return fact

    def done(self, name: str) -> str:
        """What was seen of a step that succeeded.

        Raises ``CheckFailed`` or ``CheckSkipped`` where it did not, or was not made, and
        ``CloudError`` where the cloud was to blame.
        """
        step = self.steps.get(name)
        if step is None:
            raise CheckSkipped("the proof did not come so far")
        if step.outcome is Outcome.SKIPPED:
            raise CheckSkipped(step.seen)
        if step.outcome is Outcome.ERROR:
            raise CloudError(step.seen)
        if step.outcome is Outcome.FAILED:
            raise CheckFailed(step.seen)
        return step.seen

    def libvirt(self) -> Element:
        """The domain. Raises ``CheckSkipped`` where nobody may look at it."""
        if self.domain is None:
            raise CheckSkipped("only an operator sees it: --libvirt names the compute host's")
        return self.domain
