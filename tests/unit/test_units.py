"""What the elements' hooks write for systemd and udev, written by the hooks themselves."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.host.paths import elements_path

VENDOR_UNIT = """\
[Unit]
Description=watchdog daemon
Conflicts=wd_keepalive.service
After=multi-user.target
[Service]
Type=forking
ExecStart=/usr/sbin/watchdog
[Install]
WantedBy=default.target
"""
EARLY = {
    "DefaultDependencies=no",
    "After=local-fs.target",
    "Conflicts=shutdown.target",
    "Before=shutdown.target",
}
"""A unit that waits for its disk, and for nothing that cloud-init holds back."""

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Run an element's hook on a tree, with programs that do nothing, and return the tree."""
    programs = tmp_path / "programs"
    for path, text in {
        programs / "systemctl": "#!/bin/sh\n",
        programs / "svc-map": '#!/bin/sh\necho "$1"\n',
        tmp_path / "usr/lib/systemd/system/watchdog.service": VENDOR_UNIT,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    for directory in ("cloud/cloud.cfg.d", "modules-load.d", "udev/rules.d"):
        (tmp_path / "etc" / directory).mkdir(parents=True)

    def run(element: str, *installed: str, **environment: str) -> Path:
        for program in installed:
            (programs / program).symlink_to("systemctl")
        hook = (elements_path() / element / f"post-install.d/50-{element}").read_text()
        for start in ("/etc/", "/usr/lib/systemd/system/"):
            for before in (" ", '"'):
                hook = hook.replace(f"{before}{start}", f"{before}{tmp_path}{start}")
        path = f"{programs}:{os.defpath}"
        subprocess.run(
            ["bash"], input=hook, text=True, check=True, env={"PATH": path, **environment}
        )
        return tmp_path

    return run


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


@pytest.mark.parametrize(
    ("installed", "unit", "command"),
    [
        (
            (),
            "systemd-networkd-wait-online.service",
            "/usr/lib/systemd/systemd-networkd-wait-online --any --timeout=10",
        ),
        (
            ("NetworkManager",),
            "NetworkManager-wait-online.service",
            "/usr/bin/nm-online -s -q --timeout=10",
        ),
    ],
)
def test_nothing_waits_long_for_a_network_and_no_unit_fails_for_want_of_one(
    installed: tuple[str, ...], unit: str, command: str, written: Written
) -> None:
    tree = written("guest-network", *installed)
    assert lines(tree / f"etc/systemd/system/{unit}.d/guest-network.conf") == [
        "[Unit]",
        "ConditionPathExistsGlob=/sys/class/net/*/device",
        "",
        "[Service]",
        "ExecStart=",
        f"ExecStart=-{command}",
    ]


def test_the_agent_waits_for_nothing_that_waits_for_the_network(written: Written) -> None:
    tree = written("guest-agent")
    drop_in = lines(tree / "etc/systemd/system/qemu-guest-agent.service.d/guest-agent.conf")
    assert drop_in[0] == "[Unit]"
    assert set(drop_in[1:]) == EARLY


def test_the_watchdog_daemon_waits_for_nothing_but_its_device(written: Written) -> None:
    tree = written("guest-watchdog", DIB_WATCHDOG_TIMEOUT="30")
    unit = lines(tree / "etc/systemd/system/watchdog.service")
    ordering = {"After=multi-user.target", "WantedBy=default.target"}
    assert unit == [line for line in VENDOR_UNIT.splitlines() if line not in ordering]
    drop_in = lines(tree / "etc/systemd/system/watchdog.service.d/guest-watchdog.conf")
    assert drop_in[0] == "[Unit]"
    assert set(drop_in[1:]) == {*EARLY, "ConditionPathExists=/dev/watchdog-i6300esb"}


def test_the_watchdog_daemon_and_systemd_open_the_device_of_one_identity(written: Written) -> None:
    tree = written("guest-watchdog", DIB_WATCHDOG_TIMEOUT="30")
    assert "watchdog-device = /dev/watchdog-i6300esb" in lines(tree / "etc/watchdog.conf")
    *_, link = lines(tree / "etc/udev/rules.d/90-guest-watchdog.rules")
    assert link == (
        'SUBSYSTEM=="watchdog", ATTR{identity}=="i6300ESB timer", SYMLINK+="watchdog-i6300esb",'
        ' TAG+="systemd", ENV{SYSTEMD_WANTS}+="watchdog.service"'
    )
    manager = lines(tree / "etc/systemd/system.conf.d/50-guest-watchdog.conf")
    assert "WatchdogDevice=/dev/watchdog-i6300esb" in manager


def test_an_image_arms_no_watchdog_unless_an_element_has_one_of_its_own(written: Written) -> None:
    manager = Path("etc/systemd/system.conf.d")
    written("guest-watchdog", DIB_WATCHDOG_TIMEOUT="30")
    tree = written("guest-foundation", "passwd")
    names = [path.name for path in sorted((tree / manager).iterdir())]
    assert names == ["50-guest-foundation.conf", "50-guest-watchdog.conf"]  # the last one counts
    assert lines(tree / manager / names[0]) == [
        "[Manager]",
        "RuntimeWatchdogSec=off",
        "RebootWatchdogSec=off",
    ]
