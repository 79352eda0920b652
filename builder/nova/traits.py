"""The traits that a host must have for what an image and its flavor ask for.

Nova asks Placement for hosts with them: where no host has one, the server ends in ERROR with
``No valid host``. Sources: Nova 34's ``nova/scheduler/utils.py`` (``ResourceRequest``) and
``nova/scheduler/request_filter.py``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from builder.nova.cpu_policy import SMT
from builder.nova.properties import is_true
from builder.nova.request import Request, property_of
from builder.nova.rules.memory import DEFAULT_MODEL
from builder.nova.rules.rule import always


@dataclass(frozen=True)
class RequiredTraits:
    """What a host must have for a value that flavor or image may say."""

    names: tuple[str, ...]
    """The extra spec and the property; the first that says something is asked."""
    traits: Mapping[str, str]
    """By value; those of a boolean by ``true``."""
    default: str = ""
    """The value where nobody says any, and something of ``asked_by`` is there."""
    asked_by: tuple[str, ...] = ()
    when: Callable[[Request], bool] = always
    """Whether Nova looks at it at all."""

    def of(self, request: Request) -> tuple[str, str] | None:
        """The trait, and the property or extra spec that asks for it."""
        if not self.when(request):
            return None
        for name in self.names:
            value = request.value(name)
            asked = value if value is None or "true" not in self.traits else _truth(value)
            if asked:
                trait = self.traits.get(asked)
                return (trait, name) if trait else None
        for name in self.asked_by:
            if request.value(name) is not None:
                return self.traits[self.default], name
        return None


def _both(extra_spec: str) -> tuple[str, str]:
    return extra_spec, property_of(extra_spec)


def _truth(value: str) -> str:
    return "true" if is_true(value) else ""


def _has_tpm(request: Request) -> bool:
    return request.either("hw:tpm_version") is not None


ALWAYS = (
    RequiredTraits(_both("hw:cpu_thread_policy"), {"require": SMT}),
    RequiredTraits(_both("hw:ephemeral_encryption"), {"true": "COMPUTE_EPHEMERAL_ENCRYPTION"}),
    RequiredTraits(
        _both("hw:ephemeral_encryption_format"),
        {
            "luks": "COMPUTE_EPHEMERAL_ENCRYPTION_LUKS",
            "luksv2": "COMPUTE_EPHEMERAL_ENCRYPTION_LUKSV2",
            "plain": "COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN",
        },
        when=lambda request: request.either_is_on("hw:ephemeral_encryption"),
    ),
    RequiredTraits(
        ("hw_firmware_stateless",),
        {"true": "COMPUTE_SECURITY_STATELESS_FIRMWARE"},
        when=lambda request: request.image("hw_firmware_type") == "uefi",
    ),
    RequiredTraits(
        _both("hw:maxphysaddr_mode"),
        {
            "emulate": "COMPUTE_ADDRESS_SPACE_EMULATED",
            "passthrough": "COMPUTE_ADDRESS_SPACE_PASSTHROUGH",
        },
    ),
    RequiredTraits(
        _both("hw:mem_encryption_model"),
        {
            "amd-sev": "HW_CPU_X86_AMD_SEV",
            "amd-sev-es": "HW_CPU_X86_AMD_SEV_ES",
            "amd-sev-snp": "HW_CPU_X86_AMD_SEV_SNP",
            "intel-tdx": "HW_CPU_X86_INTEL_TDX",
        },
        default=DEFAULT_MODEL,
        asked_by=_both("hw:mem_encryption"),
        when=lambda request: request.either_is_on("hw:mem_encryption"),
    ),
    RequiredTraits(
        _both("hw:pci_numa_affinity_policy"), {"socket": "COMPUTE_SOCKET_PCI_NUMA_AFFINITY"}
    ),
    RequiredTraits(_both("hw:sound_model"), {"virtio": "COMPUTE_SOUND_MODEL_VIRTIO"}),
    RequiredTraits(
        _both("hw:tpm_model"),
        {"tpm-tis": "COMPUTE_SECURITY_TPM_TIS", "tpm-crb": "COMPUTE_SECURITY_TPM_CRB"},
        default="tpm-tis",
        asked_by=_both("hw:tpm_version"),
        when=_has_tpm,
    ),
    RequiredTraits(
        _both("hw:tpm_version"),
        {"1.2": "COMPUTE_SECURITY_TPM_1_2", "2.0": "COMPUTE_SECURITY_TPM_2_0"},
    ),
    RequiredTraits(
        ("hw:tpm_secret_security",),
        {
            where: f"COMPUTE_SECURITY_TPM_SECRET_SECURITY_{where.upper()}"
            for where in ("user", "host", "deployment")
        },
        default="user",
        asked_by=_both("hw:tpm_version"),
        when=_has_tpm,
    ),
    RequiredTraits(_both("hw:virtio_packed_ring"), {"true": "COMPUTE_NET_VIRTIO_PACKED"}),
    RequiredTraits(_both("os:secure_boot"), {"required": "COMPUTE_SECURITY_UEFI_SECURE_BOOT"}),
)
"""What every Nova of today asks of hosts."""

PREFILTERED: Mapping[str, str] = {
    "hw_cdrom_bus": "COMPUTE_STORAGE_BUS",
    "hw_disk_bus": "COMPUTE_STORAGE_BUS",
    "hw_video_model": "COMPUTE_GRAPHICS_MODEL",
    "hw_vif_model": "COMPUTE_NET_VIF_MODEL",
    "architecture": "HW_ARCH",
    "hw_architecture": "HW_ARCH",
    "hw_emulation_architecture": "COMPUTE_ARCH",
}
"""What is asked of hosts besides with ``[scheduler] image_metadata_prefilter``: the beginning of
the trait's name, which ends in the property's value."""

WITHOUT_TRAIT: Mapping[str, frozenset[str]] = {
    "hw_viommu_model": frozenset({"intel", "smmuv3", "virtio", "auto"}),
    "hw_emulation_architecture": frozenset({"i686"}),
}
"""Values for which the prefilter makes up the name of a trait that there is not (Nova 34 says
``COMPUTE_VIOMMU_INTEL``, os-traits ``COMPUTE_VIOMMU_MODEL_INTEL``): it gives up, and asks nothing
of hosts for the image's other properties either."""


def required_traits(
    properties: Mapping[str, str], flavor: Mapping[str, str], *, prefilter: bool
) -> dict[str, str]:
    """Each trait that a host must have, with the property or extra spec that asks for it.

    ``prefilter`` is the scheduler's ``image_metadata_prefilter``. No trait stands here for what
    ``nova_conflicts`` says is refused.
    """
    request = Request(properties, flavor)
    return dict(
        [
            *(_prefiltered(request) if prefilter else ()),
            *(found for rule in ALWAYS if (found := rule.of(request)) is not None),
            *_named(properties, r"trait:(.+)"),
            *_named(flavor, r"trait[A-Za-z0-9_-]*:(.+)"),
        ]
    )


def _named(values: Mapping[str, str], pattern: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        match = re.fullmatch(pattern, name)
        if match is not None and value == "required":
            yield match[1], name


def _prefiltered(request: Request) -> Iterator[tuple[str, str]]:
    if any(request.image(name) in values for name, values in WITHOUT_TRAIT.items()):
        return
    for name, prefix in PREFILTERED.items():
        value = request.image(name)
        if value is None or (name == "architecture" and request.image("hw_architecture")):
            continue
        yield f"{prefix}_{value.replace('-', '_').upper()}", name
