"""What Nova is asked for: the properties of an image and the extra specs of a flavor."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.feature import Firmware, Topology
from builder.nova import topology
from builder.nova.properties import is_true


@dataclass(frozen=True)
class Request:
    """It satisfies ``builder.feature.device.Request``, and reads values as Nova does."""

    properties: Mapping[str, str]
    extra_specs: Mapping[str, str]
    firmware: Firmware = "bios"

    @property
    def vcpus(self) -> int:
        """As few as can be, so that all that the image asks for is granted."""
        return topology.vcpus(self._wish)

    @property
    def topology(self) -> Topology | None:
        """Nova's arrangement of them; None where the image asks for none."""
        return topology.best(self._wish, self.vcpus) if any(self._wish) else None

    @property
    def _wish(self) -> tuple[int, ...]:
        return topology.wished(self.properties, "hw_cpu_")

    def image(self, name: str) -> str | None:
        """An image property."""
        return self.properties.get(name)

    def flavor(self, name: str) -> str | None:
        """An extra spec."""
        return self.extra_specs.get(name)

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Whether a property, or an extra spec (``hw:…``, ``hw_rng:…``), is true."""
        value = (self.flavor if ":" in name else self.image)(name)
        return default if value is None else is_true(value)
