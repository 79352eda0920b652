"""A guest with eight vCPUs, two of them its own: what it sees of its processors and can do there.

It has what no shipped profile asks for besides: packed rings, and three serial ports.

Its vCPUs are threads of cores, so that its processor is emulated as Intel's.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drivers import GREETING, MODULE, NAME

from builder.feature import Outcome, Topology
from builder.features.registry import shipped
from builder.plan.model import Plan
from builder.proof.checks import checks_of, record
from builder.store import manifest
from builder.vm.guest import RunningGuest
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

GRAPHICS = "pci:v000010DEd00001C82sv00001458sd00003732bc03sc00i00"
"""As the kernel calls a graphics processor that nouveau drives."""

Probing = Callable[[str], tuple[Outcome, str]]


@pytest.fixture(scope="module")
def plan(compute: Path) -> Plan:
    return manifest.read(compute).planned()


@pytest.fixture(scope="module")
def guest(
    compute: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuest]:
    machine = plan.boots[0].machine
    assert (machine.vcpus, machine.topology) == (8, Topology(2, 2, 2))
    workdir = tmp_path_factory.mktemp("processors") / "work"
    with booted(compute / "image.qcow2", "qcow2", machine, workdir, admin_user="debian") as running:
        yield running


@pytest.fixture(scope="module")
def probe(plan: Plan, guest: RunningGuest) -> Probing:
    checks = checks_of(plan, shipped())

    def make(name: str) -> tuple[Outcome, str]:
        evidence = record(checks[name], guest, image_sha256="")
        return evidence.outcome, evidence.seen

    return make


def test_the_guest_sees_its_topology_and_nothing_has_failed(probe: Probing) -> None:
    assert probe("cpu-topology/arrangement-is-seen") == (
        Outcome.PASSED,
        "the guest sees 2 sockets × 2 cores × 2 threads",
    )
    for name in ("no-unit-has-failed", "kernel-reports-no-failure"):
        outcome, seen = probe(f"foundation/{name}")
        assert outcome is Outcome.PASSED, seen


def test_the_nic_has_packed_rings(probe: Probing) -> None:
    outcome, seen = probe("packed-ring/nics-use-packed-rings")
    assert outcome is Outcome.PASSED, seen
    assert seen.startswith("the rings of e")


def test_the_user_logs_in_on_the_second_serial_port_and_on_the_third(
    guest: RunningGuest, probe: Probing
) -> None:
    assert probe("serial-ports/ports-are-there") == (
        Outcome.PASSED,
        "the guest has ttyS0, ttyS1, ttyS2",
    )
    outcome, seen = probe("serial-ports/user-logs-in-on-ports")
    assert (outcome, seen) == (Outcome.PASSED, "debian logged in on ttyS1, ttyS2")
    assert guest.run("passwd", "--status", "debian").stdout.startswith("debian L")


def test_a_serial_port_that_nobody_answers_on_fails(guest: RunningGuest, probe: Probing) -> None:
    guest.run("systemctl", "stop", "serial-getty@ttyS1.service")
    outcome, seen = probe("serial-ports/user-logs-in-on-ports")
    guest.run("systemctl", "start", "serial-getty@ttyS1.service")
    assert outcome is Outcome.FAILED
    assert "'debian' could not log in on the serial1" in seen


def test_a_vcpu_that_is_missing_is_seen(guest: RunningGuest, probe: Probing) -> None:
    online = "/sys/devices/system/cpu/cpu7/online"
    guest.run("sh", "-c", f"echo 0 >{online}")
    outcome, seen = probe("cpu-topology/arrangement-is-seen")
    guest.run("sh", "-c", f"echo 1 >{online}")
    assert outcome is Outcome.FAILED
    assert "sees 7 vCPUs as 2 sockets × 2 cores × 1 thread, unevenly" in seen


def test_the_vcpus_that_do_not_keep_house_are_isolated(guest: RunningGuest) -> None:
    for name in ("isolated", "nohz_full"):
        assert guest.run("cat", f"/sys/devices/system/cpu/{name}").stdout == "2-7\n"
    assert guest.run("nproc").stdout == "2\n"
    assert guest.run("cat", "/proc/irq/default_smp_affinity").stdout == "03\n"


def test_the_driver_can_be_loaded_and_its_rival_cannot(guest: RunningGuest) -> None:
    assert guest.run("modprobe", MODULE).status == 0
    assert GREETING in guest.run("dmesg").stdout
    assert guest.run("modprobe", "nouveau").status != 0
    assert "nouveau" not in guest.run("lsmod").stdout
    assert "nouveau" in guest.run("modprobe", "--resolve-alias", GRAPHICS).stdout
    as_udev_does = ("modprobe", "--use-blacklist", "--dry-run", "--verbose", GRAPHICS)
    assert "nouveau" not in guest.run(*as_udev_does).stdout


def test_the_guest_has_made_its_own_names_and_key(guest: RunningGuest) -> None:
    """The image has none, as its inspection has seen."""
    (initiator,) = guest.run(
        "grep", "^InitiatorName=", "/etc/iscsi/initiatorname.iscsi"
    ).stdout.split()
    assert initiator.startswith("InitiatorName=iqn.1993-08.org.debian:01:")
    name = guest.run("cat", "/etc/nvme/hostnqn").stdout.strip()
    assert name.rpartition("uuid:")[2] == guest.run("cat", "/etc/nvme/hostid").stdout.strip()
    key, certificate = "private/ssl-cert-snakeoil.key", "certs/ssl-cert-snakeoil.pem"
    of_key = guest.run("openssl", "pkey", "-in", f"/etc/ssl/{key}", "-pubout")
    of_certificate = guest.run(
        "openssl", "x509", "-in", f"/etc/ssl/{certificate}", "-noout", "-pubkey"
    )
    assert of_key.status == 0, of_key.stderr
    assert of_key.stdout == of_certificate.stdout


def test_the_guest_has_no_private_key_of_its_build(guest: RunningGuest) -> None:
    assert guest.run("find", "/var/lib/dkms", "-name", "mok.*").stdout == ""
    assert f"{NAME}/" in guest.run("dkms", "status").stdout


def test_a_processor_of_another_vendor_than_its_virtualisation_runs_no_machine(
    probe: Probing,
) -> None:
    """KVM for AMD's processors does not take one that says that it is Intel's."""
    outcome, seen = probe("nested-virtualisation/runs-a-virtual-machine")
    assert outcome is Outcome.FAILED, seen
    assert "a virtual machine on kvm_amd did not run to its end" in seen or "no /dev/kvm" in seen
