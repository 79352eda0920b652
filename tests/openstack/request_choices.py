"""Pairs of an image and a flavor whose properties meet: what a rule of Nova's compares."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from builder.nova.kind import BOOLEANS
from builder.nova.properties import KNOWN

Values = Mapping[str, tuple[str, ...]]
Pair = tuple[dict[str, str], dict[str, str]]

FLAVOR_BOOLEANS = ("yes", "true", "1", "no", "False", "0")
MASKS = ("^0", "^0-1", "0", "1", "0-3", "1-3", "0-1,3", "2-7", "^0,^1")
NO_SET = "3-1"
"""What Nova's API takes for a set of CPUs on a flavor, and refuses with an image."""


@dataclass(frozen=True)
class Subject:
    """Properties and extra specs that rules look at together."""

    image: Values
    flavor: Values


def _words(*names: str) -> Values:
    return {name: KNOWN[name].kind.words for name in names}


def _both(*names: str) -> tuple[Values, Values]:
    """Image properties with few values, and the extra specs that say the same."""
    image = _words(*(f"hw_{name}" for name in names))
    flavor = {
        f"hw:{name}": FLAVOR_BOOLEANS if image[f"hw_{name}"] == BOOLEANS else image[f"hw_{name}"]
        for name in names
    }
    return image, flavor


SIZES: Values = {"vcpus": ("1", "2", "3", "4", "8"), "ram": ("1024", "1536", "2048")}
FIRMWARE = _words("hw_firmware_type", "hw_firmware_stateless")
MACHINE: Values = {"hw_machine_type": ("pc", "q35", "pc-q35-8.2", "virt")}
COUNTS = ("1", "2", "3", "4")
POLICIES = _both("cpu_policy", "cpu_thread_policy")
ENCRYPTION = _both("mem_encryption", "mem_encryption_model")
DISK_ENCRYPTION = _both("ephemeral_encryption", "ephemeral_encryption_format")
TPM = _both("tpm_model", "tpm_version")
SHARED = _both(
    "pmu", "virtio_packed_ring", "vif_multiqueue_enabled", "sound_model", "usb_model",
    "pci_numa_affinity_policy", "locked_memory",
)  # fmt: skip
PAGES = ("any", "small", "large", "4", "2048", "2MB", "1GB")

SUBJECTS = (
    Subject(*POLICIES),
    Subject(
        _words("hw_cpu_policy") | {"hw_cpu_realtime_mask": MASKS},
        {
            "hw:cpu_policy": ("dedicated", "mixed"),
            "hw:cpu_realtime": FLAVOR_BOOLEANS,
            "hw:cpu_realtime_mask": (*MASKS, NO_SET),
            "hw:cpu_dedicated_mask": (*MASKS, NO_SET),
            "hw:emulator_threads_policy": ("share", "isolate"),
        },
    ),
    Subject(
        _words("hw_cpu_thread_policy") | {"trait:HW_CPU_HYPERTHREADING": ("required",)},
        {
            "hw:cpu_policy": ("dedicated", "shared"),
            "trait:HW_CPU_HYPERTHREADING": ("required", "forbidden"),
            "resources:PCPU": ("1", "2", "4", "5"),
            "resources:VCPU": ("2", "4"),
            "hw:emulator_threads_policy": ("share", "isolate"),
        },
    ),
    Subject(
        {
            f"hw_cpu_{kind}{part}": COUNTS
            for kind in ("", "max_") for part in ("sockets", "cores", "threads")
        },
        {
            f"hw:cpu_{kind}{part}": COUNTS
            for kind in ("", "max_") for part in ("sockets", "cores", "threads")
        },
    ),
    Subject(
        {"hw_mem_page_size": PAGES} | _words("hw_locked_memory"),
        {"hw:mem_page_size": PAGES, "hw:locked_memory": FLAVOR_BOOLEANS},
    ),
    Subject(
        ENCRYPTION[0] | FIRMWARE | MACHINE | {"hw_video_model": ("none", "virtio")}, ENCRYPTION[1]
    ),
    Subject(
        ENCRYPTION[0] | {"hw_firmware_type": ("uefi",), "hw_machine_type": ("q35",)}, ENCRYPTION[1]
    ),
    Subject(_words("os_secure_boot") | {"hw_firmware_type": ("uefi",)}, {}),
    Subject({"hw_numa_nodes": COUNTS}, {"hw:numa_nodes": COUNTS}),
    Subject(
        {
            "hw_numa_nodes": ("1", "2", "3"),
            "hw_numa_cpus.0": ("0", "0-1", "0,2", "0-3"),
            "hw_numa_cpus.1": ("1", "2-3", "1,3"),
            "hw_numa_mem.0": ("512", "1024", "2048"),
            "hw_numa_mem.1": ("512", "1024"),
        },
        {
            "hw:numa_nodes": ("1", "2"),
            "hw:numa_cpus.0": ("0", "0-1", "0-3", NO_SET),
            "hw:numa_cpus.1": ("1", "2-3"),
            "hw:numa_mem.0": ("512", "1024"),
            "hw:numa_mem.1": ("512", "1024"),
            "hw:pmem": ("SMALL", "SMALL,BIG"),
        },
    ),
    Subject(
        _words("os_secure_boot", "architecture", "hw_emulation_architecture", "hw_viommu_model")
        | FIRMWARE | MACHINE,
        {"os:secure_boot": ("required", "disabled")}
        | {"hw:viommu_model": KNOWN["hw_viommu_model"].kind.words},
    ),
    Subject(TPM[0], TPM[1] | {"hw:tpm_secret_security": ("user", "host", "deployment")}),
    Subject(*SHARED),
    Subject(*DISK_ENCRYPTION),
    Subject(
        {"hw_maxphysaddr_bits": ("40", "48")} | _words("hw_maxphysaddr_mode"),
        {
            "hw:maxphysaddr_mode": ("emulate", "passthrough"),
            "hw:maxphysaddr_bits": ("40", "48"),
        },
    ),
    Subject(
        {
            "hw_serial_port_count": ("1", "2", "3"),
            "hw_video_ram": ("1", "16", "64"),
            "hw_redirected_usb_ports": ("0", "1", "4"),
        },
        {
            "hw:serial_port_count": ("0", "1", "2", "3", "4"),
            "hw_video:ram_max_mb": ("0", "16", "64"),
            "hw:redirected_usb_ports": ("0", "1", "4"),
        },
    ),
    Subject(
        _words(
            "hw_disk_bus", "hw_scsi_model", "hw_cdrom_bus", "hw_video_model", "hw_vif_model",
            "hw_watchdog_action", "hw_rng_model", "hw_boot_menu", "hw_qemu_guest_agent",
            "os_require_quiesce", "hw_input_bus", "hw_time_hpet", "img_hide_hypervisor_id",
        ),
        {
            "hw:watchdog_action": KNOWN["hw_watchdog_action"].kind.words,
            "hw_rng:allowed": FLAVOR_BOOLEANS,
            "hw:boot_menu": FLAVOR_BOOLEANS,
        },
    ),
)  # fmt: skip

UNVALIDATED = frozenset({"hw:maxphysaddr_mode", "hw:maxphysaddr_bits"})
"""Extra specs that Nova reads, and that its own API refuses on a flavor since microversion 2.86."""


def _some(values: Values) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(words) for name, words in values.items()}
    )


def _pair(subjects: list[Subject]) -> st.SearchStrategy[Pair]:
    image: Values = {}
    flavor: Values = {}
    for subject in subjects:
        image, flavor = {**image, **subject.image}, {**flavor, **subject.flavor}
    sizes = st.fixed_dictionaries({name: st.sampled_from(SIZES[name]) for name in SIZES})
    sized = st.tuples(_some(flavor), sizes).map(lambda parts: {**parts[0], **parts[1]})
    return st.tuples(_some(image), sized)


_COMBINED = [_pair([subject, another]) for subject in SUBJECTS for another in SUBJECTS]
PAIRS = st.sampled_from(_COMBINED).flatmap(lambda pairs: pairs)
"""An image and a flavor of one subject, or of two that may meet."""


def distinct_pairs(drawn: int) -> list[Pair]:
    """As many pairs as differ of those that are drawn, the smallest first: each time the same."""
    found: dict[tuple[frozenset[tuple[str, str]], ...], Pair] = {}

    @settings(
        max_examples=drawn,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(PAIRS)
    def draw(pair: Pair) -> None:
        found[tuple(frozenset(values.items()) for values in pair)] = pair

    draw()
    return sorted(found.values(), key=lambda pair: sum(map(len, pair)))
