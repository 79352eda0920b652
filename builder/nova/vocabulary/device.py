"""Properties of a guest's devices and firmware: the other ``hw_*``, and ``os_secure_boot``."""

from collections.abc import Mapping

from builder.feature.nova_release import NovaRelease
from builder.nova.kind import BOOLEAN, COUNT, DISK_BUS, NUMBER, TEXT, UUID, WORD, choice, matching
from builder.nova.vocabulary.property import Property

DEVICE: Mapping[str, Property] = {
    "hw_boot_menu": Property(
        BOOLEAN,
        "Whether the firmware shows a boot menu; it beats the flavor's `hw:boot_menu`.",
        NovaRelease.KILO,
    ),
    "hw_cdrom_bus": Property(DISK_BUS, "What CD-ROM drives are attached to.", NovaRelease.GRIZZLY),
    "hw_device_id": Property(
        NUMBER, "The device id of Xen's tools for Windows guests.", NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "hw_disk_bus": Property(
        DISK_BUS,
        "What disks are attached to; `scsi` needs `hw_scsi_model` for a controller of virtio-scsi.",
        NovaRelease.GRIZZLY,
    ),
    "hw_disk_type": Property(
        TEXT, "VMware: how the disk's space is allocated.", NovaRelease.LIBERTY
    ),
    "hw_ephemeral_encryption": Property(
        BOOLEAN, "The guest's local disks are encrypted; it needs a host with the trait.",
        NovaRelease.ZED,
        restricts=True,
    ),
    "hw_ephemeral_encryption_format": Property(
        choice("luks", "luksv2", "plain"), "How local disks are encrypted.", NovaRelease.ZED,
        restricts=True,
    ),
    "hw_ephemeral_encryption_secret_uuid": Property(
        UUID,
        "The secret of an encrypted image; Nova 34 reads it and makes nothing of it.",
        NovaRelease.CARACAL,
        restricts=True,
    ),
    "hw_firmware_stateless": Property(
        BOOLEAN,
        "UEFI starts without variables of its own; ignored without `hw_firmware_type=uefi`.",
        NovaRelease.DALMATIAN,
        restricts=True,
    ),
    "hw_firmware_type": Property(
        choice("uefi", "bios"), "What starts the guest.", NovaRelease.MITAKA,
        restricts=True,
    ),
    "hw_floppy_bus": Property(DISK_BUS, "What floppy drives are attached to.", NovaRelease.GRIZZLY),
    "hw_input_bus": Property(
        choice("usb", "virtio"), "What tablet and keyboard are attached to.", NovaRelease.WALLABY
    ),
    "hw_ipxe_boot": Property(
        BOOLEAN, "Xen: a network is written into an iPXE boot image.", NovaRelease.LIBERTY,
        until=NovaRelease.USSURI,
    ),
    "hw_machine_type": Property(
        WORD,
        "QEMU's machine; `pc` where neither the image nor the host says.",
        NovaRelease.ICEHOUSE,
        restricts=True,
    ),
    "hw_pointer_model": Property(
        choice("usbtablet"), "The pointer; `hw_input_bus` has taken its place.", NovaRelease.NEWTON
    ),
    "hw_qemu_guest_agent": Property(
        BOOLEAN,
        "The guest has the guest agent, and a channel to it: for passwords and frozen snapshots.",
        NovaRelease.HAVANA,
    ),
    "hw_redirected_usb_ports": Property(
        matching(r"[0-9]|1[0-5]", "a number from 0 to 15"),
        "How many USB devices of a SPICE client reach the guest. Nova 34 refuses it on a flavor "
        "that says a number too, even the same.",
        NovaRelease.FLAMINGO,
    ),
    "hw_rescue_bus": Property(
        DISK_BUS,
        "What the disk that a guest is rescued from is attached to; with it, or with "
        "`hw_rescue_device`, the other disks stay where they are.",
        NovaRelease.USSURI,
    ),
    "hw_rescue_device": Property(
        choice("cdrom", "disk", "floppy"),
        "As what the disk that a guest is rescued from is attached.",
        NovaRelease.USSURI,
    ),
    "hw_rng_model": Property(
        choice("virtio"),
        "The random number generator, which every guest has since Ussuri unless the flavor forbids "
        "it; before, it needed this property and the flavor's consent.",
        NovaRelease.ICEHOUSE,
    ),
    "hw_scsi_model": Property(
        choice(
            "buslogic", "ibmvscsi", "lsilogic", "lsisas1068", "lsisas1078", "virtio-scsi",
            "vmpvscsi",
        ),
        "The SCSI controller; it has a disk only with `hw_disk_bus=scsi`.",
        NovaRelease.ICEHOUSE,
    ),
    "hw_serial_port_count": Property(
        matching("[1-3]", "a number from 1 to 3"),
        "How many serial ports the guest has where serial consoles are on; refused above the "
        "flavor's.",
        NovaRelease.JUNO,
        restricts=True,
    ),
    "hw_sound_model": Property(
        choice("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"),
        "The sound card; a flavor's must be the same.",
        NovaRelease.FLAMINGO,
    ),
    "hw_time_hpet": Property(BOOLEAN, "Whether the guest has an HPET.", NovaRelease.STEIN),
    "hw_tpm_model": Property(
        choice("tpm-tis", "tpm-crb"),
        "The interface of the TPM; `tpm-tis` where nobody says, no TPM without a version.",
        NovaRelease.VICTORIA,
        restricts=True,
    ),
    "hw_tpm_version": Property(
        choice("1.2", "2.0"),
        "The version of the TPM; a flavor's must be the same.",
        NovaRelease.VICTORIA,
        restricts=True,
    ),
    "hw_usb_model": Property(
        choice("none", "nec-xhci", "qemu-xhci"),
        "The USB controller; Nova 34 passes over it where the guest has a USB tablet.",
        NovaRelease.FLAMINGO,
    ),
    "hw_video_model": Property(
        choice("cirrus", "qxl", "vga", "vmvga", "xen", "virtio", "gop", "none", "bochs"),
        "The graphics adapter, where VNC or SPICE is on.",
        NovaRelease.ICEHOUSE,
        {
            **dict.fromkeys(("gop", "none", "virtio"), NovaRelease.TRAIN),
            "bochs": NovaRelease.XENA,
        },
    ),
    "hw_video_ram": Property(
        COUNT,
        "The memory of the graphics adapter in MiB; refused above the flavor's "
        "`hw_video:ram_max_mb`, which is 0 where it says none.",
        NovaRelease.ICEHOUSE,
        restricts=True,
    ),
    "hw_vif_model": Property(
        choice(
            "e1000", "e1000e", "igb", "lan9118", "ne2k_pci", "netfront", "pcnet", "rtl8139",
            "spapr-vlan", "sriov", "virtio", "vmxnet", "vmxnet3",
        ),
        "The model of every NIC.",
        NovaRelease.GRIZZLY,
        {"lan9118": NovaRelease.PIKE, "igb": NovaRelease.EPOXY},
    ),
    "hw_vif_multiqueue_enabled": Property(
        BOOLEAN,
        "Each NIC has as many queues as the guest has vCPUs: with virtio and KVM only, and from "
        "two vCPUs on. A flavor must say the same.",
        NovaRelease.LIBERTY,
    ),
    "hw_viommu_model": Property(
        choice("intel", "smmuv3", "virtio", "auto"),
        "The IOMMU; on x86-64 it is refused without q35. A flavor's beats it.",
        NovaRelease.ZED,
        restricts=True,
    ),
    "hw_virtio_packed_ring": Property(
        BOOLEAN,
        "virtio devices offer packed rings; it needs a host with the trait, and a flavor must say "
        "the same.",
        NovaRelease.CARACAL,
        restricts=True,
    ),
    "hw_vm_mode": Property(
        choice("hvm"), "Whether the guest is fully virtualised, or knows its hypervisor.",
        NovaRelease.LIBERTY,
    ),
    "hw_watchdog_action": Property(
        choice("none", "pause", "poweroff", "reset", "disabled"),
        "What happens when the guest no longer feeds its watchdog, an i6300esb; `none` gives one "
        "that does nothing, `disabled` gives none. It beats the flavor's.",
        NovaRelease.ICEHOUSE,
        {"disabled": NovaRelease.OCATA},
    ),
    "os_secure_boot": Property(
        choice("required", "disabled", "optional"),
        "Whether UEFI starts what is signed only; ignored without `hw_firmware_type=uefi`, refused "
        "without q35. libvirt's driver reads it since Wallaby, Hyper-V's did before.",
        NovaRelease.NEWTON,
        restricts=True,
    ),
}  # fmt: skip
