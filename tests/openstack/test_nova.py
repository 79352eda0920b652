"""What this program says of Nova is what a real Nova does.

A release of Nova that knows other properties, values or extra specs fails here.
"""

from collections.abc import Generator, Iterable, Mapping
from itertools import product

import pytest
from choices import choices_of
from novaquestions import Nova

from builder.feature import ExtraSpec
from builder.features.registry import FOUNDATION, SHIPPED
from builder.nova import topology
from builder.nova.kind import BOOLEANS
from builder.nova.properties import KNOWN, TRUE_WORDS, complaints, is_true
from builder.nova.vocabulary.standard import STANDARD

pytestmark = pytest.mark.openstack

VARIANTS = [
    (feature, parameters)
    for feature in (FOUNDATION, *SHIPPED)
    for variants in choices_of(feature).values()
    for _, parameters in variants
]
CLAIMS = sorted(
    {
        (claim.property, claim.value)
        for feature, given in VARIANTS
        for claim in feature.claims(given)
    }
)
EXTRA_SPECS = sorted(
    {
        (need.what.name, need.what.value)
        for feature, given in VARIANTS
        for need in feature.needs(given)
        if isinstance(need.what, ExtraSpec)
    }
)

FOR_PEOPLE = frozenset(STANDARD)
"""Properties that Nova does not read."""

FAMILIES = {"hw_numa_cpus.N": "hw_numa_cpus", "hw_numa_mem.N": "hw_numa_mem"} | {
    "trait:NAME": "traits_required"
}
"""What several properties of an image become one field of."""

OTHER_HYPERVISORS = frozenset({"lxc", "uml", "xen"})
UNUSED_WORDS: Mapping[str, frozenset[str]] = {
    "hw_cdrom_bus": OTHER_HYPERVISORS,
    "hw_disk_bus": OTHER_HYPERVISORS,
    "hw_rescue_bus": OTHER_HYPERVISORS,
    "hw_rescue_device": frozenset({"lun", "fs"}),  # no devices to boot from
    "hw_floppy_bus": OTHER_HYPERVISORS,
    "hw_vm_mode": frozenset({"xen", "uml", "exe"}),
    # Curves that the cryptography library has given up.
    "img_signature_key_type": frozenset(
        {"ECC_SECT409K1", "ECC_SECT409R1", "ECC_SECT571K1", "ECC_SECT571R1"}
    ),
}
"""Values that Nova takes and this program does not."""
A_FEW_OF_MANY = frozenset(
    {
        "architecture", "hw_architecture", "hw_emulation_architecture", "hypervisor_type",
        "img_hv_type",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def nova() -> Generator[Nova]:
    with Nova() as answering:
        yield answering


@pytest.mark.parametrize(("name", "value"), CLAIMS)
def test_a_claim_is_read_as_it_is_meant(nova: Nova, name: str, value: str) -> None:
    read = nova.read({name: value})
    assert read is not None, "Nova refuses it"
    if name in FOR_PEOPLE:
        assert read == {}
    elif name.startswith("trait:"):
        trait = name.removeprefix("trait:")
        assert read == {"traits_required": [trait]}
        assert trait.startswith("CUSTOM_") or trait in nova.traits()
    else:
        (seen,) = read.values()
        assert seen == (is_true(value) if isinstance(seen, bool) else _as(type(seen), value))


def _as(kind: type, value: str) -> object:
    return kind(value)


def test_every_claim_is_in_the_vocabulary() -> None:
    assert complaints(dict(CLAIMS)) == []


def test_every_property_of_nova_is_known_and_no_other(nova: Nova) -> None:
    other_names = nova.legacy_names() | FAMILIES
    ours = {other_names.get(name, name) for name in KNOWN if name not in FOR_PEOPLE}
    assert ours == set(nova.properties())


def test_what_nova_reads_has_a_release_and_nothing_else_has(nova: Nova) -> None:
    assert {name for name, entry in KNOWN.items() if entry.since is None} == FOR_PEOPLE
    for name in FOR_PEOPLE:
        assert nova.read({name: "1"}) == {}


def test_the_values_of_an_enumeration_are_novas(nova: Nova) -> None:
    theirs = nova.properties() | {
        old: nova.properties()[new] for old, new in nova.legacy_names().items()
    }
    enumerated = [name for name in KNOWN if theirs.get(name, {}).get("values")]
    assert len(enumerated) > 20
    for name in enumerated:
        ours, values = set(KNOWN[name].kind.words), set(theirs[name]["values"])
        assert ours, name
        assert ours <= values, name
        if name not in A_FEW_OF_MANY:
            assert values - ours == UNUSED_WORDS.get(name, frozenset()), name


def test_what_is_yes_or_no_here_is_a_boolean_there(nova: Nova) -> None:
    theirs = nova.properties()
    other_names = nova.legacy_names()
    assert {name for name in KNOWN if KNOWN[name].kind.words == BOOLEANS} == {
        name
        for name in KNOWN
        if theirs.get(other_names.get(name, name), {}).get("type") == "FlexibleBoolean"
    }
    for word in (*BOOLEANS, *TRUE_WORDS):
        assert nova.read({"hw_pmu": word}) == {"hw_pmu": is_true(word)}


def test_what_is_a_number_there_is_a_number_here(nova: Nova) -> None:
    numbers = [name for name, entry in nova.properties().items() if entry["type"] == "Integer"]
    for name in set(numbers) & set(KNOWN):
        assert not KNOWN[name].kind.accepts("some"), name
        assert KNOWN[name].kind.accepts("2"), name
        assert nova.read({name: "some"}) is None


def test_the_words_for_true_are_novas(nova: Nova) -> None:
    assert sorted(TRUE_WORDS) == nova.true_words()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hw_watchdog_action", "shutdown"),
        ("hw_watchdog_action", "dump"),
        ("hw_disk_bus", "SCSI"),
        ("hw_disk_bus", "bogus"),
        ("hw_firmware_type", "UEFI"),
        ("os_secure_boot", "yes"),
        ("architecture", "riscv64"),
        ("hw_cpu_cores", "many"),
    ],
)
def test_what_nova_refuses_is_refused_here(nova: Nova, name: str, value: str) -> None:
    assert nova.read({name: value}) is None
    assert complaints({name: value})


def test_a_page_size_that_is_none_is_refused_here(nova: Nova) -> None:
    for value, refused in (("banana", True), ("large", False), ("2048", False), ("1GB", False)):
        image = {"hw_mem_page_size": value, "hw_numa_nodes": "1"}
        assert bool(nova.refusals(image, {"hw:mem_page_size": "any"})) == refused
        assert bool(complaints(image)) == refused


def test_a_word_that_is_no_boolean_is_silently_false_there_and_refused_here(nova: Nova) -> None:
    assert nova.read({"hw_qemu_guest_agent": "banana"}) == {"hw_qemu_guest_agent": False}
    assert complaints({"hw_qemu_guest_agent": "banana"})


def test_an_unknown_property_is_passed_over_there_and_refused_here(nova: Nova) -> None:
    assert nova.read({"hw_scsi_modell": "virtio-scsi"}) == {}
    assert complaints({"hw_scsi_modell": "virtio-scsi"})


@pytest.mark.parametrize(("name", "value"), EXTRA_SPECS)
def test_an_extra_spec_that_a_feature_needs_is_valid(nova: Nova, name: str, value: str) -> None:
    assert nova.extra_spec(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("hw:cpu_policy", "pinned"), ("hw:cpu_polisy", "dedicated"), ("hw:watchdog_action", "dump")],
)
def test_a_mistyped_extra_spec_is_refused(nova: Nova, name: str, value: str) -> None:
    assert nova.extra_spec(name, value) is not None


def test_every_topology_is_the_one_that_nova_makes(nova: Nova) -> None:
    limits = ((0, 0, 0), (0, 2, 0), (4, 0, 1))
    for vcpus, wish, limit in product(range(1, 9), product(range(4), repeat=3), limits):
        image = _topology("hw_cpu_", wish) | _topology("hw_cpu_max_", limit)
        exceeded = any(most and part > most for part, most in zip(wish, limit, strict=True))
        if exceeded or not topology.possible(vcpus, limit):
            continue
        ours = topology.best(wish, vcpus, limit)
        assert (ours.sockets, ours.cores, ours.threads) == nova.topology(image, vcpus), (
            f"{vcpus} vCPUs, {wish}, at most {limit}"
        )


def _topology(prefix: str, parts: Iterable[int]) -> dict[str, str]:
    return {
        f"{prefix}{part}": str(number)
        for part, number in zip(topology.PARTS, parts, strict=True)
        if number
    }
