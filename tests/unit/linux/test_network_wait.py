"""What waits for a network that is not there is told; what gives up soon is not."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.linux.network_wait import waits

UNITS = "/usr/lib/systemd/system"
WANTS = "/etc/systemd/system/network-online.target.wants"
NETWORKD = "systemd-networkd-wait-online.service"
MANAGER = "NetworkManager-wait-online.service"
DROP_IN = f"/etc/systemd/system/{NETWORKD}.d/a.conf"
CLOUD = "/etc/cloud/cloud.cfg.d/9.cfg"
GRUB = "/boot/grub/grub.cfg"
INTERFACES = "/etc/network/interfaces"
WICKED = "/etc/sysconfig/network/config"


def unit(name: str, content: str = "[Service]\n") -> Tree:
    return {f"{UNITS}/{name}": content, f"{WANTS}/{name}": Link(f"{UNITS}/{name}")}


def networkd(command: str = "/usr/lib/systemd/systemd-networkd-wait-online") -> Tree:
    return unit(NETWORKD, f"[Service]\nType=oneshot\nExecStart={command}\n")


def manager(*lines: str) -> Tree:
    return unit(MANAGER, "\n".join(("[Service]", *lines)) + "\n")


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        (networkd(), f"{UNITS}/{NETWORKD}:3: has {NETWORKD} wait up to 120 s for a network; give"),
        (networkd("wait-online --timeout=0"), "wait for ever for a network"),
        (networkd("wait-online --any --timeout 2min"), "wait up to 120 s"),
        (
            {**networkd("w --timeout=5"), DROP_IN: "[Service]\nExecStart=\nExecStart=w\n"},
            f"{DROP_IN}:3: has {NETWORKD} wait up to 120 s",
        ),
        (
            {
                f"{UNITS}/systemd-networkd-wait-online@.service": "[Service]\nExecStart=w -i %i\n",
                f"{WANTS}/systemd-networkd-wait-online@eth0.service": Link("x"),
            },
            "has systemd-networkd-wait-online@eth0.service wait up to 120 s",
        ),
        (
            manager("ExecStart=/usr/bin/nm-online -s -q", "Environment=NM_ONLINE_TIMEOUT=60"),
            f"{UNITS}/{MANAGER}:2: has {MANAGER} wait up to 60 s",
        ),
        (manager("ExecStart=nm-online -s -q -t 90"), "wait up to 90 s"),
        (unit("chrony-wait.service"), f"{WANTS}/chrony-wait.service: has chrony-wait.service wait"),
        (unit("systemd-time-wait-sync.service"), "wait for the time of a server; disable it"),
        (
            {**unit("networking.service"), INTERFACES: "auto lo\nauto lo eth0\n"},
            f"{INTERFACES}:2: has networking.service wait for eth0, and fail where there is none",
        ),
        (unit("ifupdown-wait-online.service"), "has ifupdown-wait-online.service wait up to 300 s"),
        (
            {**unit("wicked.service"), WICKED: '# s\nWAIT_FOR_INTERFACES="300"\n'},
            f"{WICKED}:2: has wicked.service wait up to 300 s for NICs",
        ),
        ({GRUB: "linux /vmlinuz rd.neednet=1 ip=dhcp\n"}, f"{GRUB}:1: has rd.neednet=1: the init"),
        (
            {CLOUD: "datasource:\n  OpenStack:\n    max_wait: 600\n"},
            f"{CLOUD}:3: has cloud-init wait up to 600 s for OpenStack",
        ),
    ],
)
def test_what_holds_a_boot_up_is_told_with_its_place(tree: Tree, seen: str) -> None:
    (said,) = waits(FakeFilesystem(tree))
    assert seen in said


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {f"{UNITS}/{NETWORKD}": "[Service]\nExecStart=w\n[Install]\nWantedBy=a.target\n"},
        {**networkd(), f"/etc/systemd/system/{NETWORKD}": Link("/dev/null")},
        networkd("-wait-online --any --timeout=10"),
        {**networkd(), DROP_IN: "[Service]\nExecStart=\n"},
        {**networkd(), DROP_IN: "[Unit]\nConditionPathExists=/etc/wait\n"},
        manager("ExecStart=/usr/bin/nm-online -s -q"),
        manager("ExecStart=nm-online -q", 'Environment="A=b" "NM_ONLINE_TIMEOUT=15"'),
        {**unit("networking.service"), INTERFACES: "auto lo\nallow-hotplug eth0\n#auto eth1\n"},
        {INTERFACES: "auto eth0\n"},
        {
            **unit("ifupdown-wait-online.service"),
            "/etc/default/networking": "WAIT_ONLINE_TIMEOUT=15\n",
        },
        {WICKED: "WAIT_FOR_INTERFACES=300\n"},
        {**unit("wicked.service"), WICKED: 'WAIT_FOR_INTERFACES="30"\n'},
        {GRUB: "linux /vmlinuz rd.neednet=0 ip=dhcp\n"},
        {CLOUD: "datasource: {OpenStack: {max_wait: 10}, None: {}}\n"},
        {CLOUD: "datasource: 7\n"},
    ],
)
def test_what_gives_up_soon_is_not_told(tree: Tree) -> None:
    assert list(waits(FakeFilesystem(tree))) == []
