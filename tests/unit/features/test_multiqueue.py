"""A NIC that uses as many queues as there are vCPUs, and what on a disk would limit them."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest, pluggable
from fakes import Link
from good_disk import DEFAULT_LINK_PATH, INSTALL, LINK, LINK_PATH, UNITS, WANTS, Change, masked
from unit_states import ACTIVE, FAILED

from builder.feature import CheckSkipped, Completed, Machine
from builder.features import multiqueue

FIRST_LINK_PATH = "/etc/systemd/network/01-first.link"
ETHTOOL = "/usr/sbin/ethtool -L eth0 combined 1"
UNIT = f"{UNITS}/tuning.service"
TUNING = f"{WANTS}/tuning.service"


def channels(*nics: str) -> str:
    return "\n".join(("2", *nics))


def disks() -> Iterator[Case]:
    yield from good_disks(multiqueue.FEATURE.inspections)
    check = multiqueue.irqbalance_will_start
    yield broken_disk(check, "no unit", {f"{UNITS}/irqbalance.service": None}, "is not installed")
    yield broken_disk(
        check, "disabled", {f"{WANTS}/irqbalance.service": None}, "irqbalance.service is disabled"
    )
    check = multiqueue.queue_rule_exists
    yield broken_disk(
        check, "only the default", {LINK_PATH: None}, f"{DEFAULT_LINK_PATH} is the first .link file"
    )
    yield broken_disk(
        check,
        "none",
        {LINK_PATH: None, DEFAULT_LINK_PATH: None},
        "no .link file applies to virtio_net",
    )
    yield broken_disk(
        check, "not max", {LINK_PATH: LINK.replace("max", "2")}, "sets CombinedChannels=2"
    )
    yield broken_disk(
        check, "for one NIC", {LINK_PATH: LINK.replace("Driver", "MACAddress")}, "does not set"
    )
    yield broken_disk(
        check,
        "unreadable",
        {LINK_PATH: "CombinedChannels=max\n"},
        f"{DEFAULT_LINK_PATH} is the first",
    )
    yield broken_disk(
        check,
        "another comes first",
        {FIRST_LINK_PATH: "[Match]\nDriver=virtio*\n[Link]\nName=a\n"},
        "01-first.link is the first .link file for virtio_net, and does not set CombinedChannels",
    )


def limited_queues() -> Iterator[Case]:
    check = multiqueue.queues_are_not_limited
    yield broken_disk(
        check, "a number", {LINK_PATH: LINK.replace("max", "2")}, f"{LINK_PATH} sets Combined"
    )
    for match in ("OriginalName=*", "OriginalName=eth*", "Type=ether", "Driver=virtio*"):
        link = f"[Match]\n{match}\n[Link]\nCombinedChannels=1\n"
        yield broken_disk(
            check,
            f"a file before it: {match}",
            {FIRST_LINK_PATH: link},
            f"{FIRST_LINK_PATH} sets CombinedChannels=1",
        )
    addition = f"{LINK_PATH}.d/one.conf"
    yield broken_disk(
        check, "an addition", {addition: "[Link]\nCombinedChannels=1\n"}, "CombinedChannels=1"
    )
    rule = 'ACTION=="add", SUBSYSTEM=="net", \\\n  RUN+="/sbin/ethtool -L $name combined 1"\n'
    path = "/etc/udev/rules.d/70-queues.rules"
    yield broken_disk(check, "a udev rule", {path: rule}, f"{path}:1 sets 1 of them")
    for path, text in {
        "/etc/rc.local": f"#!/bin/sh\n{ETHTOOL}\n",
        "/etc/network/if-up.d/queues": f"#!/bin/sh\n[ -n $IFACE ] && {ETHTOOL} || true\n",
        "/etc/network/interfaces.d/eth0": f"iface eth0 inet dhcp\n    post-up {ETHTOOL}\n",
        "/etc/sysconfig/network-scripts/ifcfg-eth0": 'A=b\nETHTOOL_OPTS="-L eth0 combined 1"\n',
        "/etc/NetworkManager/dispatcher.d/50-queues": f"#!/bin/sh\n{ETHTOOL}\n",
        "/etc/NetworkManager/system-connections/a.nmconnection": "[ethtool]\nchannels-combined=1\n",
        "/etc/cloud/cloud.cfg.d/99-queues.cfg": "bootcmd:\n- [ethtool, -L, eth0, combined, '1']\n",
        "/var/lib/cloud/scripts/per-boot/queues.sh": f"#!/bin/sh\n{ETHTOOL}\n",
        "/etc/cron.d/queues": f"# at boot\n@reboot root {ETHTOOL}\n",
    }.items():
        yield broken_disk(check, path, {path: text}, f"{path}:2 sets 1 of them")
    loop = "for n in /sys/class/net/e*; do ethtool -L ${n##*/} combined 1; done"
    script = "/etc/networkd-dispatcher/routable.d/queues"
    yield broken_disk(
        check, "a loop", {script: f"#!/bin/sh\n{loop}\n"}, f"{script}:2 sets 1 of them"
    )
    local = "/usr/local/lib/systemd/network/01-first.link"
    yield broken_disk(
        check, "a local file", {local: LINK.replace("max", "1")}, f"{local} sets Combined"
    )
    tuning = {TUNING: Link("x"), UNIT: f"[Service]\nExecStart={ETHTOOL}\n"}
    yield broken_disk(check, "a unit", tuning, f"{UNIT}:2 sets 1 of them")
    script = "/usr/local/sbin/tune-network"
    yield broken_disk(
        check,
        "a unit's script",
        {
            TUNING: Link("x"),
            UNIT: f"[Service]\nExecStart=-/bin/bash -e {script} eth0\n",
            script: "#!/bin/bash\nethtool --set-channels $1 combined 2\n",
        },
        f"{script}:2 sets 2 of them",
    )
    yield broken_disk(
        check,
        "a drop-in of a unit that a timer starts",
        {
            "/etc/systemd/system/timers.target.wants/tuning.timer": Link("x"),
            f"{UNITS}/tuning.timer": INSTALL,
            UNIT: "[Service]\nExecStart=/bin/true\n",
            "/etc/systemd/system/tuning.service.d/more.conf": f"[Service]\nExecStart={ETHTOOL}\n",
        },
        "/etc/systemd/system/tuning.service.d/more.conf:2",
    )
    profile = "/etc/tuned/guest/tuned.conf"
    tuned = {"/etc/tuned/active_profile": "guest\n", profile: "[net]\nchannels=combined 1\n"}
    yield broken_disk(check, "tuned", tuned, f"{profile}:2 sets 1 of them")
    including = {
        "/etc/tuned/active_profile": "ours\n",
        "/etc/tuned/ours/tuned.conf": "[main]\ninclude=ours, guest\n",
        profile: "[net]\nchannels=combined 1\n",
    }
    cause = f"{profile}:2 sets 1 of them"
    yield broken_disk(check, "a profile that tuned's includes", including, cause)
    one_cpu = {"/etc/default/grub.d/cpus.cfg": 'GRUB_CMDLINE_LINUX="maxcpus=1"\n'}
    yield broken_disk(check, "one CPU", one_cpu, "cpus.cfg:1 has maxcpus=1: a NIC has no more")


def unlimited_queues() -> Iterator[Case]:
    """What sets no number is left to the boot."""
    link = LINK.replace("max", "1")
    changes: dict[str, Change] = {
        "no file of ours": {LINK_PATH: None},
        "no file at all": {LINK_PATH: None, DEFAULT_LINK_PATH: None},
        "no irqbalance": {LINK_PATH: None, f"{WANTS}/irqbalance.service": None},
        "a number for another driver": {
            "/etc/systemd/network/01-other.link": link.replace("virtio_net", "mlx5*")
        },
        "a number for one NIC": {
            "/etc/systemd/network/01-one.link": link.replace("Driver=v", "MACAddress=52:")
        },
        "a number that comes too late": {"/etc/systemd/network/99-late.link": link},
        "a unit that is disabled": {UNIT: f"[Service]\nExecStart={ETHTOOL}\n{INSTALL}"},
        "a unit that is masked": {
            TUNING: Link("x"),
            UNIT: f"[Service]\nExecStart={ETHTOOL}\n",
            **masked("tuning.service"),
        },
        "a comment": {"/etc/rc.local": f"#!/bin/sh\n# {ETHTOOL}\ntrue # {ETHTOOL}\n"},
        "no fixed number": {
            "/etc/rc.local": "#!/bin/sh\nethtool -L eth0 combined $(nproc)\nethtool -l eth0\n"
        },
        "another option": {
            "/etc/rc.local": "#!/bin/sh\nethtool -G eth0 rx 1024; echo combined 1\n"
        },
        "tuned that is off": {"/etc/tuned/guest/tuned.conf": "[net]\nchannels=combined 1\n"},
    }
    for title, change in changes.items():
        yield good_disk(multiqueue.queues_are_not_limited, title, change, "sets a number of queues")


def guests() -> Iterator[Case]:
    probe = multiqueue.irqbalance_is_active
    yield right_guest(probe, FakeGuest({"systemctl show": ACTIVE}), "irqbalance.service is active")
    yield wrong_guest(
        probe,
        FakeGuest({"systemctl show": FAILED, "journalctl": "Balancing is ineffective\n"}),
        "failed (failed): Balancing is ineffective",
    )
    probe = multiqueue.queues_equal_vcpus
    yield right_guest(
        probe, FakeGuest({"nproc": channels("ens3 1 1", "ens4 2 2")}), "ens4 uses 2 of 2 queues"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"nproc": channels("ens3 1 1", "ens4 2 1")}),
        "ens4 uses 1 of 2 queues; the guest has 2 vCPUs",
    )
    yield wrong_guest(probe, FakeGuest({"nproc": channels()}), "no virtio-net NIC")
    probe = multiqueue.interrupts_are_spread
    yield right_guest(
        probe,
        FakeGuest({"nproc": channels("ens4 2 2"), "python3": "51 60\n"}),
        "ens4's interrupts by CPU: 51, 60",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"nproc": channels("ens4 2 2"), "python3": "111 0\n"}),
        "111, 0: they are not spread",
    )
    yield wrong_guest(
        probe,
        FakeGuest(
            {"nproc": channels("ens4 2 2"), "python3": Completed(1, "", "x\nTimeoutError\n")}
        ),
        "no traffic on ens4: TimeoutError",
    )
    probe = multiqueue.plugged_nic_has_queues
    yield right_guest(
        probe,
        pluggable({"udevadm": "", "nproc": channels("ens4 1 1", "ens6 2 2"), "ls": "ens4\n"}),
        "ens6 uses 2 of 2 queues",
    )
    yield wrong_guest(
        probe,
        pluggable({"udevadm": Completed(1, "", "no NIC appeared\n"), "ls": "ens4\n"}),
        "no NIC appeared",
    )
    yield wrong_guest(
        probe,
        pluggable({"udevadm": "", "nproc": channels("ens4 2 2", "ens6 2 1"), "ls": "ens4\n"}),
        "ens6 uses 1 of 2 queues",
    )


@pytest.mark.parametrize(
    "case", [*disks(), *limited_queues(), *unlimited_queues(), *guests()], ids=str
)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


def test_one_vcpu_has_nothing_to_spread_interrupts_over() -> None:
    with pytest.raises(CheckSkipped, match="one vCPU"):
        multiqueue.interrupts_are_spread.function(
            FakeGuest(machine=Machine(vcpus=1)), multiqueue.MultiqueueParameters()
        )
