"""What Nova makes of image properties and flavor extra specs, as far as it can be known here."""

from collections.abc import Mapping, Sequence

from builder.nova.request import Request
from builder.nova.rules.cpu import CPU
from builder.nova.rules.cpu_topology import CPU_TOPOLOGY
from builder.nova.rules.device import DEVICE
from builder.nova.rules.disk import DISK
from builder.nova.rules.firmware import FIRMWARE
from builder.nova.rules.image import IMAGE
from builder.nova.rules.memory import MEMORY
from builder.nova.rules.numa import NUMA
from builder.nova.rules.rule import NovaConflict, Rule

RULES: tuple[Rule, ...] = (
    *DISK,
    *IMAGE,
    *FIRMWARE,
    *DEVICE,
    *CPU,
    *CPU_TOPOLOGY,
    *MEMORY,
    *NUMA,
)


def nova_conflicts(
    properties: Mapping[str, str], flavor: Mapping[str, str], rules: Sequence[Rule] = RULES
) -> list[NovaConflict]:
    """What Nova would refuse or silently ignore of these image properties and extra specs.

    The flavor may name its ``vcpus`` and its ``ram`` (MiB) too; what depends on them is judged
    where they are known.
    """
    request = Request(properties, flavor)
    return [conflict for rule in rules for conflict in rule(request)]
