"""A sound guest in which one thing after the other is broken: each probe sees its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from builder.feature import CheckFailed, Outcome
from builder.features import foundation, guest_agent, minimal, watchdog
from builder.features import nested_virtualisation as nested
from builder.features.registry import shipped
from builder.linux import login
from builder.proof.checks import checks_of, record
from builder.store import manifest
from builder.vm.guest import RunningGuest
from builder.vm.launch import booted

pytestmark = pytest.mark.boot

Probing = Callable[..., tuple[Outcome, str]]


@pytest.fixture(scope="module")
def guest(
    built: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuest]:
    """On the hardware of the first boot, but that its watchdog only reports."""
    build = built("pinned-scsi")
    machine = replace(manifest.read(build).planned().boots[0].machine, watchdog="none")
    workdir = tmp_path_factory.mktemp("troubled") / "work"
    with booted(build / "image.qcow2", "qcow2", machine, workdir, admin_user="debian") as running:
        # What it writes of itself is broken below, and it would write it again.
        assert running.run("cloud-init", "status", "--wait", timeout=300).status == 0
        yield running


@pytest.fixture(scope="module")
def probe(built: Callable[[str], Path], guest: RunningGuest) -> Probing:
    """Make a probe of the image's plan and say what came of it."""
    checks = checks_of(manifest.read(built("pinned-scsi")).planned(), shipped())

    def make(name: str) -> tuple[Outcome, str]:
        evidence = record(checks[name], guest, image_sha256="")
        return evidence.outcome, evidence.seen

    return make


def test_the_guest_runs_a_virtual_machine_of_its_own_until_its_kvm_is_gone(
    guest: RunningGuest,
) -> None:
    make, parameters = nested.runs_a_virtual_machine.function, nested.FEATURE.parameters()
    seen = make(guest, parameters)
    assert seen == "a virtual machine on /dev/kvm (kvm_amd, svm) found that 2 + 40 is 42"
    guest.run("rmmod", "kvm_amd")
    with pytest.raises(CheckFailed, match="the processor has svm, but the guest has no /dev/kvm"):
        make(guest, parameters)
    guest.run("modprobe", "kvm_amd")


def test_a_guest_with_everything_gets_everything_that_a_package_brings(guest: RunningGuest) -> None:
    make, parameters = (
        minimal.installed_package_comes_without.function,
        minimal.FEATURE.parameters(),
    )
    with pytest.raises(CheckFailed, match="an installed package has brought /usr/share/doc/"):
        make(guest, parameters)
    guest.run("sh", "-c", f"printf 'path-exclude=*\n' >{FILTERS}")
    with pytest.raises(CheckFailed, match="an installed package has not brought /usr/share/doc/"):
        make(guest, parameters)
    guest.run("rm", FILTERS)


def test_a_driver_loads_until_what_it_needs_is_gone(guest: RunningGuest) -> None:
    make, parameters = minimal.drivers_load.function, minimal.FEATURE.parameters()
    assert "drivers are loaded" in make(guest, parameters)
    hide = "modprobe -r mptsas mptscsih mptbase && cd /lib/modules/$(uname -r)/kernel && mv"
    lost = "drivers/message/fusion/mptbase.ko"
    assert guest.run("sh", "-c", f"{hide} {lost} /run").status == 0
    with pytest.raises(CheckFailed, match="mptsas"):
        make(guest, parameters)
    guest.run("sh", "-c", f"mv /run/mptbase.ko /lib/modules/$(uname -r)/kernel/{lost}")


FILTERS = "/etc/dpkg/dpkg.cfg.d/local"
STATUS = "/run/cloud-init/status.json"
FAULT = f"""
import json
seen = json.load(open("{STATUS}"))
seen["v1"]["init"]["errors"] = ["no such thing"]
json.dump(seen, open("{STATUS}", "w"))
"""
NIC = "$(ls /sys/class/net | head -n 1)"
TROUBLES = {
    "foundation/firmware-is-as-asked": (
        "mount -t tmpfs none /sys/firmware && mkdir /sys/firmware/efi",
        "umount /sys/firmware",
        "started by uefi, not by bios",
    ),
    "foundation/release-is-as-claimed": (
        "sed s/12/11/ /etc/os-release >/run/os && mount --bind /run/os /usr/lib/os-release",
        "umount /usr/lib/os-release",
        "the guest says 'Linux debian 11",
    ),
    "foundation/cloud-init-finishes": (
        f"cp {STATUS} /run/status && python3 -c '{FAULT}'",
        f"cp /run/status {STATUS}",
        "init: no such thing",
    ),
    "foundation/nic-has-dhcp-address": (
        f"ip address change 10.0.2.15/24 dev {NIC} valid_lft forever preferred_lft forever",
        f"networkctl renew {NIC}",
        "no NIC has an IPv4 address by DHCP",
    ),
    "foundation/boot-loader-reconfigures": (
        "printf '#!/bin/sh\nexit 1\n' >/etc/grub.d/01_broken && chmod +x /etc/grub.d/01_broken",
        "rm /etc/grub.d/01_broken",
        "ended with exit code",
    ),
    "virtio-scsi/starts-from-virtio-blk": ("true", "true", "not on vda"),
}
"""What a guest suffers, what ends it, and what the probe says of it."""


@pytest.mark.parametrize("name", TROUBLES)
def test_a_guest_of_which_it_is_not_true_is_seen(
    name: str, guest: RunningGuest, probe: Probing
) -> None:
    trouble, remedy, because = TROUBLES[name]
    suffered = guest.run("sh", "-c", trouble)
    assert suffered.status == 0, suffered
    outcome, seen = probe(name)
    assert (outcome, because in seen) == (Outcome.FAILED, True), seen
    assert guest.run("sh", "-c", remedy).status == 0


def test_a_root_that_has_not_grown_with_its_disk_is_seen(
    guest: RunningGuest, probe: Probing
) -> None:
    guest.qmp("block_resize", node_name="root", size=64 * 1024**3)
    guest.run("sh", "-c", "echo 1 >/sys/block/sda/device/rescan")
    outcome, seen = probe("foundation/root-has-grown")
    assert outcome is Outcome.FAILED, seen


def test_a_nic_that_is_told_to_use_one_queue_is_seen(guest: RunningGuest, probe: Probing) -> None:
    queues = "ethtool --set-channels $(ls /sys/class/net | sed -n 2p) combined"
    guest.run("sh", "-c", f"{queues} 1")
    outcome, seen = probe("multiqueue/queues-equal-vcpus")
    assert (outcome, "uses 1 of 4 queues" in seen) == (Outcome.FAILED, True), seen
    outcome, seen = probe("multiqueue/interrupts-are-spread")
    assert (outcome, "they are not spread" in seen) == (Outcome.FAILED, True), seen
    guest.run("sh", "-c", f"{queues} 4")


def test_a_nic_that_is_plugged_in_where_another_rule_comes_first_is_seen(
    guest: RunningGuest, probe: Probing
) -> None:
    rule = "/etc/systemd/network/00-first.link"
    text = "[Match]\nDriver=virtio_net\n[Link]\nCombinedChannels=1\n"
    guest.run("sh", "-c", f"printf %s '{text}' >{rule}; udevadm control --reload")
    outcome, seen = probe("multiqueue/plugged-nic-has-queues")
    assert (outcome, "uses 1 of 4 queues" in seen) == (Outcome.FAILED, True), seen
    guest.run("sh", "-c", f"rm {rule}; udevadm control --reload")


@pytest.mark.parametrize("name", ["volume-is-plugged", "many-volumes-are-used"])
def test_a_kernel_that_looks_for_no_new_disks_is_seen(
    name: str, guest: RunningGuest, probe: Probing
) -> None:
    scan = "/sys/module/scsi_mod/parameters/scan"
    usual = guest.run("cat", scan).stdout.strip()
    guest.run("sh", "-c", f"echo none >{scan}")
    outcome, seen = probe(f"virtio-scsi/{name}")
    assert (outcome, "no disk appeared" in seen) == (Outcome.FAILED, True), seen
    guest.run("sh", "-c", f"echo {usual} >{scan}")


def test_a_console_that_nobody_can_log_in_on_is_seen(
    guest: RunningGuest, probe: Probing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "PROMPT_LIMIT", 20)
    guest.run("systemctl", "stop", "serial-getty@ttyS0.service")
    outcome, seen = probe("guest-agent/password-lets-in")
    assert (outcome, "could not log in on the console" in seen) == (Outcome.FAILED, True), seen
    guest.run("systemctl", "start", "serial-getty@ttyS0.service")


def test_an_account_that_has_expired_is_seen(guest: RunningGuest, probe: Probing) -> None:
    guest.run("chage", "--expiredate", "1", "debian")
    outcome, seen = probe("guest-agent/password-lets-in")
    guest.run("chage", "--expiredate", "-1", "debian")
    assert outcome is Outcome.FAILED, seen


def test_an_agent_that_nobody_starts_again_is_seen(
    guest: RunningGuest, probe: Probing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_agent, "RETURN_LIMIT", 10)
    unit = "/run/systemd/system/qemu-guest-agent.service.d"
    guest.run("sh", "-c", f"mkdir -p {unit}; printf '[Service]\\nRestart=no\\n' >{unit}/no.conf")
    guest.run("systemctl", "daemon-reload")
    for name in ("agent-returns-when-killed", "agent-returns-after-reboot"):
        outcome, seen = probe(f"guest-agent/{name}")
        assert (outcome, "did not answer" in seen) == (Outcome.FAILED, True), seen


# QEMU's i6300esb is switched off when it has fired; opening it switches it on. No "restart": while
# it stops, systemd queues wd_keepalive, which conflicts with the daemon and cancels its start.
REARM = "kill -CONT $(pidof watchdog); systemctl stop watchdog; systemctl start watchdog"


def test_a_watchdog_that_only_reports_is_proven_as_such_and_resets_nothing(
    guest: RunningGuest,
) -> None:
    only_reports = watchdog.WatchdogParameters(action="none")
    assert "none" in watchdog.hung_daemon_fires.function(guest, only_reports)
    assert guest.run("sh", "-c", REARM).status == 0
    with pytest.raises(CheckFailed, match="fired with none, not reset"):
        watchdog.hung_daemon_resets.function(guest, watchdog.WatchdogParameters())
    assert guest.run("sh", "-c", REARM).status == 0


def test_a_watchdog_that_fired_during_a_reboot_is_seen(guest: RunningGuest, probe: Probing) -> None:
    guest.run("sh", "-c", "kill -STOP $(pidof watchdog); sleep 40; " + REARM)
    outcome, seen = probe("watchdog/restart-fires-nothing")
    assert (outcome, "fired while" in seen) == (Outcome.FAILED, True), seen


def test_a_guest_is_paused_where_the_image_asks_for_it(guest: RunningGuest) -> None:
    guest.qmp("watchdog-set-action", action="pause")
    assert "pause" in watchdog.hung_daemon_fires.function(
        guest, watchdog.WatchdogParameters(action="pause")
    )
    guest.event("STOP", timeout=30)
    assert guest.qmp("query-status")["status"] == "watchdog"
    guest.qmp("cont")
    assert guest.run("sh", "-c", REARM).status == 0


def test_a_boot_loader_that_cannot_be_reinstalled_is_seen(
    guest: RunningGuest, probe: Probing
) -> None:
    """It is gone by then, as in a guest whose upgrade of GRUB failed half-way."""
    guest.run("mv", "/usr/sbin/grub-install", "/root")
    outcome, seen = probe("foundation/boot-loader-reinstalls")
    assert (outcome, "grub-cloud-amd64" in seen) == (Outcome.FAILED, True), seen
    outcome, seen = probe("foundation/reinstalled-boot-loader-starts")
    assert outcome is Outcome.FAILED, seen
    guest.run("mv", "/root/grub-install", "/usr/sbin")
    assert guest.run("dpkg", "--configure", "-a", timeout=300).status == 0


def test_a_kernel_that_reports_a_failure_when_it_is_started_again_is_seen(
    guest: RunningGuest, probe: Probing
) -> None:
    guest.run("sh", "-c", "echo 'Oops: 0000 [#1] on purpose' >/dev/kmsg")
    outcome, seen = probe("foundation/restart-reports-no-failure")
    assert (outcome, "kernel oops: " in seen) == (Outcome.FAILED, True), seen


def test_a_guest_that_cannot_reboot_is_seen(
    guest: RunningGuest, probe: Probing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foundation, "RESTART_LIMIT", 30)
    guest.run("systemctl", "mask", "--runtime", "reboot.target")
    outcome, seen = probe("foundation/guest-reboots")
    assert outcome is Outcome.FAILED, seen


def test_a_panic_powers_the_guest_off_where_the_image_asks_for_it(guest: RunningGuest) -> None:
    """The last test of this guest."""
    guest.qmp("watchdog-set-action", action="poweroff")
    asked = watchdog.WatchdogParameters(action="poweroff")
    assert "poweroff" in watchdog.panic_fires.function(guest, asked)
