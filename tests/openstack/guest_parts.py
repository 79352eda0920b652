"""The parts of a guest in words of their own: of a libvirt domain, and of QEMU's arguments."""

import itertools
import json
from collections.abc import Sequence
from xml.etree import ElementTree as ET

Parts = dict[str, str]


CONFIG_DRIVES = {"pc": "ide", "q35": "sata", "virt": "scsi"}

OF_DEVICES = (
    ("root disk", "disk[@device='disk']/target", "bus"),
    ("discard", "disk[@device='disk']/driver", "discard"),
    ("config drive", "disk[@device='cdrom']/target", "bus"),
    ("nic", "interface/model", "type"),
    ("queues", "interface/driver", "queues"),
    ("packed ring", "interface/driver", "packed"),
    ("scsi controller", "controller[@type='scsi']", "model"),
    ("usb controller", "controller[@type='usb']", "type"),
    ("pcie-root controller", "controller[@type='pci']", "model"),
    ("video", "video/model", "type"),
    ("graphics", "graphics", "type"),
    ("input", "input", "type"),
    ("channel", "channel/target", "name"),
    ("tpm", "tpm", "model"),
    ("tpm version", "tpm/backend", "version"),
    ("rng", "rng", "model"),
    ("watchdog", "watchdog", "model"),
    ("watchdog action", "watchdog", "action"),
    ("balloon", "memballoon", "model"),
    ("balloon that deflates", "memballoon", "autodeflate"),
    ("balloon that reports", "memballoon", "freePageReporting"),
)
"""Parts, and where a domain has them; a device that is in none of them is a part of its own."""
UNSAID = {"queues": "1", "packed ring": "off", "discard": "ignore"}


def of_domain(xml: str) -> Parts:
    """What Nova asks libvirt for."""
    domain = ET.fromstring(xml)  # noqa: S314 - Nova's own
    devices = domain.find("devices")
    assert devices is not None
    parts = {**_of_board(domain), **UNSAID, "serial ports": str(len(devices.findall("serial")))}
    for name, path, attribute in OF_DEVICES:
        element = devices.find(path)
        if element is not None and attribute in element.attrib:
            parts[name] = element.attrib[attribute]
    read = {path.partition("/")[0].partition("[")[0] for _, path, _ in OF_DEVICES} | {"serial"}
    return parts | {device.tag: "yes" for device in devices if device.tag not in read}


def _of_board(domain: ET.Element) -> Parts:
    firmware = domain.find("os")
    machine = domain.find("os/type")
    assert firmware is not None
    assert machine is not None
    loader = domain.find("os/loader")
    topology = domain.find("cpu/topology")
    cpu = domain.find("cpu")
    assert topology is not None
    assert cpu is not None
    arrangement = "/".join(topology.attrib[part] for part in ("sockets", "cores", "threads"))
    parts = {
        "machine type": machine.attrib["machine"],
        "firmware": "uefi" if firmware.get("firmware") == "efi" else "bios",
        "secure boot": loader.get("secure", "no") if loader is not None else "no",
        "vcpus": domain.findtext("vcpu", ""),
        "topology": arrangement,
        "cpu": cpu.get("mode", "custom"),  # libvirt's default: the model alone
        "memory": domain.findtext("memory", ""),
        "iothreads": domain.findtext("iothreads", "0"),
    }
    for timer in domain.findall("clock/timer"):
        parts[f"timer {timer.attrib['name']}"] = timer.get("present") or timer.attrib["tickpolicy"]
    product = domain.findtext("sysinfo/system/entry[@name='product']")
    if product is not None:
        parts["smbios"] = product
    if domain.find("features/vmcoreinfo") is not None:
        parts["vmcoreinfo"] = "yes"
    return parts


def of_arguments(words: Sequence[str]) -> Parts:
    """What QEMU is told to be."""
    options = [pair for pair in itertools.pairwise(words) if pair[0].startswith("-")]
    devices = [value for option, value in options if option == "-device"]
    named = {value.partition(",")[0]: _settings(value) for value in devices}
    single = dict(options)
    board = single["-machine"].split(",")
    smp = _settings(single["-smp"])
    flash = [value for option, value in options if option == "-drive" and "if=pflash" in value]
    secure = "driver=cfi.pflash01,property=secure,value=on" in words
    parts = {
        "machine type": board[0],
        "firmware": "uefi" if flash else "bios",
        "secure boot": "yes" if secure else "no",
        "vcpus": single["-smp"].split(",")[0],
        "topology": "/".join(smp[part] for part in ("sockets", "cores", "threads")),
        "cpu": single["-cpu"].split(",")[0],
        "memory": str(int(single["-m"].removesuffix("M")) * 1024),
        "iothreads": str(sum("iothread," in v for o, v in options if o == "-object")),
        "serial ports": str(words.count("-serial")),
        "root disk": "scsi" if "scsi-hd" in named else "virtio",
        "config drive": CONFIG_DRIVES[board[0]],
        "discard": _root(options)["discard"],
        "nic": "virtio",
        "queues": str((int(_nic(devices).get("vectors", 4)) - 2) // 2),
        "packed ring": _nic(devices).get("packed", "off"),
    }
    if "-smbios" in single:
        parts["smbios"] = _settings(single["-smbios"])["product"]
    action = single.get("-action", "").removeprefix("watchdog=")
    if "ICH9-LPC.noreboot=off" in words:
        parts["chipset's watchdog"] = action
    if "i6300esb" in named:
        parts["watchdog action"] = action
    for name, driver, option in OF_DRIVERS:
        if driver in named:
            parts[name] = named[driver].get(option, option)
    return parts


OF_DRIVERS = (
    ("video", "virtio-vga", "virtio"),
    ("channel", "virtserialport", "name"),
    ("rng", "virtio-rng-pci", "virtio"),
    ("scsi controller", "virtio-scsi-pci", "virtio-scsi"),
    ("tpm", "tpm-tis", "tpm-tis"),
    ("tpm", "tpm-crb", "tpm-crb"),
    ("tpm version", "tpm-tis", "2.0"),
    ("tpm version", "tpm-crb", "2.0"),
    ("watchdog", "i6300esb", "i6300esb"),
    ("balloon", "virtio-balloon-pci", "virtio"),
    ("balloon that deflates", "virtio-balloon-pci", "deflate-on-oom"),
    ("balloon that reports", "virtio-balloon-pci", "free-page-reporting"),
    ("vmcoreinfo", "vmcoreinfo", "yes"),
    ("ports of PCI Express", "pcie-root-port", "yes"),
    ("bridge to PCI", "pcie-pci-bridge", "yes"),
)
"""Parts, the QEMU devices that they are, and the option that tells more, or what to call it."""


def _settings(value: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in value.split(",") if "=" in word)


def _nic(devices: Sequence[str]) -> dict[str, str]:
    """The last one, which is that with several queues where there is one."""
    return [_settings(device) for device in devices if device.startswith("virtio-net-pci")][-1]


def _root(options: Sequence[tuple[str, str]]) -> dict[str, str]:
    found = [json.loads(value) for option, value in options if option == "-blockdev"]
    return next(node for node in found if node["node-name"] == "root")
