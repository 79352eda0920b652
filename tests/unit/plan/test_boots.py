"""Probes share boots where they can, and are made in an order in which none spoils another."""

from dataclasses import replace
from typing import Any

import pytest

from builder.feature import FIRST_NIC, Guest, Machine, Parameters, Probe, Topology, When
from builder.plan.boots import Boot, boots

SCSI = {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"}


def named(name: str, when: When = "running", **fields: Any) -> tuple[str, Probe[Any]]:
    def function(_guest: Guest, _: Parameters) -> str:
        return ""

    function.__name__ = name
    return f"a/{name}", Probe("it is so", function, when=when, **fields)


def by_name(*probes: tuple[str, Probe[Any]], **properties: str) -> dict[str, Boot]:
    return {boot.name: boot for boot in boots(probes, {**SCSI, **properties})}


def without_nics(usual: Machine) -> Machine:
    return replace(usual, nics=(), multiqueue=False)


def on_virtio_blk(usual: Machine) -> Machine:
    return replace(usual, disk_bus="virtio")


def test_both_firmwares_run_every_probe_that_spoils_nothing() -> None:
    planned = by_name(named("x"), named("y"))
    assert [*planned] == ["bios", "uefi"]
    for name, boot in planned.items():
        assert boot.machine.firmware == name
        assert boot.machine.disk_bus == "scsi"
        assert boot.probes == ("a/x", "a/y")


def test_the_two_boots_have_several_vcpus_and_one() -> None:
    planned = by_name(named("x"))
    assert (planned["bios"].machine.vcpus, planned["uefi"].machine.vcpus) == (4, 1)


def test_a_topology_that_the_image_asks_for_is_given() -> None:
    hardware = Machine(vcpus=8, topology=Topology(2, 2, 2))
    planned = boots([named("x", machine=lambda _: hardware)], {})
    assert planned[-1].machine == hardware


def test_probes_are_made_in_the_order_in_which_they_spoil_nothing() -> None:
    moments: tuple[When, ...] = ("destroy", "restarted", "restart", "last", "running")
    planned = by_name(*(named(when, when) for when in moments))
    assert planned["bios"].probes == (
        "a/running",
        "a/last",
        "a/restart",
        "a/restarted",
        "a/destroy",
    )
    assert planned["uefi"].probes == ("a/running", "a/last", "a/restart", "a/restarted")


def test_what_is_made_once_goes_where_there_is_least_to_do() -> None:
    planned = by_name(
        named("long", once=True, seconds=30),
        named("short", once=True, seconds=10),
        named("shorter", once=True, seconds=9),
        named("always"),
    )
    assert planned["bios"].probes == ("a/long", "a/always")
    assert planned["uefi"].probes == ("a/short", "a/shorter", "a/always")


def test_the_destruction_that_ends_a_boot_is_something_to_do() -> None:
    planned = by_name(
        named("panic", "destroy", seconds=30),
        *(named(f"once{number}", once=True, seconds=10) for number in range(3)),
    )
    assert planned["bios"].probes == ("a/panic",)
    assert planned["uefi"].probes == ("a/once0", "a/once1", "a/once2")


def test_what_needs_several_vcpus_goes_where_they_are() -> None:
    planned = by_name(
        named("long", once=True, seconds=30),
        *(named(f"wide{number}", once=True, vcpus=2, seconds=20) for number in range(3)),
    )
    assert planned["bios"].probes == ("a/wide0", "a/wide1", "a/wide2")
    assert planned["uefi"].probes == ("a/long",)


def test_nobody_is_logged_in_where_no_probe_wants_it() -> None:
    watching = named("watching", machine=on_virtio_blk, login=False)
    assert by_name(watching)["bios-watching"].login is False
    planned = by_name(watching, named("asking", machine=on_virtio_blk))
    assert planned["bios-watching"].login is True
    assert planned["bios"].login is True


def test_restarts_are_assigned_so_that_each_boot_has_one() -> None:
    look = named("look", "restarted")
    first, second, third = (named(name, "restart") for name in ("one", "two", "three"))
    planned = by_name(first, look)
    assert planned["bios"].probes == planned["uefi"].probes == ("a/one", "a/look")
    planned = by_name(first, second, third, look)
    assert planned["bios"].probes == ("a/one", "a/three", "a/look")
    assert planned["uefi"].probes == ("a/two", "a/look")


def test_each_boot_ends_with_one_destruction_at_most() -> None:
    planned = by_name(*(named(name, "destroy") for name in ("one", "two", "three")))
    assert planned["bios"].probes == ("a/one",)
    assert planned["uefi"].probes == ("a/two",)
    assert planned["bios-three"].probes == ("a/three",)


def test_probes_that_want_the_same_other_hardware_share_a_boot() -> None:
    planned = by_name(
        named("blk", machine=on_virtio_blk),
        named("huge", machine=lambda usual: replace(usual, vcpus=16)),
        named("blk2", machine=on_virtio_blk),
        named("x"),
    )
    assert [*planned] == ["bios", "uefi", "bios-blk", "bios-huge"]
    assert planned["bios-blk"].probes == ("a/blk", "a/blk2")
    assert planned["bios-blk"].machine.disk_bus == "virtio"
    assert planned["bios"].probes == ("a/x",)


def test_probes_that_watch_share_a_boot_with_all_the_hardware_that_they_ask_for() -> None:
    planned = by_name(
        named("alone", machine=without_nics, login=False),
        named("blk", machine=on_virtio_blk, login=False),
        hw_vif_multiqueue_enabled="true",
    )
    assert [*planned] == ["bios", "uefi", "bios-alone"]
    shared = planned["bios-alone"]
    assert shared.probes == ("a/alone", "a/blk")
    assert (shared.machine.nics, shared.machine.disk_bus) == ((), "virtio")
    assert not shared.login


@pytest.mark.parametrize(
    "other",
    [
        named("other", machine=lambda usual: replace(usual, nics=(FIRST_NIC,) * 2), login=False),
        named("other", machine=on_virtio_blk),
        named("other", "destroy", machine=on_virtio_blk, login=False),
    ],
    ids=["of the same device", "with a login", "that destroys its guest"],
)
def test_a_boot_is_not_shared_with_a_probe(other: tuple[str, Probe[Any]]) -> None:
    planned = by_name(named("alone", machine=without_nics, login=False), other)
    assert len(planned) == 4


def test_other_hardware_has_as_many_vcpus_as_its_probes_want() -> None:
    planned = by_name(
        named("one", machine=on_virtio_blk), named("two", machine=without_nics, vcpus=2)
    )
    assert planned["bios-one"].machine.vcpus == 1
    assert planned["bios-two"].machine.vcpus == 2


@pytest.mark.parametrize("number", [1, 2, 5])
def test_every_probe_is_in_some_boot(number: int) -> None:
    moments: tuple[When, ...] = ("running", "last", "restart", "restarted", "destroy")
    probes = [
        named(f"{when}{count}{once}", when, once=once)
        for when in moments
        for count in range(number)
        for once in (False, True)
    ]
    planned = [name for boot in boots(probes, {}) for name in boot.probes]
    assert set(planned) == {name for name, _ in probes}


def test_a_probe_whose_wish_the_usual_hardware_grants_needs_no_boot_of_its_own() -> None:
    planned = by_name(named("x", machine=lambda usual: replace(usual, disk_bus="scsi"), once=True))
    assert [*planned] == ["bios", "uefi"]
    assert planned["bios"].probes == ("a/x",)
