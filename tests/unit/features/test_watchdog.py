"""A watchdog that the kernel knows and a daemon feeds, and a hung guest that is reset."""

from collections.abc import Iterator

import firmware_disk
import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from fakes import Link
from good_disk import (
    ARCH_KERNEL,
    ARCH_RELEASE,
    INITRD_PATH,
    NO_KERNEL,
    RELEASE,
    UNITS,
    WANTS,
    WATCHDOG_CONF,
    WATCHDOG_LOAD,
    masked,
    second_kernel,
)
from initrds import cpio
from unit_states import beside_network

from builder.features import watchdog

CLOUD = "6.1.0-56-cloud-amd64"
RULE = "/etc/udev/rules.d/90-guest-watchdog.rules"
LINK_RULE = (
    'SUBSYSTEM=="watchdog", ATTR{identity}=="i6300ESB timer", SYMLINK+="watchdog-i6300esb", '
    'TAG+="systemd", ENV{SYSTEMD_WANTS}+="watchdog.service"\n'
)
LINKED = "watchdog-device = /dev/watchdog-i6300esb\n"
ALIAS = "pci:v00008086d000025ABsv*sd*bc*sc*i*"
FIRED = {"WATCHDOG": {"action": "reset"}}


def disks() -> Iterator[Case]:
    yield from good_disks(watchdog.FEATURE.inspections)
    check = watchdog.kernels_have_i6300esb
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(
        check,
        "Debian's cloud kernel",
        second_kernel(CLOUD, dep="kernel/drivers/net/virtio_net.ko:\n", initrd=None),
        f"kernel {CLOUD} has no i6300esb: it is built without it",
    )
    yield good_disk(
        check, "called after its package", ARCH_KERNEL, f"i6300esb is in {ARCH_RELEASE}"
    )
    check = watchdog.driver_is_loaded
    builtin = {WATCHDOG_LOAD: None, firmware_disk.BUILTIN: "kernel/i6300esb.ko\n"}
    yield good_disk(check, "built in", builtin, "built into every kernel")
    unit = {WATCHDOG_LOAD: None, "/etc/default/watchdog": 'watchdog_module="i6300esb"\n'}
    yield good_disk(check, "Debian's unit loads it", unit, "has the daemon's unit load i6300esb")
    local = {WATCHDOG_LOAD: None, "/usr/local/lib/modules-load.d/a.conf": "i6300esb\n"}
    yield good_disk(check, "a local file", local, "/usr/local/lib/modules-load.d/a.conf names")
    yield from drivers()
    yield broken_disk(check, "no file", {WATCHDOG_LOAD: None}, "nothing loads it at boot")
    yield broken_disk(
        check, "a comment", {WATCHDOG_LOAD: "# i6300esb\n"}, "nothing loads it at boot"
    )
    yield broken_disk(
        check,
        "the vendor's file is hidden",
        {
            WATCHDOG_LOAD: Link("/dev/null"),
            "/usr/lib/modules-load.d/guest-watchdog.conf": "i6300esb\n",
        },
        "nothing loads it at boot",
    )


def drivers() -> Iterator[Case]:
    check = watchdog.driver_is_loaded
    blacklist = "/usr/lib/modprobe.d/blacklist.conf"
    blacklisted = {blacklist: "# slow\nblacklist i6300esb\n"}
    cause = f"{blacklist}:2: blacklists i6300esb, and {WATCHDOG_LOAD} loads nothing that is"
    yield broken_disk(check, "blacklisted", blacklisted, cause)
    argument = {"/etc/kernel/cmdline": "modprobe.blacklist=iTCO_wdt,i6300esb\n"}
    yield broken_disk(check, "blacklisted by an argument", argument, "cmdline:1: blacklists i6300")
    other = {blacklist: "blacklist iTCO_wdt\n"}
    yield good_disk(check, "another is blacklisted", other, f"{WATCHDOG_LOAD} names i6300esb")
    rule = 'ACTION=="add", ATTR{device}=="0x25ab", RUN+="/sbin/modprobe i6300esb"\n'
    commanded = {**blacklisted, RULE: rule}
    yield good_disk(check, "a rule loads it", commanded, f"{RULE} has i6300esb loaded by its name")
    alias = {f"/usr/lib/modules/{RELEASE}/modules.alias": f"alias {ALIAS} i6300esb\n"}
    alone = {WATCHDOG_LOAD: None, **alias}
    yield good_disk(check, "its device loads it", alone, "udev loads i6300esb for the device")
    cause = "blacklists i6300esb, and udev loads nothing"
    yield broken_disk(check, "not its device", {**alone, **blacklisted}, cause)
    tree = f"usr/lib/modules/{RELEASE}/kernel/i6300esb.ko"
    initrd = {INITRD_PATH: cpio({"init": b"", tree: b""})}
    listed = {**blacklisted, **initrd, "/etc/initramfs-tools/modules": "i6300esb heartbeat=30\n"}
    yield good_disk(
        check, "the initrd loads it", listed, "/etc/initramfs-tools/modules has i6300esb"
    )
    forced = {**blacklisted, **initrd, "/etc/dracut.conf.d/a.conf": 'force_drivers+=" i6300esb "\n'}
    yield good_disk(check, "dracut loads it", forced, "/etc/dracut.conf.d/a.conf has i6300esb")
    later = {**blacklisted, "/etc/initramfs-tools/modules": "i6300esb\n"}
    yield broken_disk(check, "an older initrd", later, f"{blacklist}:2: blacklists i6300esb")
    device = 'SUBSYSTEM=="pci", ATTR{vendor}=="0x8086", ATTR{device}=="0x25*"'
    for taking in ('ATTR{remove}="1"', 'ATTR{driver_override}="vfio-pci"', 'RUN+="/a/unbind"'):
        rules = {"/etc/udev/rules.d/10-a.rules": f"{device}, {taking}\n"}
        yield broken_disk(check, taking, rules, "10-a.rules: takes the i6300esb from its driver")
        others = {"/etc/udev/rules.d/10-a.rules": f"{device.replace('0x25*', '0x29*')}, {taking}\n"}
        yield good_disk(check, f"{taking} of another", others, "names i6300esb")


def held_by_systemd() -> Iterator[Case]:
    check = watchdog.daemon_feeds_device
    conditions = "/etc/systemd/system/watchdog.service.d/a.conf"
    physical = {conditions: "[Unit]\nConditionVirtualization=no\n"}
    yield broken_disk(check, "condition", physical, f"{conditions}:2: has ConditionVirtualization=")
    own, drop_in = "/etc/systemd/system.conf", "/usr/lib/systemd/system.conf.d/a.conf"
    cause = f"{own}:2: has systemd itself feed a watchdog, which no daemon can open then"
    yield broken_disk(check, "systemd feeds", {own: "[Manager]\nRuntimeWatchdogSec=30\n"}, cause)
    default = {drop_in: "[Manager]\nRuntimeWatchdogSec=default\n"}
    yield broken_disk(check, "systemd by a drop-in", default, f"{drop_in}:2: has systemd")
    argument = {"/etc/default/grub": 'GRUB_CMDLINE_LINUX="systemd.watchdog_sec=30"\n'}
    yield broken_disk(check, "systemd by an argument", argument, "/etc/default/grub:1: has systemd")
    taken_back = {
        own: "[Manager]\nRuntimeWatchdogSec=30\n",
        drop_in: "[Manager]\nRuntimeWatchdogSec=off\nRebootWatchdogSec=10min\n",
    }
    yield good_disk(check, "systemd no longer", taken_back, "names /dev/watchdog")
    itco = "[Manager]\nRuntimeWatchdogSec=30\nWatchdogDevice=/dev/watchdog-itco\n"
    yield good_disk(check, "systemd feeds another", {own: itco}, "names /dev/watchdog")
    same = {own: itco.replace("itco", "i6300esb"), RULE: LINK_RULE}
    yield broken_disk(check, "systemd feeds it by a link", same, cause)
    again = {own: "[Manager]\nRuntimeWatchdogSec=0min\n"}
    yield good_disk(check, "systemd for no time", again, "names /dev/watchdog")
    glob = {RULE: LINK_RULE.replace("i6300ESB timer", "i6300ESB*|other"), WATCHDOG_CONF: LINKED}
    yield good_disk(check, "a link by a pattern", glob, f"{RULE} links to the i6300ESB timer")
    every = {RULE: LINK_RULE.replace("i6300ESB timer", "*"), WATCHDOG_CONF: LINKED}
    yield broken_disk(check, "a link to any", every, "no udev rule makes it a link to the 'i6300")
    comment = {own: "[Manager]\n#RuntimeWatchdogSec=30\n"}
    yield good_disk(check, "systemd's default", comment, "names /dev/watchdog")


def daemons() -> Iterator[Case]:
    check = watchdog.daemon_feeds_device
    yield good_disk(
        check,
        "started by its device",
        {
            f"{WANTS}/watchdog.service": None,
            "/etc/systemd/system/watchdog.service": "[Service]\n[Install]\n",
            RULE: LINK_RULE,
            WATCHDOG_CONF: LINKED,
        },
        f"started by {RULE}; {WATCHDOG_CONF} names /dev/watchdog-i6300esb, which",
    )
    yield broken_disk(check, "no unit", {f"{UNITS}/watchdog.service": None}, "is not installed")
    yield broken_disk(
        check, "disabled", {f"{WANTS}/watchdog.service": None}, "watchdog.service is disabled"
    )
    yield broken_disk(check, "masked", masked("watchdog.service"), "watchdog.service is masked by")
    yield broken_disk(
        check, "switched off", {"/etc/default/watchdog": "run_watchdog=0\n"}, "switches the daemon"
    )
    yield broken_disk(
        check,
        "no configuration",
        {WATCHDOG_CONF: None},
        f"{WATCHDOG_CONF} names no watchdog-device",
    )
    yield broken_disk(
        check,
        "a comment",
        {WATCHDOG_CONF: "#watchdog-device = /dev/watchdog\n"},
        "no watchdog-device",
    )
    yield broken_disk(
        check,
        "another device",
        {WATCHDOG_CONF: "watchdog-device=/dev/wd\n"},
        "no udev rule makes it a link",
    )
    yield broken_disk(
        check,
        "a link to another watchdog",
        {RULE: LINK_RULE.replace("i6300ESB timer", "iTCO_wdt"), WATCHDOG_CONF: LINKED},
        "names /dev/watchdog-i6300esb, which is not /dev/watchdog, and no udev rule",
    )
    yield broken_disk(
        check,
        "a link of another name",
        {RULE: LINK_RULE.replace("-i6300esb", "-i6300esb2"), WATCHDOG_CONF: LINKED},
        "no udev rule makes it a link to the 'i6300ESB timer'",
    )
    check = watchdog.timeout_is_as_asked
    yield broken_disk(check, "not the profile's", {}, "the profile asks for 60", timeout=60)
    yield broken_disk(
        check,
        "another timeout",
        {WATCHDOG_CONF: "watchdog-device = /dev/watchdog\nwatchdog-timeout = 60\n"},
        "has watchdog-timeout 60, the profile asks for 30",
    )


def guests() -> Iterator[Case]:
    probe = watchdog.device_is_i6300esb
    yield right_guest(probe, FakeGuest({"identity": "i6300ESB timer\n"}), "i6300ESB")
    yield right_guest(probe, FakeGuest({"identity": "\n"}), "no watchdog", action="disabled")
    yield right_guest(
        probe,
        FakeGuest({"identity": "iTCO_wdt\ni6300ESB timer\n"}),
        "'iTCO_wdt' and 'i6300ESB timer'",
    )
    yield right_guest(probe, FakeGuest({"identity": "iTCO_wdt\n"}), "as asked", action="disabled")
    yield wrong_guest(probe, FakeGuest({"identity": "\n"}), "lacks i6300esb")
    yield wrong_guest(probe, FakeGuest({"identity": "iTCO_wdt\n"}), "'iTCO_wdt', not")
    yield wrong_guest(
        probe,
        FakeGuest({"identity": "i6300ESB timer\n"}),
        "although none is asked for",
        action="disabled",
    )
    probe = watchdog.daemon_holds_device
    yield right_guest(
        probe,
        FakeGuest({"-lname": "watchdog: i6300ESB timer\nsystemd: iTCO_wdt\n"}),
        "watchdog holds the i6300ESB timer open",
    )
    yield wrong_guest(probe, FakeGuest({"-lname": "\n"}), "no process holds /dev/watchdog")
    yield wrong_guest(
        probe,
        FakeGuest({"-lname": "wd_keepalive: i6300ESB timer\n"}),
        "held open by wd_keepalive, not by watchdog",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"-lname": "watchdog: iTCO_wdt\n"}),
        "watchdog holds the 'iTCO_wdt' open, not the hypervisor's i6300ESB",
    )
    probe = watchdog.restart_fires_nothing
    yield right_guest(probe, FakeGuest(), "did not fire")
    yield wrong_guest(probe, FakeGuest(events=FIRED), "fired while the guest went down or came up")
    probe = watchdog.hung_daemon_resets
    yield right_guest(
        probe, FakeGuest({"pidof": ""}, events=FIRED, restarts=True), "the guest came back"
    )
    yield wrong_guest(probe, FakeGuest({"pidof": ""}), "did not fire within 60 s")
    probe = watchdog.hung_daemon_fires
    yield right_guest(
        probe,
        FakeGuest({"pidof": ""}, events={"WATCHDOG": {"action": "pause"}}),
        "pause 0 s after",
        action="pause",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"pidof": ""}, events=FIRED),
        "fired with reset, not poweroff",
        action="poweroff",
    )
    probe = watchdog.panic_fires
    yield right_guest(probe, FakeGuest({"sysrq": ""}, events=FIRED), "reset 0 s after")
    yield wrong_guest(probe, FakeGuest({"sysrq": ""}), "did not fire within 60 s")
    probe = watchdog.daemon_starts_before_network
    yield right_guest(
        probe, FakeGuest(beside_network("watchdog.service", 24)), "active 24 s after power-on"
    )
    yield wrong_guest(
        probe,
        FakeGuest(beside_network("watchdog.service", 62)),
        "was active 20 s after network-online.target",
    )


@pytest.mark.parametrize("case", [*disks(), *held_by_systemd(), *daemons(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


def test_nothing_is_asked_of_a_daemon_whose_device_is_disabled() -> None:
    disabled = watchdog.WatchdogParameters(action="disabled")
    probes = [probe for probe in watchdog.FEATURE.probes if probe.applies(disabled)]
    assert probes == [watchdog.device_is_i6300esb]
