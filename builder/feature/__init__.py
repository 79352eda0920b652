"""The contract of a feature: what third parties import.

A feature is frozen data plus functions. It knows nothing of libguestfs, QEMU or OpenStack: its
inspections see a ``Filesystem``, its probes see a ``Guest``, and both are protocols.
"""

from builder.feature.check import (
    CheckFailed,
    CheckSkipped,
    Grade,
    Inspection,
    Outcome,
    P,
    Parameters,
    Probe,
    When,
    always,
    inspection,
    probe,
)
from builder.feature.device import Device, Ends, Firmware, Nic, Request, Topology
from builder.feature.feature import Claim, Conflict, Feature, Surroundings
from builder.feature.filesystem import Filesystem, Kernel, RegistryValue, Volume
from builder.feature.guest import CONSOLE, Completed, Guest
from builder.feature.machine import FIRST_NIC, SPARE_NETDEV, SPARE_PORT, Machine, machine_text
from builder.feature.needs import (
    AggregateMetadata,
    ConfigOption,
    Consequence,
    ExtraSpec,
    FlavorVcpus,
    HostFact,
    KernelArgument,
    ModuleOption,
    Necessity,
    Need,
    ProviderTrait,
    SchedulerFilter,
    Setup,
)
from builder.feature.nova_release import NovaRelease
from builder.feature.source_file import SourceFile

__all__ = [
    "CONSOLE",
    "FIRST_NIC",
    "SPARE_NETDEV",
    "SPARE_PORT",
    "AggregateMetadata",
    "CheckFailed",
    "CheckSkipped",
    "Claim",
    "Completed",
    "ConfigOption",
    "Conflict",
    "Consequence",
    "Device",
    "Ends",
    "ExtraSpec",
    "Feature",
    "Filesystem",
    "Firmware",
    "FlavorVcpus",
    "Grade",
    "Guest",
    "HostFact",
    "Inspection",
    "Kernel",
    "KernelArgument",
    "Machine",
    "ModuleOption",
    "Necessity",
    "Need",
    "Nic",
    "NovaRelease",
    "Outcome",
    "P",
    "Parameters",
    "Probe",
    "ProviderTrait",
    "RegistryValue",
    "Request",
    "SchedulerFilter",
    "Setup",
    "SourceFile",
    "Surroundings",
    "Topology",
    "Volume",
    "When",
    "always",
    "inspection",
    "machine_text",
    "probe",
]
