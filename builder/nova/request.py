"""What Nova is asked for: the properties of an image and the extra specs of a flavor."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.feature import Firmware, Topology
from builder.nova import topology
from builder.nova.properties import is_true

_MACHINES = {
    "x86_64": "pc",
    "i686": "pc",
    "aarch64": "virt",
    "ppc64le": "pseries",
    "s390x": "s390-ccw-virtio",
}
"""``get_default_machine_type`` of Nova's libvirt driver."""


@dataclass(frozen=True)
class Request:
    """It satisfies ``builder.feature.device.Request``, and reads values as Nova does."""

    properties: Mapping[str, str]
    extra_specs: Mapping[str, str]
    """Extra specs, and as far as they are known the flavor's ``vcpus`` and ``ram`` (MiB)."""
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

    @property
    def flavor_vcpus(self) -> int | None:
        """Those of the flavor; None where they are not known."""
        return topology.number(self.flavor("vcpus")) or None

    @property
    def flavor_memory(self) -> int | None:
        """The flavor's memory in MiB; None where it is not known."""
        return topology.number(self.flavor("ram")) or None

    @property
    def architecture(self) -> str:
        """That of the guest, x86-64 where the image does not say."""
        return self.image("hw_architecture") or self.image("architecture") or "x86_64"

    @property
    def emulated_architecture(self) -> str:
        """The one that QEMU emulates where it is another than the host's."""
        return self.image("hw_emulation_architecture") or self.architecture

    @property
    def machine_type(self) -> str:
        """The image's, or Nova's default; a host's ``[libvirt] hw_machine_type`` may be another."""
        return self.image("hw_machine_type") or _MACHINES.get(self.architecture, "")

    def image(self, name: str) -> str | None:
        """An image property."""
        return self.properties.get(name)

    def flavor(self, name: str) -> str | None:
        """An extra spec."""
        return self.extra_specs.get(name)

    def value(self, name: str) -> str | None:
        """A property, or an extra spec (``hw:…``, ``hw_rng:…``)."""
        return (self.flavor if ":" in name else self.image)(name)

    def is_on(self, name: str, *, default: bool = False) -> bool:
        """Whether a property, or an extra spec, is true."""
        value = self.value(name)
        return default if value is None else is_true(value)

    def either(self, extra_spec: str) -> str | None:
        """What the flavor says, or else the image by its property of the same name."""
        return self.flavor(extra_spec) or self.image(property_of(extra_spec))

    def either_is_on(self, extra_spec: str) -> bool:
        """Whether the flavor or the image asks for it."""
        return self.is_on(extra_spec) or self.is_on(property_of(extra_spec))


def property_of(extra_spec: str) -> str:
    """The image property that says the same as an extra spec: ``hw_pmu`` for ``hw:pmu``."""
    return extra_spec.replace(":", "_", 1)
