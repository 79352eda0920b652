"""A part of a machine is declared once, and everyone who must know of it does."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from pydantic import TypeAdapter
from test_qemu import TCG, backends

from builder.feature import Device, Ends, Firmware, Machine, Nic, Topology, machine_text
from builder.feature.machine import changed, declared
from builder.nova.hardware import machine
from builder.plan.boots import Boot
from builder.vm.qemu import arguments

ENDS = Ends(defaultdict(lambda: "null"), tap=(3, 4), spare_tap=(5, 6))


@dataclass(frozen=True)
class Asked:
    """A value that is not the default, and for what Nova gives it."""

    value: Any
    properties: Mapping[str, str] = field(default_factory=dict)
    flavor: Mapping[str, str] = field(default_factory=dict)
    firmware: Firmware = "bios"


ASKED = {
    "architecture": Asked("aarch64", {"architecture": "aarch64"}),
    "firmware": Asked("uefi", {"hw_firmware_type": "uefi"}, firmware="uefi"),
    "vcpus": Asked(8, {"hw_cpu_sockets": "8"}),
    "disk_bus": Asked("scsi", {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"}),
    "guest_agent": Asked(value=True, properties={"hw_qemu_guest_agent": "yes"}),
    "watchdog": Asked("pause", {"hw_watchdog_action": "pause"}),
    "multiqueue": Asked(value=True, properties={"hw_vif_multiqueue_enabled": "true"}),
    "topology": Asked(Topology(1, 2, 1), {"hw_cpu_cores": "2"}),
    "secure_boot": Asked(
        value=True,
        properties={"hw_firmware_type": "uefi", "os_secure_boot": "required"},
        firmware="uefi",
    ),
    "rng": Asked(value=False, flavor={"hw_rng:allowed": "False"}),
    "tpm": Asked("tpm-crb", {"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}),
    "packed_ring": Asked(value=True, properties={"hw_virtio_packed_ring": "true"}),
    "serial_ports": Asked(3, {"hw_serial_port_count": "3"}),
    "machine_type": Asked("q35", {"hw_machine_type": "q35"}),
}
OF_THE_HOST = {
    "memory_mib": Asked(2048),
    "discard": Asked(value=False),
    "nics": Asked((Nic("fa:16:3e:00:00:01", mtu=1450), Nic("fa:16:3e:00:00:03", silent=True))),
}
"""What no property and no extra spec asks for."""

SILENT = {"firmware"}
"""What a boot's name tells already."""


def test_every_field_is_declared_and_tried_here() -> None:
    names = [field.name for field in fields(Machine)]
    assert list(declared()) == names
    assert all(isinstance(device, Device) for device in declared().values())
    assert set(names) == set(ASKED) | set(OF_THE_HOST)


def test_what_nobody_asks_for_is_the_default() -> None:
    assert machine({}, "bios") == Machine()


@pytest.mark.parametrize("name", ASKED)
def test_nova_gives_what_is_asked_for(name: str) -> None:
    asked = ASKED[name]
    seen = machine(asked.properties, asked.firmware, asked.flavor)
    assert getattr(seen, name) == asked.value != getattr(Machine(), name)


@pytest.mark.parametrize("name", ASKED | OF_THE_HOST)
def test_qemu_is_told_of_it(name: str) -> None:
    usual = Machine(guest_agent=True) if name == "multiqueue" else Machine()
    unusual = replace(usual, **{name: (ASKED | OF_THE_HOST)[name].value})
    wired = backends(ends=ENDS if unusual.multiqueue else replace(ENDS, tap=(), spare_tap=()))
    without = backends(ends=replace(ENDS, tap=(), spare_tap=()))
    assert arguments(unusual, wired, TCG) != arguments(usual, without, TCG)


@pytest.mark.parametrize("name", sorted((ASKED | OF_THE_HOST).keys() - SILENT))
def test_people_are_told_of_it(name: str) -> None:
    unusual = replace(Machine(), **{name: (ASKED | OF_THE_HOST)[name].value})
    assert machine_text(unusual) != machine_text(Machine())


@pytest.mark.parametrize("name", ASKED | OF_THE_HOST)
def test_it_is_written_down_where_it_is_not_the_default_and_read_back(name: str) -> None:
    value = (ASKED | OF_THE_HOST)[name].value
    unusual = replace(Machine(), **{name: value})
    assert changed(unusual) == {name: value}
    adapter = TypeAdapter(Boot)
    written = adapter.dump_json(Boot("a", unusual, ()))
    assert list(json.loads(written)["machine"]) == [name]
    assert adapter.validate_json(written).machine == unusual


def test_a_guest_of_aarch64_is_on_the_machine_that_there_is_for_it() -> None:
    properties = {"architecture": "aarch64", "hw_machine_type": "virt-7.2"}
    assert machine(properties, "uefi").machine_type == "virt"
    assert machine({"architecture": "aarch64"}, "uefi").machine_type == "virt"
    assert machine({"architecture": "i686"}, "bios") == Machine()


@pytest.mark.parametrize("value", ["0", "many", "-1", ""])
def test_what_is_no_number_of_ports_gives_one(value: str) -> None:
    assert machine({"hw_serial_port_count": value}, "bios").serial_ports == 1


def test_a_machine_as_any_is_written_as_nothing_so_that_a_new_field_changes_no_digest() -> None:
    assert TypeAdapter(Boot).dump_python(Boot("a", Machine(), ()))["machine"] == {}
