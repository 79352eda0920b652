"""The image properties that Nova and its users read, and the values that each may have.

Sources: Nova 34's ``nova/objects/image_meta.py`` (names and types) and ``nova/objects/fields.py``
(enumerations); Glance 33's ``etc/metadefs``; the SCS standard 0102, version 1.1. Glance itself
stores any text under any name: ``hw_disk_bus=bogus`` uploads well and fails at boot.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from builder.words import did_you_mean, enumeration, shown

TEXT_LIMIT = 65535
"""Bytes of a property's value in Glance's database (``TEXT`` of MySQL)."""
NAME_LIMIT = 255

BOOLEANS = ("yes", "no", "true", "false")
"""Nova reads more words; an image from here says one of these."""


@dataclass(frozen=True)
class Kind:
    """What a property's value may be."""

    expected: str
    """Completes "… is not"."""
    accepts: Callable[[str], bool]
    words: tuple[str, ...] = ()
    """All values, where they are few; Nova distinguishes upper and lower case."""


def _choice(*words: str) -> Kind:
    return Kind(enumeration(words) if words else "", lambda value: value in words, words)


def _matches(pattern: str, expected: str) -> Kind:
    return Kind(expected, lambda value: re.fullmatch(pattern, value) is not None)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _or_date(pattern: str, expected: str) -> Kind:
    return Kind(expected, lambda text: bool(re.fullmatch(pattern, text)) or _is_date(text))


def _is_build_date(value: str) -> bool:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(value, form).strftime(form) == value  # noqa: DTZ007 - UTC by the standard
        except ValueError:
            continue
    return False


_TEXT = Kind("a text", lambda value: bool(value.strip()) and value.isprintable())
_BOOLEAN = _choice(*BOOLEANS)
_NUMBER = _matches(r"0|[1-9][0-9]{0,8}", "a number")
_COUNT = _matches(r"[1-9][0-9]{0,8}", "a number above 0")
_UUID = _matches(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID")
_DATE = Kind("a date YYYY-MM-DD", _is_date)
_WORD = _matches(r"[a-z0-9._-]+", "a word in lower case")
_ARCHITECTURES = _choice("x86_64", "aarch64", "i686", "ppc64le", "s390x")

KNOWN: Mapping[str, Kind] = {
    # ---- what Nova's libvirt driver makes of the guest's hardware
    "hw_boot_menu": _BOOLEAN,
    "hw_cdrom_bus": _choice("fdc", "ide", "sata", "scsi", "usb", "virtio"),
    "hw_cpu_cores": _COUNT,
    "hw_cpu_max_cores": _COUNT,
    "hw_cpu_max_sockets": _COUNT,
    "hw_cpu_max_threads": _COUNT,
    "hw_cpu_policy": _choice("dedicated", "shared", "mixed"),
    "hw_cpu_sockets": _COUNT,
    "hw_cpu_thread_policy": _choice("prefer", "isolate", "require"),
    "hw_cpu_threads": _COUNT,
    "hw_disk_bus": _choice("fdc", "ide", "sata", "scsi", "usb", "virtio"),
    "hw_firmware_stateless": _BOOLEAN,
    "hw_firmware_type": _choice("uefi", "bios"),
    "hw_input_bus": _choice("usb", "virtio"),
    "hw_machine_type": _WORD,
    "hw_mem_encryption": _BOOLEAN,
    "hw_mem_page_size": _matches(
        r"any|small|large|[1-9][0-9]{0,8}([KMGT]i?B)?", "any, small, large, or a size (2048, 2MB)"
    ),
    "hw_numa_nodes": _COUNT,
    "hw_pmu": _BOOLEAN,
    "hw_pointer_model": _choice("usbtablet"),
    "hw_qemu_guest_agent": _BOOLEAN,
    "hw_rescue_bus": _choice("fdc", "ide", "sata", "scsi", "usb", "virtio"),
    "hw_rescue_device": _choice("cdrom", "disk", "floppy"),
    "hw_rng_model": _choice("virtio"),
    "hw_scsi_model": _choice(
        "buslogic", "ibmvscsi", "lsilogic", "lsisas1068", "lsisas1078", "virtio-scsi", "vmpvscsi"
    ),
    "hw_serial_port_count": _matches("[1-3]", "a number from 1 to 3"),
    "hw_time_hpet": _BOOLEAN,
    "hw_tpm_model": _choice("tpm-tis", "tpm-crb"),
    "hw_tpm_version": _choice("1.2", "2.0"),
    "hw_video_model": _choice(
        "cirrus", "qxl", "vga", "vmvga", "xen", "virtio", "gop", "none", "bochs"
    ),
    "hw_video_ram": _COUNT,
    "hw_vif_model": _choice(
        "e1000", "e1000e", "igb", "lan9118", "ne2k_pci", "netfront", "pcnet", "rtl8139",
        "spapr-vlan", "sriov", "virtio", "vmxnet", "vmxnet3",
    ),
    "hw_vif_multiqueue_enabled": _BOOLEAN,
    "hw_viommu_model": _choice("intel", "smmuv3", "virtio", "auto"),
    "hw_virtio_packed_ring": _BOOLEAN,
    "hw_watchdog_action": _choice("none", "pause", "poweroff", "reset", "disabled"),
    "img_config_drive": _choice("optional", "mandatory"),
    "img_hide_hypervisor_id": _BOOLEAN,
    "img_hv_type": _choice("qemu", "kvm"),
    "img_signature": _TEXT,
    "img_signature_certificate_uuid": _UUID,
    "img_signature_hash_method": _choice("SHA-224", "SHA-256", "SHA-384", "SHA-512"),
    "img_signature_key_type": _choice("RSA-PSS", "DSA", "ECC_SECP384R1", "ECC_SECP521R1"),
    "os_admin_user": _TEXT,
    "os_command_line": _TEXT,
    "os_require_quiesce": _BOOLEAN,
    "os_secure_boot": _choice("required", "disabled", "optional"),
    "os_type": _choice("linux", "windows"),
    # ---- what both read, or people alone
    "architecture": _ARCHITECTURES,
    "hypervisor_type": _choice("qemu", "kvm"),
    "os_distro": _WORD,
    "os_version": _WORD,
    # ---- SCS-0102
    "hotfix_hours": _NUMBER,
    "image_build_date": Kind("a time YYYY-MM-DD [hh:mm[:ss]]", _is_build_date),
    "image_description": _TEXT,
    "image_original_user": _TEXT,
    "image_source": _matches(r"private|https?://\S+", "an address, or private"),
    "l1_support_contact": _TEXT,
    "license_included": _choice("true", "false"),
    "license_required": _choice("true", "false"),
    "maintained_until": _DATE,
    "patchlevel": _TEXT,
    "provided_until": _or_date(r"none|notice", "none, notice or a date YYYY-MM-DD"),
    "replace_frequency": _choice(
        "yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"
    ),
    "subscription_included": _choice("true", "false"),
    "subscription_required": _choice("true", "false"),
    "uuid_validity": _or_date(
        r"none|notice|forever|last-[1-9][0-9]*",
        "none, last-N, notice, forever or a date YYYY-MM-DD",
    ),
}  # fmt: skip

TRAIT = re.compile(r"trait:[A-Z][A-Z0-9_]*")
"""Nova's required traits: ``trait:HW_CPU_X86_VMX=required``."""
OWN = re.compile(r"guest_image_[a-z0-9_]+")
"""What this program notes on an image for itself."""


def is_storable(text: str) -> bool:
    """Whether Glance takes it: no character that is 4 bytes in UTF-8, as emoji are."""
    return max(text, default="") <= "\uffff"


def complaints(properties: Mapping[str, str]) -> list[str]:
    """Everything about names and values that Nova would refuse or not understand."""
    return [text for name, value in properties.items() for text in _complaint(name, value)]


def _unstorable(name: str, value: str) -> str:
    if not value.isprintable():
        return f"{name}: {shown(value)} is not one line of printable text."
    if not is_storable(name + value):
        return f"{name}: {shown(value)} has characters that Glance refuses (beyond U+FFFF)."
    if len(name) > NAME_LIMIT or len(value.encode()) > TEXT_LIMIT:
        return f"{name[:NAME_LIMIT]} is longer than Glance stores."
    return ""


def _complaint(name: str, value: str) -> list[str]:
    if reason := _unstorable(name, value):
        return [reason]
    if TRAIT.fullmatch(name):
        return [] if value == "required" else [f"{name}={shown(value)}: a trait is 'required'."]
    if OWN.fullmatch(name):
        return []
    if name not in KNOWN:
        return [f"{name}: no such property is known. {did_you_mean(name, KNOWN)}".rstrip()]
    kind = KNOWN[name]
    if kind.accepts(value):
        return []
    question = did_you_mean(value, kind.words)
    return [f"{name}={value}: {shown(value)} is not {kind.expected}. {question}".rstrip()]


TRUE_WORDS = ("1", "t", "true", "on", "y", "yes")
"""What oslo.utils' ``bool_from_string`` takes for true; every other word is silently false."""

SIGNATURE = (
    "img_signature",
    "img_signature_certificate_uuid",
    "img_signature_hash_method",
    "img_signature_key_type",
)
"""The properties of a signed image; cursive refuses a signature of which one is missing."""


def is_true(value: str | None) -> bool:
    """Whether Nova reads a property as true."""
    return value is not None and value.strip().lower() in TRUE_WORDS


_RESTRICTING = (
    "hw_cpu_", "hw_firmware_type", "hw_machine_type", "hw_serial_port_count", "hw_tpm_",
    "hw_virtio_packed_ring", "os_secure_boot", "trait:",
)  # fmt: skip


def restricts(name: str) -> bool:
    """Whether a property binds a guest to hosts and flavors that give what it asks for.

    Other properties give a guest what any host has.
    """
    return name.startswith(_RESTRICTING)
