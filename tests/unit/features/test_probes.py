"""Every probe passes on a guest that is right and fails on one that is wrong."""

import base64
import json
import shlex
from typing import Any

import pytest
from fake_guest import FakeGuest

from builder.feature import CONSOLE, CheckFailed, CheckSkipped, Completed, Machine, Probe
from builder.features import (
    discard,
    foundation,
    guest_agent,
    multiqueue,
    packed_ring,
    serial_ports,
    virtio_scsi,
    watchdog,
)
from builder.linux.live_network import with_network_data

FOUNDATION = foundation.FoundationParameters(
    os_distro="debian", os_version="12", architecture="x86_64", default_user="debian"
)
AGENT = guest_agent.GuestAgentParameters(admin_user="debian")
ACTIVE = "LoadState=loaded\nActiveState=active\nSubState=running\n"
DEAD = "LoadState=loaded\nActiveState=failed\nSubState=failed\n"
MIB, GIB = 1024**2, 1024**3


def cloud_init(**stages: Any) -> dict[str, Completed]:
    seen = {"datasource": "DataSourceConfigDrive [net,ver=2]", "stage": None, **stages}
    return {"cloud-init": Completed(0, json.dumps({"v1": seen}), "")}


def nic(state: str = "UP", *, dynamic: bool = True) -> str:
    address = {"family": "inet", "local": "10.0.2.15", "prefixlen": 24}
    lease = {"dynamic": True} if dynamic else {}
    loopback = {"ifname": "lo", "operstate": "UNKNOWN", "addr_info": [{"local": "127.0.0.1"}]}
    return json.dumps(
        [loopback, {"ifname": "ens3", "operstate": state, "addr_info": [{**address, **lease}]}]
    )


def supported(*blocked: str) -> dict[str, Any]:
    names = ("guest-ping", *sorted(guest_agent.NOVA_COMMANDS))
    commands = [{"name": name, "enabled": name not in blocked} for name in names]
    return {"guest-ping": {}, "guest-info": {"version": "7.2", "supported_commands": commands}}


class Terminal(FakeGuest):
    """A guest with a console, on which one password lets its user in.

    login drops the first ``lost`` characters of what is typed before the shell is there.
    """

    def __init__(self, *, honest: bool, lost: int = 0, terminal: str = CONSOLE) -> None:
        self.password = ""
        self.terminal = terminal
        self.honest = honest
        self.lost = lost
        self.line = ""
        super().__init__(
            {"getent": "!\n", "usermod": ""},
            agent={"guest-set-user-password": self.set_password},
            machine=Machine(serial_ports=1 + (terminal != CONSOLE)),
        )

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        if "chpasswd" in argv[2]:
            self.password = argv[-1] if self.honest else ""
            return Completed(0, "", "")
        return super().run(*argv, timeout=timeout)

    def console(self, terminal: str = CONSOLE) -> str:
        return self._console if terminal == self.terminal else ""

    def set_password(self, *, password: str, **_: Any) -> dict[str, Any]:
        if self.honest:
            self.password = base64.b64decode(password).decode()
        return {}

    def type(self, text: str, terminal: str = CONSOLE) -> None:
        assert terminal == self.terminal
        self._console += text.replace("\n", "\r\n")
        if self._console.endswith("proof login: debian\r\n"):
            self._console += "Password: "
        elif text.strip() == self.password != "":
            self._console += "debian@proof:~$ "
        elif self._console.endswith("Password: " + text.replace("\n", "\r\n")):
            self._console += "\r\nLogin incorrect\r\nproof login: "
        elif self._console.count("debian@proof"):
            self.line += text[self.lost :]
            self.lost = 0
            self._console += self.shell()
        else:
            self._console += "proof login: "

    def shell(self) -> str:
        try:
            command, self.line = shlex.split(self.line), ""
        except ValueError:
            return "> "
        return "uid=1000(debian) gid=1000(debian)\r\n" if command == ["id"] else "not found\r\n"


class Storage(FakeGuest):
    """A guest whose storage allocates what is written, and takes back what the host lets it."""

    def __init__(self, *, allocated: int = 256 * MIB, returned: int = 256 * MIB) -> None:
        self.sizes = iter((GIB, GIB + allocated, GIB + allocated - returned))
        super().__init__({"fstrim": "", "dd if": ""}, qmp={"query-named-block-nodes": self.nodes})

    def nodes(self, **_: Any) -> list[dict[str, Any]]:
        other = {"node-name": "config", "image": {"actual-size": 1}}
        return [other, {"node-name": "root", "image": {"actual-size": next(self.sizes)}}]


def plugging(answers: dict[str, str | Completed], **fields: Any) -> FakeGuest:
    """A guest that devices can be plugged into."""
    qmp = {"device_add": {}, "device_del": {}}
    return FakeGuest(answers, qmp=qmp, events={"DEVICE_DELETED": {}}, **fields)


def channels(*nics: str) -> str:
    return "\n".join(("2", *nics))


WRITER = {"systemd-run": "", "systemctl stop": "3100\n"}
STARTED = "[ 10.0] systemd[1]: Hostname set to <debian>.\n"
FIRED = {"WATCHDOG": {"action": "reset"}}
BIOS, UEFI = Machine(firmware="bios"), Machine(firmware="uefi")
DMESG = "[ 0.0] Linux version 6.1\n"
FREEZING = {"guest-fsfreeze-freeze": 2, "guest-fsfreeze-thaw": 2}
WATCHDOG = watchdog.WatchdogParameters()
TWO_PORTS = serial_ports.SerialPortsParameters(count=2)
NO_WATCHDOG = watchdog.WatchdogParameters(action="disabled")
SIZES = "findmnt -bno SIZE"

Case = tuple[Probe[Any], Any, FakeGuest, str]

UP = (
    "[ 25.4] cloud-init[291]: Cloud-init v. 22.4.2 running 'init-local' at Thu. Up 25.00 seconds.\n"
    "[   40.7] cloud-init[323]: Cloud-init v. 22.4.2 running 'init' at Thu. Up 40.00 seconds.\n"
    "[   60.8] cloud-init[462]: Cloud-init v. 22.4.2 finished at Thu. Datasource "
    "DataSourceConfigDrive [net,ver=2][source=/dev/sr0].  Up 60.80 seconds\n"
)
NETWORKS = with_network_data(Machine())


def configured(**changes: Any) -> str:
    """What 'ip' prints of these NICs when they are as the config drive says."""
    seen = [
        {
            "address": nic.mac,
            "mtu": nic.mtu,
            "addr_info": [
                {"local": address, "prefixlen": int(length)}
                for address, length in ((nic.address or "169.254.0.1/16").split("/"),)
            ],
        }
        for nic in NETWORKS.nics
    ]
    seen[1].update(changes)
    return json.dumps(seen)


def times(unit: str, begun: float, active: float) -> str:
    """What systemctl prints of a unit."""
    return (
        f"InactiveExitTimestampMonotonic={begun * 1e6:.0f}\n"
        f"ActiveEnterTimestampMonotonic={active * 1e6:.0f}\nId={unit}\n"
    )


ONLINE = times("network-online.target", 42, 42)
NETWORKD = "systemd-networkd-wait-online.service"
NO_MANAGER = times("NetworkManager-wait-online.service", 0, 0)


def online_after(unit: str, active: float) -> FakeGuest:
    return FakeGuest({"Monotonic": f"{times(unit, active, active)}\n{ONLINE}"})


def waited(begun: float, active: float) -> FakeGuest:
    return FakeGuest({"Monotonic": f"{times(NETWORKD, begun, active)}\n{NO_MANAGER}"})


PASSING: list[Case] = [
    (foundation.firmware_is_as_asked, FOUNDATION, FakeGuest({"efi": "bios\n"}), "BIOS"),
    (
        foundation.firmware_is_as_asked,
        FOUNDATION,
        FakeGuest({"efi": "uefi\n"}, machine=UEFI),
        "UEFI",
    ),
    (
        foundation.release_is_as_claimed,
        FOUNDATION,
        FakeGuest({"os-release": "Linux debian 12 x86_64\n"}),
        "Linux debian 12 x86_64",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(init={"errors": [], "recoverable_errors": {}})),
        "DataSourceConfigDrive",
    ),
    (foundation.nic_has_dhcp_address, FOUNDATION, FakeGuest({"ip -json": nic()}), "10.0.2.15/24"),
    (
        foundation.default_user_logs_in,
        FOUNDATION,
        FakeGuest({"SUDO_USER": "debian 0\n"}),
        "debian logs in",
    ),
    (
        foundation.root_has_grown,
        FOUNDATION,
        FakeGuest({SIZES: f"{6 * GIB} {6 * GIB} {6 * GIB}\n"}),
        "6.0 GiB of a disk of 6.0 GiB",
    ),
    (foundation.no_unit_has_failed, FOUNDATION, FakeGuest({"--failed": "running\n"}), "running"),
    (foundation.kernel_reports_no_failure, FOUNDATION, FakeGuest({"dmesg": DMESG}), "no failure"),
    (
        foundation.boot_loader_reinstalls,
        FOUNDATION,
        FakeGuest({"rm -r /boot": "", "grub-install": "done\n"}),
        "for BIOS was removed and is there again",
    ),
    (
        foundation.reinstalled_boot_loader_starts,
        FOUNDATION,
        FakeGuest({"boot_id": "\n"}),
        "the BIOS has started the guest",
    ),
    (
        foundation.reinstalled_boot_loader_starts,
        FOUNDATION,
        FakeGuest({"boot_id": "BOOTX64.EFI grubx64.efi\n"}, machine=UEFI),
        "UEFI has started the guest by what was installed in EFI/BOOT: BOOTX64.EFI grubx64.efi",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": "done\n", "grep -nE": ""}),
        "names no device",
    ),
    (
        virtio_scsi.root_is_on_virtio_scsi,
        None,
        FakeGuest({"findmnt": "sda virtio_scsi\n"}),
        "/dev/sda on virtio-scsi",
    ),
    (
        discard.timer_is_active,
        None,
        FakeGuest({"systemctl show": ACTIVE}),
        "fstrim.timer is active",
    ),
    (discard.deleted_blocks_are_given_back, None, Storage(), "256 of 256 MiB"),
    (
        virtio_scsi.volume_is_plugged,
        None,
        plugging({"scsi_device": "sdb\n"}),
        "plugged in as /dev/sdb",
    ),
    (
        virtio_scsi.many_volumes_are_used,
        None,
        plugging({"16684": "sdc\n", "scsi_device": "sdb\n"}),
        "/dev/sdb with LUN 2 and /dev/sdc with LUN 300",
    ),
    (
        virtio_scsi.starts_from_virtio_blk,
        None,
        FakeGuest(console=f"[ 9.0] EXT4-fs (vda3): mounted filesystem\n{STARTED}"),
        "starts from /dev/vda3 on virtio-blk",
    ),
    (foundation.guest_reboots, FOUNDATION, FakeGuest({"reboot": ""}, restarts=True), "back after"),
    (foundation.restart_reports_no_failure, FOUNDATION, FakeGuest({"dmesg": DMESG}), "no failure"),
    (guest_agent.agent_answers, AGENT, FakeGuest(agent=supported()), "7.2 answers"),
    (guest_agent.password_lets_in, AGENT, Terminal(honest=True), "password of debian"),
    *(
        (guest_agent.password_lets_in, AGENT, Terminal(honest=True, lost=lost), "password of")
        for lost in (1, 2, 6)
    ),
    (
        guest_agent.agent_freezes_file_systems,
        AGENT,
        FakeGuest(WRITER, agent=FREEZING),
        "froze 2 file systems, a write waited 3.1 s",
    ),
    (
        guest_agent.agent_returns_when_killed,
        AGENT,
        FakeGuest({"MainPID": "412\n", "kill -KILL 412": ""}, agent=supported()),
        "answers again",
    ),
    (guest_agent.agent_returns_after_reboot, AGENT, FakeGuest(agent=supported()), "after a reboot"),
    (
        multiqueue.irqbalance_is_active,
        None,
        FakeGuest({"systemctl show": ACTIVE}),
        "irqbalance.service is active",
    ),
    (
        multiqueue.queues_equal_vcpus,
        None,
        FakeGuest({"nproc": channels("ens3 1 1", "ens4 2 2")}),
        "ens4 uses 2 of 2 queues",
    ),
    (
        multiqueue.interrupts_are_spread,
        None,
        FakeGuest({"nproc": channels("ens4 2 2"), "python3": "51 60\n"}),
        "ens4's interrupts by CPU: 51, 60",
    ),
    (
        multiqueue.plugged_nic_has_queues,
        None,
        plugging({"udevadm": "", "nproc": channels("ens4 1 1", "ens6 2 2"), "ls": "ens4\n"}),
        "ens6 uses 2 of 2 queues",
    ),
    (
        watchdog.device_is_i6300esb,
        WATCHDOG,
        FakeGuest({"identity": "i6300ESB timer\n"}),
        "i6300ESB",
    ),
    (watchdog.device_is_i6300esb, NO_WATCHDOG, FakeGuest({"identity": "\n"}), "no watchdog"),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "watchdog: i6300ESB timer\nsystemd: iTCO_wdt\n"}),
        "watchdog holds the i6300ESB timer open",
    ),
    (
        packed_ring.nics_use_packed_rings,
        None,
        FakeGuest({"virtio_net": "ens4 1\nens3 1\n"}),
        "the rings of ens3 and ens4 are packed",
    ),
    (
        serial_ports.ports_are_there,
        TWO_PORTS,
        FakeGuest({"ttyS": "ttyS0\nttyS1\n"}),
        "the guest has ttyS0, ttyS1",
    ),
    (
        serial_ports.user_logs_in_on_ports,
        TWO_PORTS,
        Terminal(honest=True, terminal="serial1"),
        "debian logged in on ttyS1",
    ),
    (
        watchdog.device_is_i6300esb,
        WATCHDOG,
        FakeGuest({"identity": "iTCO_wdt\ni6300ESB timer\n"}),
        "'iTCO_wdt' and 'i6300ESB timer'",
    ),
    (watchdog.device_is_i6300esb, NO_WATCHDOG, FakeGuest({"identity": "iTCO_wdt\n"}), "as asked"),
    (watchdog.restart_fires_nothing, WATCHDOG, FakeGuest(), "did not fire"),
    (
        watchdog.hung_daemon_resets,
        WATCHDOG,
        FakeGuest({"pidof": ""}, events=FIRED, restarts=True),
        "the guest came back",
    ),
    (
        watchdog.hung_daemon_fires,
        watchdog.WatchdogParameters(action="pause"),
        FakeGuest({"pidof": ""}, events={"WATCHDOG": {"action": "pause"}}),
        "pause 0 s after",
    ),
    (watchdog.panic_fires, WATCHDOG, FakeGuest({"sysrq": ""}, events=FIRED), "reset 0 s after"),
    (
        foundation.comes_up_without_network,
        FOUNDATION,
        FakeGuest(console=UP),
        "cloud-init finished 60.80 s after power-on, and no unit failed",
    ),
    (
        foundation.nics_are_as_config_drive_says,
        FOUNDATION,
        FakeGuest({"ip -json": configured()}, machine=NETWORKS),
        "10.0.2.15/24 with MTU 1450, 2001:db8::15/64 with MTU 8942",
    ),
    (foundation.silent_nic_holds_nothing_up, FOUNDATION, waited(31, 33), f"{NETWORKD} took 2 s"),
    (foundation.silent_nic_holds_nothing_up, FOUNDATION, waited(0, 0), "no unit waits"),
    (foundation.only_own_watchdog_is_armed, FOUNDATION, FakeGuest({"watchdog": ""}), "no watchdog"),
    (
        foundation.only_own_watchdog_is_armed,
        FOUNDATION,
        FakeGuest({"watchdog": "iTCO_wdt: inactive\ni6300ESB timer: active\n"}),
        "iTCO_wdt is inactive, i6300ESB timer is active",
    ),
    (
        guest_agent.agent_needs_no_network,
        AGENT,
        FakeGuest(agent={"guest-ping": {}}),
        "answers without a network",
    ),
    (
        guest_agent.agent_starts_before_network,
        AGENT,
        online_after("qemu-guest-agent.service", 26),
        "active 26 s after power-on, network-online.target after 42 s",
    ),
    (
        watchdog.daemon_starts_before_network,
        WATCHDOG,
        online_after("watchdog.service", 24),
        "active 24 s after power-on",
    ),
]

FAILING: list[Case] = [
    (
        packed_ring.nics_use_packed_rings,
        None,
        FakeGuest({"virtio_net": "ens3 1\nens4 0\n"}),
        "the rings of ens4 are split",
    ),
    (packed_ring.nics_use_packed_rings, None, FakeGuest({"virtio_net": "\n"}), "no virtio NIC"),
    (
        serial_ports.ports_are_there,
        TWO_PORTS,
        FakeGuest({"ttyS": "ttyS0\n"}),
        "the guest has ttyS0, not 2 ports",
    ),
    (
        serial_ports.user_logs_in_on_ports,
        TWO_PORTS,
        FakeGuest(),
        "this machine has 1 serial port",
    ),
    (
        serial_ports.user_logs_in_on_ports,
        TWO_PORTS,
        Terminal(honest=False, terminal="serial1"),
        "the serial1 refused 'debian'",
    ),
    (foundation.firmware_is_as_asked, FOUNDATION, FakeGuest({"efi": "uefi\n"}), "not by bios"),
    (
        foundation.release_is_as_claimed,
        FOUNDATION,
        FakeGuest({"os-release": "Linux debian 13 x86_64\n"}),
        "claims 'Linux debian 12 x86_64'",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(init={"errors": ["no such module"]})),
        "init: no such module",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest({"cloud-init": Completed(1, "", "cloud-init has not come to its end\n")}),
        "cloud-init has not come to its end",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(**{"init-local": {"recoverable_errors": {"WARNING": ["odd"]}}})),
        "init-local: WARNING: odd",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(datasource="DataSourceNone")),
        "used DataSourceNone",
    ),
    (
        foundation.nic_has_dhcp_address,
        FOUNDATION,
        FakeGuest({"ip -json": nic("DOWN")}),
        "ens3 DOWN",
    ),
    (
        foundation.nic_has_dhcp_address,
        FOUNDATION,
        FakeGuest({"ip -json": nic(dynamic=False)}),
        "no NIC has an IPv4 address by DHCP",
    ),
    (
        foundation.default_user_logs_in,
        FOUNDATION,
        FakeGuest({"SUDO_USER": "cloud-user 0\n"}),
        "logged in as cloud-user",
    ),
    (
        foundation.root_has_grown,
        FOUNDATION,
        FakeGuest({SIZES: f"{2 * GIB} {2 * GIB} {6 * GIB}\n"}),
        "2.0 GiB in a partition of 2.0 GiB on a disk of 6.0 GiB",
    ),
    (
        foundation.no_unit_has_failed,
        FOUNDATION,
        FakeGuest({"--failed": "degraded\nwatchdog.service loaded failed failed x\n"}),
        "'degraded': watchdog.service",
    ),
    (
        foundation.kernel_reports_no_failure,
        FOUNDATION,
        FakeGuest({"dmesg": DMESG}, console="Kernel panic - not syncing: x"),
        "kernel panic",
    ),
    (
        foundation.kernel_reports_no_failure,
        FOUNDATION,
        FakeGuest({"dmesg": "[ 9.0] INFO: task a:1 blocked for more than 120 seconds."}),
        "hung task",
    ),
    (
        foundation.boot_loader_reinstalls,
        FOUNDATION,
        FakeGuest(
            {"rm -r /boot": "", "grub-install": Completed(1, "cannot find EFI directory.\n", "")}
        ),
        "cannot find EFI directory",
    ),
    (
        foundation.reinstalled_boot_loader_starts,
        FOUNDATION,
        FakeGuest({"boot_id": Completed(1, "it has not been restarted since\n", "")}),
        "it has not been restarted since",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": Completed(1, "no such device\n", "")}),
        "no such device",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": "", "grep -nE": "grub.cfg:9: root=/dev/sda3\n"}),
        "device names: grub.cfg:9: root=/dev/sda3",
    ),
    (
        virtio_scsi.root_is_on_virtio_scsi,
        None,
        FakeGuest({"findmnt": "vda virtio_blk\n"}),
        "root is /dev/vda (driver virtio_blk)",
    ),
    (
        discard.timer_is_active,
        None,
        FakeGuest({"systemctl show": "LoadState=not-found\nActiveState=inactive\n"}),
        "no unit fstrim.timer",
    ),
    (
        discard.deleted_blocks_are_given_back,
        None,
        Storage(returned=0),
        "of 256 MiB that a deleted file had taken, fstrim gave 0 MiB back",
    ),
    (
        discard.deleted_blocks_are_given_back,
        None,
        Storage(allocated=MIB),
        "allocated 1 MiB for a file of 256 MiB",
    ),
    (
        virtio_scsi.volume_is_plugged,
        None,
        plugging({"scsi_device": Completed(1, "", "no disk appeared with LUN 0:0:1\n")}),
        "no disk appeared",
    ),
    (
        virtio_scsi.volume_is_plugged,
        None,
        plugging({"scsi_device": "sdz\n"}),
        "as /dev/sdz, not as /dev/sdb",
    ),
    (
        virtio_scsi.many_volumes_are_used,
        None,
        plugging({"16684": Completed(1, "", "no disk appeared\n"), "scsi_device": "sdb\n"}),
        "no disk appeared",
    ),
    (
        virtio_scsi.starts_from_virtio_blk,
        None,
        FakeGuest(console=f"[ 9.0] EXT4-fs (sda3): mounted filesystem\n{STARTED}"),
        "root is on sda3, not on vda",
    ),
    (
        virtio_scsi.starts_from_virtio_blk,
        None,
        FakeGuest(console="ALERT! LABEL=root does not exist. Dropping to a shell!\n"),
        "found no root on virtio-blk",
    ),
    (
        foundation.restart_reports_no_failure,
        FOUNDATION,
        FakeGuest({"dmesg": "[ 9.0] INFO: task a:1 blocked for more than 120 seconds."}),
        "hung task",
    ),
    (
        foundation.guest_reboots,
        FOUNDATION,
        FakeGuest({"reboot": Completed(1, "", "Operation inhibited\n")}),
        "Operation inhibited",
    ),
    (
        guest_agent.agent_answers,
        AGENT,
        FakeGuest(agent=supported("guest-set-user-password")),
        "blocked or missing: guest-set-user-password",
    ),
    (guest_agent.agent_answers, AGENT, FakeGuest(), "refused 'guest-ping'"),
    (guest_agent.password_lets_in, AGENT, Terminal(honest=False), "refused 'debian'"),
    (
        guest_agent.password_lets_in,
        AGENT,
        FakeGuest(agent={"guest-set-user-password": {}}, console="Starting kernel"),
        "could not log in on the console",
    ),
    (
        guest_agent.agent_freezes_file_systems,
        AGENT,
        FakeGuest({**WRITER, "systemctl stop": "200\n"}, agent=FREEZING),
        "no write to the root waited longer than 0.2 s",
    ),
    (
        guest_agent.agent_returns_when_killed,
        AGENT,
        FakeGuest({"MainPID": "412\n", "kill -KILL 412": ""}),
        "refused 'guest-ping'",
    ),
    *(
        (
            guest_agent.agent_returns_when_killed,
            AGENT,
            FakeGuest({"MainPID": f"{process}\n"}, agent=supported()),
            f"qemu-guest-agent.service is not running: systemd has MainPID={process}",
        )
        for process in ("0", "", "-1")
    ),
    (guest_agent.agent_returns_after_reboot, AGENT, FakeGuest(), "refused 'guest-ping'"),
    (
        guest_agent.agent_freezes_file_systems,
        AGENT,
        FakeGuest(WRITER, agent={**FREEZING, "guest-fsfreeze-freeze": 0}),
        "froze no file system",
    ),
    (guest_agent.agent_freezes_file_systems, AGENT, FakeGuest(WRITER), "'guest-fsfreeze-freeze'"),
    (
        multiqueue.irqbalance_is_active,
        None,
        FakeGuest({"systemctl show": DEAD, "journalctl": "Balancing is ineffective\n"}),
        "failed (failed): Balancing is ineffective",
    ),
    (
        multiqueue.queues_equal_vcpus,
        None,
        FakeGuest({"nproc": channels("ens3 1 1", "ens4 2 1")}),
        "ens4 uses 1 of 2 queues; the guest has 2 vCPUs",
    ),
    (multiqueue.queues_equal_vcpus, None, FakeGuest({"nproc": channels()}), "no virtio-net NIC"),
    (
        multiqueue.interrupts_are_spread,
        None,
        FakeGuest({"nproc": channels("ens4 2 2"), "python3": "111 0\n"}),
        "111, 0: they are not spread",
    ),
    (
        multiqueue.interrupts_are_spread,
        None,
        FakeGuest(
            {"nproc": channels("ens4 2 2"), "python3": Completed(1, "", "x\nTimeoutError\n")}
        ),
        "no traffic on ens4: TimeoutError",
    ),
    (
        multiqueue.plugged_nic_has_queues,
        None,
        plugging({"udevadm": Completed(1, "", "no NIC appeared\n"), "ls": "ens4\n"}),
        "no NIC appeared",
    ),
    (
        multiqueue.plugged_nic_has_queues,
        None,
        plugging({"udevadm": "", "nproc": channels("ens4 2 2", "ens6 2 1"), "ls": "ens4\n"}),
        "ens6 uses 1 of 2 queues",
    ),
    (watchdog.device_is_i6300esb, WATCHDOG, FakeGuest({"identity": "\n"}), "lacks i6300esb"),
    (
        watchdog.device_is_i6300esb,
        WATCHDOG,
        FakeGuest({"identity": "iTCO_wdt\n"}),
        "'iTCO_wdt', not",
    ),
    (
        watchdog.device_is_i6300esb,
        NO_WATCHDOG,
        FakeGuest({"identity": "i6300ESB timer\n"}),
        "although none is asked for",
    ),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "\n"}),
        "no process holds /dev/watchdog",
    ),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "wd_keepalive: i6300ESB timer\n"}),
        "held open by wd_keepalive, not by watchdog",
    ),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "watchdog: iTCO_wdt\n"}),
        "watchdog holds the 'iTCO_wdt' open, not the hypervisor's i6300ESB",
    ),
    (
        watchdog.restart_fires_nothing,
        WATCHDOG,
        FakeGuest(events=FIRED),
        "fired while the guest went down or came up",
    ),
    (watchdog.hung_daemon_resets, WATCHDOG, FakeGuest({"pidof": ""}), "did not fire within 60 s"),
    (
        watchdog.hung_daemon_fires,
        watchdog.WatchdogParameters(action="poweroff"),
        FakeGuest({"pidof": ""}, events=FIRED),
        "fired with reset, not poweroff",
    ),
    (watchdog.panic_fires, WATCHDOG, FakeGuest({"sysrq": ""}), "did not fire within 60 s"),
    (
        foundation.comes_up_without_network,
        FOUNDATION,
        FakeGuest(
            console=UP + "[\x1b[0;1;31mFAILED\x1b[0m] Failed to start \x1b[0;1;39mWait\x1b[0m.\n"
        ),
        "units failed without a network: Wait.",
    ),
    (
        foundation.comes_up_without_network,
        FOUNDATION,
        FakeGuest(console=UP.replace("Up 40.00", "Up 145.00")),
        "without a network the boot was held up for 120 s",
    ),
    (
        foundation.comes_up_without_network,
        FOUNDATION,
        FakeGuest(console=UP.replace("finished", "stuck")),
        "without a network cloud-init does not finish: the console did not show",
    ),
    (
        foundation.nics_are_as_config_drive_says,
        FOUNDATION,
        FakeGuest({"ip -json": configured(mtu=1500)}, machine=NETWORKS),
        ":03 has MTU 1500 and 2001:db8::15/64 instead of MTU 8942 and 2001:db8::15/64",
    ),
    (
        foundation.nics_are_as_config_drive_says,
        FOUNDATION,
        FakeGuest({"ip -json": configured(addr_info=[])}, machine=NETWORKS),
        "fa:16:3e:00:00:03 has MTU 8942 and no address",
    ),
    (
        foundation.nics_are_as_config_drive_says,
        FOUNDATION,
        FakeGuest({"ip -json": configured(address="fa:16:3e:00:00:09")}, machine=NETWORKS),
        "fa:16:3e:00:00:03 has MTU 0 and no address",
    ),
    (foundation.silent_nic_holds_nothing_up, FOUNDATION, waited(31, 151), "has waited 120 s"),
    (foundation.silent_nic_holds_nothing_up, FOUNDATION, waited(31, 0), "has waited, and failed"),
    (
        foundation.only_own_watchdog_is_armed,
        FOUNDATION,
        FakeGuest({"watchdog": "iTCO_wdt: active\ni6300ESB timer: active\n"}),
        "iTCO_wdt is armed",
    ),
    (
        guest_agent.agent_needs_no_network,
        AGENT,
        FakeGuest(),
        "refused 'guest-ping'",
    ),
    (
        guest_agent.agent_starts_before_network,
        AGENT,
        online_after("qemu-guest-agent.service", 43),
        "was active 1 s after network-online.target: it waits for the network",
    ),
    (
        guest_agent.agent_starts_before_network,
        AGENT,
        online_after("qemu-guest-agent.service", 0),
        "has not been started",
    ),
    (
        watchdog.daemon_starts_before_network,
        WATCHDOG,
        online_after("watchdog.service", 62),
        "was active 20 s after network-online.target",
    ),
]


def name(case: Any) -> str | None:
    return case.name if isinstance(case, Probe) else None


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that a probe gives the guest."""
    monkeypatch.setattr(guest_agent, "FROZEN_SECONDS", 0.5)


@pytest.mark.parametrize(("probe", "parameters", "guest", "seen"), PASSING, ids=name)
def test_a_probe_passes_and_says_what_it_saw(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, seen: str
) -> None:
    assert seen in probe.function(guest, parameters)


@pytest.mark.parametrize(("probe", "parameters", "guest", "reason"), FAILING, ids=name)
def test_a_probe_fails_and_names_the_cause(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, reason: str
) -> None:
    with pytest.raises(CheckFailed) as failure:
        probe.function(guest, parameters)
    assert reason in str(failure.value)


def test_every_probe_is_seen_to_pass_and_to_fail() -> None:
    modules = (
        discard,
        foundation,
        guest_agent,
        multiqueue,
        packed_ring,
        serial_ports,
        virtio_scsi,
        watchdog,
    )
    shipped = {probe for module in modules for probe in module.FEATURE.probes}
    assert {case[0] for case in PASSING} == shipped
    assert {case[0] for case in FAILING} == shipped


def test_nothing_is_asked_of_a_daemon_whose_device_is_disabled() -> None:
    made = [one for one in watchdog.FEATURE.probes if one.applies(NO_WATCHDOG)]
    assert made == [watchdog.device_is_i6300esb]


def test_one_vcpu_has_nothing_to_spread_interrupts_over() -> None:
    with pytest.raises(CheckSkipped, match="one vCPU"):
        multiqueue.interrupts_are_spread.function(
            FakeGuest(machine=Machine(vcpus=1)), multiqueue.MultiqueueParameters()
        )


def test_file_systems_are_thawed_even_if_freezing_failed() -> None:
    thawed: list[str] = []

    def thaw() -> int:
        thawed.append("thawed")
        return 0

    with pytest.raises(CheckFailed, match="guest-fsfreeze-freeze"):
        guest_agent.agent_freezes_file_systems.function(
            FakeGuest(WRITER, agent={"guest-fsfreeze-thaw": thaw}), AGENT
        )
    assert thawed == ["thawed"]
