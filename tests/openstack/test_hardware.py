"""A guest is proven on the hardware that a real Nova gives it; each difference has its reason."""

from collections import defaultdict
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest
from guest_parts import Parts, of_arguments, of_domain
from novaquestions import Nova

from builder.feature import Ends, Machine
from builder.features.registry import shipped
from builder.host.accelerator import Accelerator
from builder.host.paths import profiles_path
from builder.nova.hardware import machine
from builder.plan.boots import Boot
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.vm.firmware import Firmware
from builder.vm.qemu import QemuBackends, arguments

pytestmark = pytest.mark.openstack

NOT_HERE = {
    "video": "to draw each line of the console's takes an emulated guest long; nobody looks at it",
    "graphics": "there is no display: the proof speaks to the serial console",
    "input": "a tablet is for whoever looks at the display",
    "usb controller": "it is for the tablet; polling it costs an emulated guest its time",
    "timer pit": "how late ticks of a clock are made up for is KVM's business",
    "timer rtc": "how late ticks of a clock are made up for is KVM's business",
    "timer hpet": "without kvm-clock an emulated guest keeps its time by it",
}
"""What Nova gives and the proof does not."""

ONLY_HERE = {
    "chipset's watchdog": "libvirt adds it to every q35 guest since 9.1",
    "ports of PCI Express": "libvirt gives each device of a q35 guest its own",
    "bridge to PCI": "libvirt puts a PCI device of a q35 guest on one",
}
"""What libvirt adds to what Nova asks it for."""

OTHERWISE = {
    "cpu": "the host's model, or with TCG one that every distribution runs on",
}
"""What both have, with other values."""


@pytest.fixture(scope="module")
def nova() -> Generator[Nova]:
    with Nova() as answering:
        yield answering


def usual_boots() -> list[tuple[Plan, Boot]]:
    """Those on the hardware that the image's properties lead to."""
    names = sorted(path.stem for path in profiles_path().glob("*.yaml"))
    plans = [make_plan(load(name, shipped()), shipped()) for name in names]
    return [(plan, boot) for plan in plans for boot in plan.boots if boot.name in ("bios", "uefi")]


def asked(properties: Mapping[str, str], firmware: str) -> dict[str, str]:
    """An image that names no firmware is started by UEFI where someone adds it to the image."""
    if firmware == "uefi" and "hw_firmware_type" not in properties:
        return {**properties, "hw_firmware_type": "uefi", "hw_machine_type": "q35"}
    return dict(properties)


def ours(given: Machine) -> Parts:
    queues = tuple(range(10, 10 + given.vcpus)) if given.multiqueue else ()
    firmware = Firmware(Path("/code"), Path("/variables")) if given.firmware == "uefi" else None
    backends = QemuBackends(
        image=Path("/image"),
        image_format="qcow2",
        overlay=Path("/overlay"),
        config_drive=Path("/drive"),
        console="null",
        monitor="null",
        ends=Ends(defaultdict(lambda: "null"), queues, queues),
        firmware=firmware,
    )
    return of_arguments(arguments(given, backends, Accelerator("kvm", "as in a cloud")))


def differences(theirs: Parts, here: Parts) -> dict[str, tuple[str | None, str | None]]:
    """By part: what Nova gives, and what is here; None for nothing."""
    return {
        name: (theirs.get(name), here.get(name))
        for name in sorted(theirs.keys() | here.keys())
        if theirs.get(name) != here.get(name)
    }


def unexplained(theirs: Parts, here: Parts) -> dict[str, tuple[str | None, str | None]]:
    def reasons(of_nova: str | None, of_ours: str | None) -> Mapping[str, str]:
        if of_ours is None:
            return NOT_HERE
        return ONLY_HERE if of_nova is None else OTHERWISE

    found = differences(theirs, here)
    return {name: both for name, both in found.items() if name not in reasons(*both)}


@pytest.mark.parametrize(
    ("plan", "boot"), [pytest.param(p, b, id=f"{p.profile}-{b.name}") for p, b in usual_boots()]
)
def test_a_profiles_guest_is_novas(nova: Nova, plan: Plan, boot: Boot) -> None:
    properties = {claim.property: claim.value for claim in plan.claims}
    flavor = {name: value for name, value in plan.flavor.items() if ":" in name}
    image = asked(properties, boot.machine.firmware)
    theirs = of_domain(nova.domain(image, flavor, boot.machine.vcpus))
    assert unexplained(theirs, ours(boot.machine)) == {}


@pytest.mark.parametrize(
    ("properties", "flavor", "part"),
    [
        ({}, {"hw_rng:allowed": "False"}, "rng"),
        ({"hw_machine_type": "q35"}, {}, "machine type"),
        ({"hw_firmware_type": "uefi"}, {}, "machine type"),
        ({"hw_watchdog_action": "disabled"}, {}, "watchdog"),
        ({"hw_watchdog_action": "none"}, {}, "watchdog action"),
        ({}, {"hw:watchdog_action": "poweroff"}, "watchdog action"),
        ({"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}, {}, "tpm"),
        ({"hw_tpm_model": "tpm-crb"}, {}, "tpm"),
        ({"hw_virtio_packed_ring": "true"}, {}, "packed ring"),
        ({"hw_virtio_packed_ring": "no"}, {}, "packed ring"),
        ({}, {"hw:virtio_packed_ring": "true"}, "packed ring"),
        ({"hw_serial_port_count": "2"}, {}, "serial ports"),
        ({"hw_serial_port_count": "2"}, {"hw:serial_port_count": "3"}, "serial ports"),
        ({"hw_serial_port_count": "0"}, {"hw:serial_port_count": "3"}, "serial ports"),
        ({"hw_serial_port_count": "0"}, {}, "serial ports"),
        ({"hw_cpu_threads": "2", "hw_cpu_cores": "2"}, {}, "topology"),
    ],
)
def test_what_changes_a_guest_of_novas_changes_ours(
    nova: Nova, properties: dict[str, str], flavor: dict[str, str], part: str
) -> None:
    firmware = "uefi" if properties.get("hw_firmware_type") == "uefi" else "bios"
    here = machine(properties, firmware, flavor)
    theirs = of_domain(nova.domain(properties, flavor, here.vcpus))
    assert ours(here).get(part) == theirs.get(part)
    assert unexplained(theirs, ours(here)) == {}


def test_a_guest_that_lacks_what_nova_gives_is_found_out(nova: Nova) -> None:
    theirs = of_domain(nova.domain({}, {}, 2))
    assert unexplained(theirs, ours(Machine(rng=False))) == {"rng": ("virtio", None)}
    assert unexplained(theirs, ours(Machine(watchdog="reset"))).keys() == {
        "watchdog",
        "watchdog action",
    }


def test_no_difference_is_excused_that_there_is_not(nova: Nova) -> None:
    seen = set()
    for plan, boot in usual_boots():
        properties = {claim.property: claim.value for claim in plan.claims}
        domain = nova.domain(asked(properties, boot.machine.firmware), {}, boot.machine.vcpus)
        seen |= set(differences(of_domain(domain), ours(boot.machine)))
    assert set(NOT_HERE) | set(ONLY_HERE) | set(OTHERWISE) <= seen
