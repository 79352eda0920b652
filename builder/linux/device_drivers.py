"""Which of Linux's modules drives which device that Nova gives a guest on x86-64, by QEMU or Xen.

The names are those of Linux's sources; the devices are what Nova's libvirt driver makes of image
properties (``nova/virt/libvirt``). A kernel may have any of them built in.
"""

from collections.abc import Iterator, Mapping

ALWAYS = ("virtio_pci", "virtio_balloon", "virtio_console", "virtio_rng", "sr_mod", "isofs")
"""What Nova gives every guest, or attaches to read its config drive from."""

BY_PROPERTY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "hw_disk_bus": {
        "fdc": ("floppy",),
        "ide": ("ata_piix",),
        "sata": ("ahci",),
        "scsi": ("sd_mod",),
        "usb": ("usb_storage", "uas"),
        "virtio": ("virtio_blk",),
    },
    "hw_scsi_model": {
        "buslogic": ("BusLogic",),
        "ibmvscsi": (),  # POWER's
        "lsilogic": ("sym53c8xx",),
        "lsisas1068": ("mptsas",),
        "lsisas1078": ("megaraid_sas",),
        "virtio-scsi": ("virtio_scsi",),
        "vmpvscsi": ("vmw_pvscsi",),
    },
    "hw_vif_model": {
        "e1000": ("e1000",),
        "e1000e": ("e1000e",),
        "igb": ("igb",),
        "lan9118": (),  # on no bus of a PC
        "ne2k_pci": ("ne2k_pci",),
        "netfront": ("xen_netfront",),
        "pcnet": ("pcnet32",),
        "rtl8139": ("8139cp",),
        "spapr-vlan": (),  # POWER's
        # Functions of the NICs that Nova's documentation on SR-IOV tells of.
        "sriov": ("igbvf", "ixgbevf", "iavf", "mlx4_core", "mlx5_core", "bnxt_en"),
        "virtio": ("virtio_net",),
        "vmxnet": (),  # of VMware's past, and gone from Linux
        "vmxnet3": ("vmxnet3",),
    },
    "hw_video_model": {
        "bochs": ("bochs",),
        "cirrus": ("cirrus",),
        "gop": (),  # the firmware's frame buffer
        "none": (),
        "qxl": ("qxl",),
        "vga": ("bochs",),
        "virtio": ("virtio_gpu",),
        "vmvga": ("vmwgfx",),
        "xen": (),  # a frame buffer that Debian's kernels have built in
    },
    "hw_input_bus": {"usb": ("usbhid", "hid_generic"), "virtio": ("virtio_input",)},
    "hw_usb_model": {"none": (), "nec-xhci": ("xhci_pci",), "qemu-xhci": ("xhci_pci",)},
    "hw_tpm_model": {"tpm-tis": ("tpm_tis",), "tpm-crb": ("tpm_crb",)},
    "hw_rng_model": {"virtio": ("virtio_rng",)},
    "hw_watchdog_action": {
        **dict.fromkeys(("none", "pause", "poweroff", "reset"), ("i6300esb",)),
        "disabled": (),
    },
}
"""Values of Nova's image properties, each with the drivers of what it makes. Sound is not among
them: a cloud's guest is not listened to."""

_REFUSING = frozenset({"floppy", "xen_netfront"})


def drivers() -> frozenset[str]:
    """All of them, with underscores, as ``lsmod`` prints them."""
    return frozenset({*ALWAYS, *_by_property()})


def loadable_anywhere() -> frozenset[str]:
    """Those that can be loaded where their device is not there, too."""
    return drivers() - _REFUSING


def _by_property() -> Iterator[str]:
    for devices in BY_PROPERTY.values():
        for modules in devices.values():
            yield from modules
