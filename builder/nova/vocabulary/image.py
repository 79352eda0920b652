"""Properties of the image's use and of the system in it: ``img_*`` and ``os_*``."""

from collections.abc import Mapping

from builder.feature.nova_release import NovaRelease
from builder.nova.kind import (
    BOOLEAN,
    LIST_OF_MAPPINGS,
    NUMBER,
    TEXT,
    TRUE_OR_FALSE,
    UUID,
    WORD,
    Kind,
    choice,
    matching,
)
from builder.nova.vocabulary.property import Property

_HYPERVISOR = choice("qemu", "kvm")
_SIGNED = "Nova and Glance check the image's signature by it; all four are needed."

IMAGE: Mapping[str, Property] = {
    "bdm_v2": Property(
        BOOLEAN, "Nova's snapshots: in which form `block_device_mapping` is.", NovaRelease.ICEHOUSE
    ),
    "block_device_mapping": Property(
        LIST_OF_MAPPINGS,
        "Which snapshots of volumes a server of this image begins with; Nova writes it on its "
        "snapshots.",
        NovaRelease.DIABLO,
    ),
    "hypervisor_type": Property(
        _HYPERVISOR,
        "The hypervisor that is needed: the scheduler's `ImagePropertiesFilter` compares it.",
        NovaRelease.FOLSOM,
    ),
    "hw_auto_disk_config": Property(
        TRUE_OR_FALSE,
        "Xen: whether the root partition grows to the flavor's disk.",
        NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "img_bdm_v2": Property(BOOLEAN, "The same as `bdm_v2`.", NovaRelease.LIBERTY),
    "img_bittorrent": Property(
        BOOLEAN, "Xen: the image is downloaded by BitTorrent.", NovaRelease.LIBERTY,
        until=NovaRelease.OCATA,
    ),
    "img_cache_in_nova": Property(
        BOOLEAN, "Xen: the image is kept on the host.", NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "img_compression_level": Property(
        matching("[1-9]", "a number from 1 to 9"),
        "Xen: how much snapshots are compressed.",
        NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "img_config_drive": Property(
        choice("optional", "mandatory"),
        "Whether a server has a config drive even where nobody asks for one.",
        NovaRelease.JUNO,
    ),
    "img_hide_hypervisor_id": Property(
        BOOLEAN, "The guest does not see that KVM runs it.", NovaRelease.PIKE
    ),
    "img_hv_requested_version": Property(
        matching(
            r"(<|<=|==|!=|>=|>)[0-9]+(\.[0-9]+)*(,\s*(<|<=|==|!=|>=|>)[0-9]+(\.[0-9]+)*)*",
            "a range of versions such as >=6.0,<8.0",
        ),
        "Which versions of the hypervisor: `ImagePropertiesFilter` compares them.",
        NovaRelease.LIBERTY,
    ),
    "img_hv_type": Property(_HYPERVISOR, "The same as `hypervisor_type`.", NovaRelease.LIBERTY),
    "img_linked_clone": Property(
        BOOLEAN, "VMware: a server's disk is a clone that shares the image's.", NovaRelease.LIBERTY
    ),
    "img_owner_id": Property(
        TEXT, "The project that the image was made for; Nova writes it on its snapshots.",
        NovaRelease.LIBERTY,
    ),
    "img_root_device_name": Property(
        matching(r"/dev/[a-z0-9]+", "a device such as /dev/vda"),
        "The name that the root disk had; Nova writes it on its snapshots.",
        NovaRelease.LIBERTY,
    ),
    "img_signature": Property(TEXT, _SIGNED, NovaRelease.MITAKA),
    "img_signature_certificate_uuid": Property(UUID, _SIGNED, NovaRelease.MITAKA),
    "img_signature_hash_method": Property(
        choice("SHA-224", "SHA-256", "SHA-384", "SHA-512"), _SIGNED, NovaRelease.MITAKA
    ),
    "img_signature_key_type": Property(
        choice("RSA-PSS", "DSA", "ECC_SECP384R1", "ECC_SECP521R1"), _SIGNED, NovaRelease.MITAKA
    ),
    "img_use_agent": Property(
        BOOLEAN, "Xen: the guest runs Nova's agent.", NovaRelease.LIBERTY, until=NovaRelease.USSURI
    ),
    "img_version": Property(
        NUMBER, "VMware: the version of the image's form.", NovaRelease.LIBERTY
    ),
    "mappings": Property(
        LIST_OF_MAPPINGS,
        "Which devices a server of this image begins with, as EC2 names them.",
        NovaRelease.CACTUS,
    ),
    "os_admin_user": Property(
        TEXT,
        "Whose password `openstack server set --password` changes, through the guest agent; that "
        "of root, or of Administrator on Windows, where nobody says.",
        NovaRelease.LIBERTY,
    ),
    "os_command_line": Property(
        TEXT, "The kernel's arguments, of images whose kernel is an image of its own.",
        NovaRelease.ICEHOUSE,
    ),
    "os_distro": Property(
        WORD,
        "The distribution, by its name in libosinfo: where libosinfo is installed on the host, it "
        "chooses the disk's bus and the NIC's model that the image leaves open.",
        NovaRelease.LIBERTY,
    ),
    "os_require_quiesce": Property(
        BOOLEAN,
        "A snapshot freezes the file systems through the guest agent, or is refused.",
        NovaRelease.KILO,
    ),
    "os_skip_agent_inject_files_at_boot": Property(
        BOOLEAN, "Xen: Nova's agent writes no files at the first boot.", NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "os_skip_agent_inject_ssh": Property(
        BOOLEAN, "Xen: Nova's agent writes no SSH key.", NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "os_type": Property(
        choice("linux", "windows"),
        "What kind of system it is: whose password is set, what file system an ephemeral disk has, "
        "and Windows has its clock in local time.",
        NovaRelease.CACTUS,
    ),
    "trait:NAME": Property(
        Kind("'required', which is all that an image says of a trait", "required".__eq__),
        "The server starts on a host with this trait only.",
        NovaRelease.ROCKY,
        restricts=True,
    ),
}  # fmt: skip
