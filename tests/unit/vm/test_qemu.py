"""A machine as QEMU's arguments, and the small decisions around it."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.architecture import AARCH64, X86_64
from builder.errors import BuilderError
from builder.feature import FIRST_NIC, Ends, Machine, Nic, machine_text
from builder.host.accelerator import Accelerator, choose
from builder.vm.config_drive import documents
from builder.vm.firmware import Firmware, firmware_paths
from builder.vm.launch import forwarded_port
from builder.vm.qemu import TRANSLATION, QemuBackends, arguments, connected, pipe

TCG = Accelerator("tcg", "no virtualisation")
KVM = Accelerator("kvm", "real")


def backends(**changes: Any) -> QemuBackends:
    given: dict[str, Any] = {
        "image": Path("/w/image.qcow2"),
        "image_format": "qcow2",
        "overlay": Path("/w/overlay.qcow2"),
        "config_drive": Path("/w/config.iso"),
        "console": "pipe,path=/w/serial",
        "monitor": "socket,fd=5",
    }
    return QemuBackends(**{**given, **changes})


def devices(words: list[str]) -> dict[str, dict[str, str]]:
    """Each -device by its driver; a driver given twice has its last options."""
    found = {}
    for option, value in itertools.pairwise(words):
        if option == "-device":
            driver, *options = value.split(",")
            found[driver] = dict(option.split("=", 1) for option in options)
    return found


def value(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def blockdevs(words: list[str]) -> dict[str, dict[str, Any]]:
    found = [json.loads(b) for a, b in itertools.pairwise(words) if a == "-blockdev"]
    return {device["node-name"]: device for device in found}


def test_a_plain_machine_has_what_nova_gives_by_default_and_no_more() -> None:
    words = arguments(Machine(), backends(), TCG)
    assert set(devices(words)) == {
        *("virtio-blk-pci", "ide-cd", "virtio-net-pci", "virtio-rng-pci", "virtio-balloon-pci"),
        "vmcoreinfo",
    }
    assert value(words, "-machine") == "pc,graphics=off"
    assert value(words, "-smp") == "2,sockets=2,cores=1,threads=1"
    assert value(words, "-m") == "1024M"
    assert {"-nodefaults", "-no-user-config"} < set(words)


def test_scsi_is_a_disk_on_a_virtio_scsi_controller() -> None:
    found = devices(arguments(Machine(disk_bus="scsi"), backends(), TCG))
    assert found["scsi-hd"]["bus"] == f"{found['virtio-scsi-pci']['id']}.0"
    assert found["scsi-hd"]["drive"] == "root"
    assert "virtio-blk-pci" not in found


def test_only_the_overlay_is_written_and_no_path_in_an_image_is_followed() -> None:
    root = blockdevs(arguments(Machine(), backends(), TCG))["root"]
    assert root["file"]["filename"] == "/w/overlay.qcow2"
    assert root["discard"] == "unmap"
    assert root["backing"]["read-only"] is True
    assert root["backing"]["file"]["filename"] == "/w/image.qcow2"
    assert root["backing"]["backing"] is None


def test_a_raw_image_is_opened_as_raw() -> None:
    words = arguments(Machine(), backends(image_format="raw"), TCG)
    backing = blockdevs(words)["root"]["backing"]
    assert backing["driver"] == "raw"
    assert "backing" not in backing


def test_the_agent_has_a_virtio_serial_port_of_its_name() -> None:
    words = arguments(Machine(guest_agent=True), backends(ends=Ends({"agent": connected(7)})), TCG)
    found = devices(words)
    assert found["virtserialport"]["name"] == "org.qemu.guest_agent.0"
    assert found["virtserialport"]["bus"] == f"{found['virtio-serial-pci']['id']}.0"
    assert "socket,fd=7,id=agent" in words


@pytest.mark.parametrize("action", ["reset", "poweroff", "pause", "none"])
def test_the_watchdog_is_an_i6300esb_with_its_action(action: Any) -> None:
    words = arguments(Machine(watchdog=action), backends(), TCG)
    assert "i6300esb" in devices(words)
    assert value(words, "-action") == f"watchdog={action}"


def test_without_a_watchdog_there_is_no_device() -> None:
    words = arguments(Machine(), backends(), TCG)
    assert "i6300esb" not in devices(words)
    assert "-action" not in words


def test_multiqueue_is_a_second_nic_with_queues_as_libvirt_gives_them() -> None:
    wired = backends(ends=Ends(tap=(10, 11, 12, 13), spare_tap=(14, 15, 16, 17)))
    words = arguments(Machine(multiqueue=True, vcpus=4), wired, TCG)
    assert "tap,id=net1,fds=10:11:12:13,vhost=off" in words
    assert "tap,id=spare,fds=14:15:16:17,vhost=off" in words
    nic = devices(words)["virtio-net-pci"]
    assert (nic["netdev"], nic["mq"], nic["vectors"]) == ("net1", "on", "10")


def test_the_guest_reaches_nothing_and_is_reached_by_ssh_only() -> None:
    user = value(arguments(Machine(), backends(), TCG), "-netdev")
    assert user == "user,id=nic0,ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:0-:22"


def test_uefi_is_q35_with_shared_code_and_variables_of_its_own() -> None:
    firmware = Firmware(Path("/f/CODE.fd"), Path("/w/VARS.fd"))
    machine = Machine(firmware="uefi", machine_type="q35")
    words = arguments(machine, backends(firmware=firmware), TCG)
    assert value(words, "-machine") == "q35"
    drives = [b for a, b in itertools.pairwise(words) if a == "-drive"]
    assert drives == [
        "if=pflash,unit=0,format=raw,readonly=on,file=/f/CODE.fd",
        "if=pflash,unit=1,format=raw,readonly=off,file=/w/VARS.fd",
    ]


def test_secure_boot_lets_only_system_management_mode_change_the_variables() -> None:
    firmware = Firmware(Path("/f/CODE.fd"), Path("/w/VARS.fd"))
    machine = Machine(firmware="uefi", machine_type="q35", secure_boot=True)
    words = arguments(machine, backends(firmware=firmware), TCG)
    assert value(words, "-machine") == "q35,smm=on"
    assert value(words, "-global") == "driver=cfi.pflash01,property=secure,value=on"


Q35 = Machine(machine_type="q35", watchdog="poweroff", guest_agent=True)


def test_each_device_of_a_q35_machine_has_a_port_of_its_own_as_libvirt_gives_it() -> None:
    words = arguments(Q35, backends(ends=Ends({"agent": "null"})), TCG)
    found = devices(words)
    plugged = [name for name in found if name.startswith("virtio-") and name.endswith("-pci")]
    buses = [found[name]["bus"] for name in plugged]
    assert len(set(buses)) == len(plugged) > 3
    ports = [word.partition("id=")[2].split(",")[0] for word in words if "pcie-root-port" in word]
    assert set(buses) < set(ports)
    assert len(set(ports)) == len(ports)
    assert found["i6300esb"]["bus"] == found["pcie-pci-bridge"]["id"]
    assert found["pcie-pci-bridge"]["bus"] in set(ports) - set(buses)


def test_a_pc_has_no_port() -> None:
    words = arguments(Machine(watchdog="reset"), backends(), TCG)
    assert not any("pcie" in word for word in words)
    assert "bus" not in devices(words)["virtio-net-pci"]


@pytest.mark.parametrize(("action", "expected"), [(None, "reset"), ("poweroff", "poweroff")])
def test_the_chipset_s_watchdog_of_a_q35_machine_acts_as_the_one_that_is_asked_for(
    action: Any, expected: str
) -> None:
    words = arguments(Machine(machine_type="q35", watchdog=action), backends(), TCG)
    assert value(words, "-global") == "ICH9-LPC.noreboot=off"
    assert value(words, "-action") == f"watchdog={expected}"
    assert ("i6300esb" in devices(words)) is (action is not None)


def test_the_balloon_gives_back_what_the_guest_needs_and_tells_what_it_does_not() -> None:
    balloon = devices(arguments(Machine(), backends(), TCG))["virtio-balloon-pci"]
    assert balloon == {"deflate-on-oom": "on", "free-page-reporting": "on"}


def test_only_nics_have_packed_rings() -> None:
    found = devices(arguments(Machine(packed_ring=True), backends(), TCG))
    assert [name for name, options in found.items() if "packed" in options] == ["virtio-net-pci"]


def test_further_serial_ports_come_after_the_console() -> None:
    ends = Ends({"serial1": pipe(Path("/w/serial1")), "serial2": pipe(Path("/w/serial2"))})
    words = arguments(Machine(serial_ports=3), backends(ends=ends), TCG)
    ports = [b for a, b in itertools.pairwise(words) if a == "-serial"]
    assert ports == ["chardev:console", "chardev:serial1", "chardev:serial2"]
    assert "pipe,path=/w/serial1,id=serial1" in words


def test_the_random_number_generator_is_virtio_s_and_reads_what_nova_s_reads() -> None:
    words = arguments(Machine(rng=True), backends(), TCG)
    assert "rng-random,id=entropy,filename=/dev/urandom" in words
    assert devices(words)["virtio-rng-pci"] == {"rng": "entropy"}


@pytest.mark.parametrize("model", ["tpm-tis", "tpm-crb"])
def test_the_tpm_is_emulated_beside_qemu(model: Any) -> None:
    words = arguments(Machine(tpm=model), backends(ends=Ends({"tpm": connected(9)})), TCG)
    assert "socket,fd=9,id=tpm" in words
    assert value(words, "-tpmdev") == "emulator,id=tpm0,chardev=tpm"
    assert devices(words)[model] == {"tpmdev": "tpm0"}


def test_the_processor_is_the_accelerators() -> None:
    emulated = arguments(Machine(), backends(), TCG)
    processor = X86_64.emulated_processor
    assert (value(emulated, "-accel"), value(emulated, "-cpu")) == (TRANSLATION, processor)
    virtual = arguments(Machine(), backends(), KVM)
    assert (value(virtual, "-accel"), value(virtual, "-cpu")) == ("kvm", "host")


def test_a_comma_in_a_path_stays_part_of_it() -> None:
    words = arguments(Machine(), backends(console=pipe(Path("/a,b/serial"))), TCG)
    assert "pipe,path=/a,,b/serial,id=console" in words


@pytest.mark.parametrize(
    ("cpuinfo", "opens", "name"),
    [
        ("flags\t\t: fpu vmx sse\n", True, "kvm"),
        ("flags\t\t: fpu svm sse\n", True, "kvm"),
        ("flags\t\t: fpu sse hypervisor\n", True, "tcg"),
        ("model name\t: vmx\nflags\t\t: fpu\n", True, "tcg"),
        ("flags\t\t: fpu vmx\n", False, "tcg"),
    ],
)
def test_kvm_is_trusted_only_where_the_processor_agrees(
    cpuinfo: str, opens: Any, name: str
) -> None:
    assert choose(cpuinfo, kvm_opens=opens).name == name


def descriptor(
    *features: str, architecture: str = "x86_64", code: str = "/f/CODE.fd"
) -> dict[str, Any]:
    return {
        "interface-types": ["uefi"],
        "mapping": {
            "device": "flash",
            "executable": {"filename": code, "format": "raw"},
            "nvram-template": {"filename": "/f/VARS.fd", "format": "raw"},
        },
        "targets": [{"architecture": architecture, "machines": ["pc-q35-*"]}],
        "features": list(features),
    }


ENFORCING = descriptor("secure-boot", "enrolled-keys", "requires-smm", code="/f/ENFORCING.fd")
WITHOUT_KEYS = descriptor("secure-boot", "requires-smm")


def test_firmware_enforces_secure_boot_only_where_that_is_wanted() -> None:
    descriptors = [ENFORCING, WITHOUT_KEYS, descriptor()]
    plain = firmware_paths(descriptors, Machine(machine_type="q35"))
    assert plain == (Path("/f/CODE.fd"), Path("/f/VARS.fd"))
    enforcing = firmware_paths(reversed(descriptors), Machine(machine_type="q35", secure_boot=True))
    assert enforcing == (Path("/f/ENFORCING.fd"), Path("/f/VARS.fd"))


def test_firmware_is_for_the_machine_type() -> None:
    of_both = descriptor(code="/f/BOTH.fd")
    of_both["targets"][0]["machines"] = ["pc-i440fx-*", "pc-q35-*"]
    descriptors = [descriptor(), of_both]
    found = firmware_paths(descriptors, Machine())
    assert found == (Path("/f/BOTH.fd"), Path("/f/VARS.fd"))
    assert firmware_paths([descriptor()], Machine()) is None


@pytest.mark.parametrize(
    ("secure_boot", "descriptors"),
    [
        (False, [ENFORCING, WITHOUT_KEYS, descriptor(architecture="aarch64")]),
        (True, [WITHOUT_KEYS, descriptor()]),
    ],
)
def test_firmware_of_another_kind_is_not_chosen(
    secure_boot: Any, descriptors: list[dict[str, Any]]
) -> None:
    machine = Machine(machine_type="q35", secure_boot=secure_boot)
    assert firmware_paths(descriptors, machine) is None


def test_firmware_is_for_the_architecture() -> None:
    of_aarch64 = descriptor(architecture="aarch64", code="/f/AAVMF.fd")
    of_aarch64["targets"][0]["machines"] = ["virt-*"]
    found = firmware_paths([descriptor(), of_aarch64], AARCH64_GUEST)
    assert found == (Path("/f/AAVMF.fd"), Path("/f/VARS.fd"))
    assert firmware_paths([descriptor()], AARCH64_GUEST) is None


AARCH64_GUEST = Machine(
    architecture="aarch64", firmware="uefi", machine_type="virt", disk_bus="scsi", watchdog="reset"
)


def test_a_guest_of_aarch64_has_its_own_machine_and_what_nova_gives_it_there() -> None:
    words = arguments(AARCH64_GUEST, backends(firmware=Firmware(Path("/c"), Path("/v"))), TCG)
    assert words[0] == AARCH64.qemu
    assert value(words, "-machine") == "virt"
    assert value(words, "-cpu") == AARCH64.emulated_processor
    assert "-smbios" not in words
    found = devices(words)
    assert "ide-cd" not in found
    assert found["scsi-cd"] == {
        "bus": "scsi0.0",
        "channel": "0",
        "scsi-id": "0",
        "lun": "1",
        "drive": "config",
    }
    assert value(arguments(AARCH64_GUEST, backends(), KVM), "-cpu") == "host"


@pytest.mark.parametrize("disk_bus", ["scsi", "virtio"])
def test_the_config_drive_of_aarch64_is_on_the_only_controller(disk_bus: Any) -> None:
    words = arguments(replace(AARCH64_GUEST, disk_bus=disk_bus), backends(), TCG)
    given = [word.partition(",")[0] for word in words]
    assert given.count("virtio-scsi-pci") == 1
    assert given.index("virtio-scsi-pci") < given.index("scsi-cd")


def test_devices_of_aarch64_are_plugged_into_ports_of_pci_express() -> None:
    found = devices(arguments(AARCH64_GUEST, backends(), TCG))
    assert found["virtio-scsi-pci"]["bus"].startswith("port")
    assert found["i6300esb"]["bus"].startswith("bridge")


def test_the_forwarded_port_is_read_from_qemus_answer() -> None:
    answer = (
        "Hub -1 (net0):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port\r\n"
        "  TCP[HOST_FORWARD]   3       127.0.0.1 38027       10.0.2.15    22     0     0\r\n"
    )
    assert forwarded_port(answer) == 38027


def test_an_answer_without_a_forwarded_port_is_refused() -> None:
    with pytest.raises(BuilderError, match="forwards no port"):
        forwarded_port("Hub -1 (net0):\r\n")


def test_the_config_drive_describes_the_first_nic_only_and_runs_nothing() -> None:
    files = documents("proof", "ssh-ed25519 AAAA proof", Machine().nics)
    assert "user_data" not in files
    network = json.loads(files["network_data.json"])
    assert [link["ethernet_mac_address"] for link in network["links"]] == [FIRST_NIC.mac]
    assert [subnet["type"] for subnet in network["networks"]] == ["ipv4_dhcp"]
    meta = json.loads(files["meta_data.json"])
    assert meta["public_keys"] == {"proof": "ssh-ed25519 AAAA proof"}
    assert meta["hostname"] == "proof"


NICS = (
    Nic("fa:16:3e:00:00:01", address="10.0.2.15/24", mtu=1450),
    Nic("fa:16:3e:00:00:03", address="2001:db8::15/64", silent=True),
)


def test_the_config_drive_has_static_addresses_as_nova_writes_them() -> None:
    network = json.loads(documents("proof", "key", NICS)["network_data.json"])
    assert [(link["id"], link["mtu"]) for link in network["links"]] == [
        ("tap0", 1450),
        ("tap1", 1500),
    ]
    assert [
        (subnet["type"], subnet["link"], subnet["ip_address"], subnet["netmask"])
        for subnet in network["networks"]
    ] == [
        ("ipv4", "tap0", "10.0.2.15", "255.255.255.0"),
        ("ipv6", "tap1", "2001:db8::15", "ffff:ffff:ffff:ffff::"),
    ]


def test_a_silent_nic_is_on_a_network_of_its_own_and_none_is_none() -> None:
    words = arguments(Machine(nics=NICS), backends(), TCG)
    networks = [value for option, value in itertools.pairwise(words) if option == "-netdev"]
    assert [network.split(",")[0] for network in networks] == ["user", "hubport"]
    assert "hostfwd=tcp:127.0.0.1:0-:22" in networks[0]
    words = arguments(Machine(nics=()), backends(), TCG)
    assert "-netdev" not in words
    assert "virtio-net-pci" not in devices(words)
    assert json.loads(documents("proof", "key", ())["network_data.json"])["links"] == []


def test_a_network_that_is_not_the_usual_one_is_named() -> None:
    assert "NIC" not in machine_text(Machine())
    assert machine_text(Machine(nics=())).endswith(", no NIC")
    assert machine_text(Machine(nics=NICS)).endswith(
        "NICs (10.0.2.15/24, MTU 1450; 2001:db8::15/64, MTU 1500, silent)"
    )
