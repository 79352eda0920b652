"""Every inspection passes on a good disk, and fails with its cause on each broken one."""

from collections.abc import Iterator, Mapping
from typing import Any

import firmware_disk
import pytest
from fakes import FakeFilesystem, Link
from initrds import cpio
from programs import program

from builder.feature import CheckFailed, Feature, Inspection, Volume
from builder.features.registry import FOUNDATION, SHIPPED
from builder.linux import secureboot

Tree = dict[str, bytes | str | Link]
Change = Mapping[str, bytes | str | Link | None]  # None removes the path

RELEASE = firmware_disk.RELEASE
CLOUD = "6.1.0-56-cloud-amd64"
UNITS = "/usr/lib/systemd/system"
WANTS = "/etc/systemd/system/multi-user.target.wants"
GETTY = "/etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"
INITRD = cpio(
    {
        "init": b"",
        **{
            f"usr/lib/modules/{RELEASE}/kernel/{name}.ko": b""
            for name in ("virtio_pci", "virtio_scsi", "sd_mod")
        },
    }
)
LINK = "[Match]\nDriver=virtio_net\n\n[Link]\nCombinedChannels=max\nNamePolicy=keep kernel\n"
LINK_PATH = "/etc/systemd/network/05-guest-multiqueue.link"
UDEV_RULE = "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules"
WATCHDOG_RULE = "/etc/udev/rules.d/90-guest-watchdog.rules"
LINK_RULE = (
    'SUBSYSTEM=="watchdog", ATTR{identity}=="i6300ESB timer", SYMLINK+="watchdog-i6300esb", '
    'TAG+="systemd", ENV{SYSTEMD_WANTS}+="watchdog.service"\n'
)
LINKED = "watchdog-device = /dev/watchdog-i6300esb\n"
ISOLATING = (
    "isolcpus=managed_irq,domain,2-N nohz_full=2-N rcu_nocbs=2-N irqaffinity=0-1"  # all but two
)
NESTING = "/etc/modprobe.d/guest-nested-virtualisation.conf"
NO_NOUVEAU = "/etc/modprobe.d/guest-vgpu.conf"
RENDERERS = "/etc/cloud/cloud.cfg.d/95-guest-network.cfg"

GOOD: Tree = {
    "/lib": Link("usr/lib"),
    # the kernel and its boot
    **firmware_disk.GOOD,
    f"/boot/initrd.img-{RELEASE}": INITRD,
    f"/usr/lib/modules/{RELEASE}/modules.dep": (
        "kernel/drivers/watchdog/i6300esb.ko.xz:\nupdates/dkms/nvidia.ko:\n"
        "kernel/arch/x86/kvm/kvm.ko:\nkernel/arch/x86/kvm/kvm-amd.ko:\n"
        "kernel/arch/x86/kvm/kvm-intel.ko:\n"
    ),
    f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko": b"",
    "/boot/grub/grub.cfg": (
        f"linux /boot/vmlinuz-{RELEASE} root=LABEL=cloudimg-rootfs ro console=ttyS0 {ISOLATING}\n"
        f"initrd /boot/initrd.img-{RELEASE}\n"
    ),
    "/boot/grub/i386-pc/normal.mod": b"",
    "/etc/default/grub": 'GRUB_DEVICE="LABEL=cloudimg-rootfs"\n',
    "/etc/fstab": "LABEL=cloudimg-rootfs / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat x 0 2\n",
    "/usr/sbin/update-initramfs": b"",
    "/etc/kernel/postinst.d/initramfs-tools": b"",
    "/etc/initramfs-tools/initramfs.conf": "# MODULES=dep\nMODULES=most\n",
    "/etc/initramfs-tools/modules": "virtio_scsi\n",
    "/usr/bin/env": program(),
    "/usr/bin/growpart": b"",
    "/usr/sbin/sfdisk": b"",
    "/usr/sbin/resize2fs": b"",
    # identity
    "/etc/os-release": Link("../usr/lib/os-release"),
    "/usr/lib/os-release": '# comment\nID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n',
    "/etc/machine-id": b"",
    "/var/lib/dbus/machine-id": Link("/etc/machine-id"),
    "/etc/resolv.conf": Link("../run/systemd/resolve/stub-resolv.conf"),
    "/etc/shadow": "root:!*:20780:0:99999:7:::\nsshd:!:20780::::::\nbin:*:20780:0:99999:7:::\n",
    "/root/.ssh/authorized_keys": b"",
    # services
    **{
        f"{UNITS}/{unit}": INSTALL
        for unit in (
            "cloud-config.service",
            "cloud-final.service",
            "cloud-init-local.service",
            "cloud-init.service",
            "fstrim.timer",
            "irqbalance.service",
            "ssh.service",
            "systemd-networkd.service",
            "systemd-resolved.service",
            "watchdog.service",
        )
    },
    f"{UNITS}/qemu-guest-agent.service": "[Service]\n[Install]\n",
    **{
        f"/etc/systemd/system/cloud-init.target.wants/{unit}.service": Link("x")
        for unit in ("cloud-config", "cloud-final", "cloud-init", "cloud-init-local")
    },
    "/etc/systemd/system/timers.target.wants/fstrim.timer": Link("x"),
    f"{UNITS}/serial-getty@.service": "[Install]\nWantedBy=getty.target\n",
    GETTY: Link("x"),
    f"{WANTS}/irqbalance.service": Link("x"),
    f"{WANTS}/ssh.service": Link("x"),
    f"{WANTS}/systemd-networkd.service": Link("x"),
    "/etc/systemd/system/sysinit.target.wants/systemd-resolved.service": Link("x"),
    f"{WANTS}/watchdog.service": Link("x"),
    UDEV_RULE: 'TAG+="systemd", ENV{SYSTEMD_WANTS}="qemu-guest-agent.service"\n',
    # configuration
    "/etc/cloud/cloud.cfg": "system_info:\n  network:\n    renderers: ['netplan', 'eni']\n",
    RENDERERS: "system_info:\n  network:\n    renderers: [networkd]\n",
    LINK_PATH: LINK,
    "/usr/lib/systemd/network/99-default.link": "[Match]\nOriginalName=*\n[Link]\nNamePolicy=x\n",
    "/usr/lib/systemd/network/73-usb.link": "[Match]\nDriver=usb*\n[Link]\nNamePolicy=mac\n",
    "/etc/watchdog.conf": "# comment\nwatchdog-device\t= /dev/watchdog\nwatchdog-timeout = 30\n",
    "/etc/default/watchdog": 'run_watchdog=1\nwatchdog_module="none"\n',
    "/etc/modules-load.d/guest-watchdog.conf": "i6300esb\n",
    NESTING: "# either\noptions kvm_intel nested=1\noptions kvm-amd npt=1 nested=1\n",
    NO_NOUVEAU: "blacklist nouveau\ninstall nouveau /bin/false\n",
    "/etc/default/qemu-guest-agent": '#DAEMON_ARGS="--block-rpcs=guest-set-user-password"\n',
}

VOLUMES = (
    Volume("/dev/sda1", part_label="BIOS", part_scheme="gpt", part_number=1, start=1 << 20),
    Volume("/dev/sda2", "vfat", "ABCD-1234", "ESP", mount_point="/boot/efi", start=2 << 20),
    Volume("/dev/sda3", "ext4", "4f7e4b1c", "cloudimg-rootfs", mount_point="/", start=9 << 20),
)

PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "foundation": {
        "os_distro": "debian",
        "os_version": "12",
        "architecture": "x86_64",
        "default_user": "debian",
    },
    "guest-agent": {"admin_user": "debian"},
    "cpu-pinning": {"housekeeping": 2},
}
FEATURES: tuple[Feature[Any], ...] = (FOUNDATION, *SHIPPED)
CHECKS: dict[str, tuple[Feature[Any], Inspection[Any]]] = {
    f"{feature.name}/{check.name}": (feature, check)
    for feature in FEATURES
    for check in feature.inspections
}


@pytest.fixture(autouse=True)
def authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    for digest, name in firmware_disk.MICROSOFT.items():
        monkeypatch.setitem(secureboot.MICROSOFT, digest, name)


def inspect(check: str, change: Change, **parameters: object) -> str:
    feature, inspection = CHECKS[check]
    merged = {**GOOD, **change}
    tree = {path: content for path, content in merged.items() if content is not None}
    given = feature.parameters(**{**PARAMETERS.get(feature.name, {}), **parameters})
    return inspection.function(FakeFilesystem(tree, volumes=VOLUMES), given)


def marks(check: str) -> list[pytest.MarkDecorator]:
    """What signatures are made with, where a check looks at them."""
    return [pytest.mark.program("sbsign")] if check.startswith("secure-boot/") else []


@pytest.mark.parametrize("check", [pytest.param(check, marks=marks(check)) for check in CHECKS])
def test_an_inspection_passes_on_a_good_disk_and_says_what_it_saw(check: str) -> None:
    seen = inspect(check, {})
    assert seen
    assert not seen.endswith(".")
    assert "None" not in seen


def masked(unit: str) -> Change:
    return {f"/etc/systemd/system/{unit}": Link("/dev/null")}


def second_kernel(release: str, **changes: bytes | str | None) -> Change:
    """A second kernel, as good as the first unless something of it is given."""
    tree: dict[str, bytes | str | Link | None] = {
        f"/boot/vmlinuz-{release}": b"",
        f"/boot/initrd.img-{release}": INITRD.replace(RELEASE.encode(), release.encode()),
        f"/usr/lib/modules/{release}/modules.dep": GOOD[f"/usr/lib/modules/{RELEASE}/modules.dep"],
    }
    names = {
        "initrd": f"/boot/initrd.img-{release}",
        "dep": f"/usr/lib/modules/{release}/modules.dep",
    }
    return {**tree, **{names[name]: content for name, content in changes.items()}}


# Kernels of one length, so that INITRD stays an archive when one name replaces the other.
OTHER = "6.1.0-55-amd64"
NO_KERNEL: Change = {f"/boot/vmlinuz-{RELEASE}": None}
NOT_INSTALLED = "is not installed"


Broken = Iterator[tuple[str, str, Change, str]]
"""Check, what is wrong, how the disk is broken, and what the message must say."""


def broken_kernels() -> Broken:
    check = "virtio-scsi/initrds-have-virtio-scsi"
    initrd = f"/boot/initrd.img-{RELEASE}"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    for driver in ("virtio_scsi", "virtio_pci", "sd_mod"):
        without = INITRD.replace(driver.encode(), b"x" * len(driver))
        yield (
            check,
            f"no {driver}",
            {initrd: without},
            f"the initrd of kernel {RELEASE} ({initrd}) has no {driver}, and it is not built in",
        )
    yield (
        check,
        "a second kernel without it",
        second_kernel(OTHER, initrd=cpio({"init": b""})),
        f"the initrd of kernel {OTHER} (/boot/initrd.img-{OTHER}) has no virtio_pci",
    )
    yield (
        check,
        "modules of another kernel",
        {initrd: INITRD.replace(RELEASE.encode(), OTHER.encode())},
        "has no virtio_pci",
    )

    check = "foundation/initrds-are-whole"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield check, "no initrd", {initrd: None}, f"kernel {RELEASE} has no initrd in /boot, and finds"
    yield check, "cut off", {initrd: INITRD[:200]}, f"({initrd}) cannot be read: offset "
    check = "foundation/drivers-can-be-loaded"
    yield (
        check,
        "never",
        {"/etc/modprobe.d/cis.conf": "# 1.1\ninstall virtio_pci /bin/false\n"},
        "/etc/modprobe.d/cis.conf:2: has '/bin/false' run to load virtio_pci, and kernel",
    )

    check = "foundation/initrd-is-renewed"
    maker, hook = "/usr/sbin/update-initramfs", "/etc/kernel/postinst.d/initramfs-tools"
    yield check, "nothing makes it", {maker: None}, "installed: none"
    yield check, "two make it", {"/usr/bin/dracut": b""}, "installed: initramfs-tools and dracut"
    yield check, "nothing runs it", {hook: None}, f"there is no {hook}"
    yield (
        check,
        "for one machine",
        {"/etc/initramfs-tools/conf.d/driver-policy": "MODULES=dep\n"},
        "has MODULES=dep), and is not told to add virtio_blk, virtio_net, virtio_pci",
    )

    check = "watchdog/kernels-have-i6300esb"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield (
        check,
        "Debian's cloud kernel",
        second_kernel(CLOUD, dep="kernel/drivers/net/virtio_net.ko:\n", initrd=None),
        f"kernel {CLOUD} has no i6300esb: it is built without it",
    )
    check = "watchdog/driver-is-loaded"
    load = "/etc/modules-load.d/guest-watchdog.conf"
    yield check, "no file", {load: None}, "nothing loads it at boot"
    yield check, "a comment", {load: "# i6300esb\n"}, "nothing loads it at boot"
    yield (
        check,
        "the vendor's file is hidden",
        {load: Link("/dev/null"), "/usr/lib/modules-load.d/guest-watchdog.conf": "i6300esb\n"},
        "nothing loads it at boot",
    )
    check = "watchdog/daemon-feeds-device"
    conf = "/etc/watchdog.conf"
    yield check, "no unit", {f"{UNITS}/watchdog.service": None}, NOT_INSTALLED
    yield check, "disabled", {f"{WANTS}/watchdog.service": None}, "watchdog.service is disabled"
    yield check, "masked", masked("watchdog.service"), "watchdog.service is masked by"
    yield (
        check,
        "switched off",
        {"/etc/default/watchdog": "run_watchdog=0\n"},
        "switches the daemon",
    )
    yield check, "no configuration", {conf: None}, f"{conf} names no watchdog-device"
    yield check, "a comment", {conf: "#watchdog-device = /dev/watchdog\n"}, "no watchdog-device"
    yield (
        check,
        "another device",
        {conf: "watchdog-device=/dev/wd\n"},
        "no udev rule makes it a link",
    )
    yield (
        check,
        "a link to another watchdog",
        {WATCHDOG_RULE: LINK_RULE.replace("i6300ESB timer", "iTCO_wdt"), conf: LINKED},
        "names /dev/watchdog-i6300esb, which is not /dev/watchdog, and no udev rule",
    )
    yield (
        check,
        "a link of another name",
        {WATCHDOG_RULE: LINK_RULE.replace("-i6300esb", "-i6300esb2"), conf: LINKED},
        "no udev rule makes it a link to the 'i6300ESB timer'",
    )
    yield (
        "watchdog/timeout-is-as-asked",
        "another timeout",
        {conf: "watchdog-device = /dev/watchdog\nwatchdog-timeout = 60\n"},
        "has watchdog-timeout 60, the profile asks for 30",
    )


def broken_services() -> Broken:
    check = "guest-agent/agent-will-start"
    agent = "qemu-guest-agent.service"
    yield check, "no unit", {f"{UNITS}/{agent}": None}, NOT_INSTALLED
    yield check, "masked", masked(agent), f"{agent} is masked by /etc/systemd/system/{agent}"
    yield check, "no rule", {UDEV_RULE: None}, "no udev rule starts it"
    check = "guest-agent/agent-listens-on-port"
    yield (
        check,
        "another port",
        {"/etc/qemu/qemu-ga.conf": "[general]\nmethod=isa-serial\n"},
        "/etc/qemu/qemu-ga.conf:2 has method isa-serial, not virtio-serial",
    )
    check = "guest-agent/agent-blocks-nothing-needed"
    for path, text in {
        "/etc/qemu/qemu-ga.conf": "[general]\nblock-rpcs=guest-exec,guest-set-user-password\n",
        "/etc/sysconfig/qemu-ga": "BLACKLIST_RPC=guest-file-open,guest-set-user-password\n",
        "/etc/default/qemu-guest-agent": 'DAEMON_ARGS="--block-rpcs guest-set-user-password"\n',
    }.items():
        line = len(text.splitlines())
        yield check, path, {path: text}, f"{path}:{line} blocks guest-set-user-password"
    allowed = (
        'FILTER_RPC_ARGS="--allow-rpcs=guest-fsfreeze-freeze,guest-fsfreeze-thaw,guest-ping"\n'
    )
    yield (
        check,
        "not among those allowed",
        {"/etc/sysconfig/qemu-ga": allowed},
        "/etc/sysconfig/qemu-ga:1 blocks guest-set-user-password",
    )

    check = "multiqueue/irqbalance-will-start"
    yield check, "no unit", {f"{UNITS}/irqbalance.service": None}, NOT_INSTALLED
    yield check, "disabled", {f"{WANTS}/irqbalance.service": None}, "irqbalance.service is disabled"
    yield from limited_queues()
    check = "multiqueue/queue-rule-exists"
    default = "/usr/lib/systemd/network/99-default.link"
    yield check, "only the default", {LINK_PATH: None}, f"{default} is the first .link file"
    yield check, "none", {LINK_PATH: None, default: None}, "no .link file applies to virtio_net"
    yield check, "not max", {LINK_PATH: LINK.replace("max", "2")}, "sets CombinedChannels=2"
    yield check, "for one NIC", {LINK_PATH: LINK.replace("Driver", "MACAddress")}, "does not set"
    yield check, "unreadable", {LINK_PATH: "CombinedChannels=max\n"}, f"{default} is the first"
    yield (
        check,
        "another comes first",
        {"/etc/systemd/network/01-first.link": "[Match]\nDriver=virtio*\n[Link]\nName=a\n"},
        "01-first.link is the first .link file for virtio_net, and does not set CombinedChannels",
    )

    check = "serial-ports/gettys-will-start"
    unit = "serial-getty@ttyS1.service"
    yield check, "disabled", {GETTY: None}, f"{unit} is disabled"
    yield check, "masked", masked(unit), f"{unit} is masked"
    yield check, "not installed", {f"{UNITS}/serial-getty@.service": None}, NOT_INSTALLED

    check = "discard/timer-is-enabled"
    timer = "/etc/systemd/system/timers.target.wants/fstrim.timer"
    yield check, "disabled", {timer: None}, "fstrim.timer is disabled"
    yield check, "masked", masked("fstrim.timer"), "fstrim.timer is masked"
    check = "discard/mount-option-is-as-asked"
    fstab = "LABEL=cloudimg-rootfs / ext4 defaults,discard 0 1\n"
    yield check, "not asked for", {"/etc/fstab": fstab}, "the profile does not ask for discard"
    yield check, "no root", {"/etc/fstab": "# nothing\n"}, "/etc/fstab has no line for the root"


ETHTOOL = "/usr/sbin/ethtool -L eth0 combined 1"
TUNING = f"{WANTS}/tuning.service"


def limited_queues() -> Broken:
    check = "multiqueue/queues-are-not-limited"
    first = "/etc/systemd/network/01-first.link"
    yield check, "a number", {LINK_PATH: LINK.replace("max", "2")}, f"{LINK_PATH} sets Combined"
    for match in ("OriginalName=*", "OriginalName=eth*", "Type=ether", "Driver=virtio*"):
        link = f"[Match]\n{match}\n[Link]\nCombinedChannels=1\n"
        yield check, f"a file before it: {match}", {first: link}, f"{first} sets CombinedChannels=1"
    addition = f"{LINK_PATH}.d/one.conf"
    yield check, "an addition", {addition: "[Link]\nCombinedChannels=1\n"}, "CombinedChannels=1"
    rule = 'ACTION=="add", SUBSYSTEM=="net", \\\n  RUN+="/sbin/ethtool -L $name combined 1"\n'
    path = "/etc/udev/rules.d/70-queues.rules"
    yield check, "a udev rule", {path: rule}, f"{path}:1 sets 1 of them"
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
        yield check, path, {path: text}, f"{path}:2 sets 1 of them"
    loop = "for n in /sys/class/net/e*; do ethtool -L ${n##*/} combined 1; done"
    script = "/etc/networkd-dispatcher/routable.d/queues"
    yield check, "a loop", {script: f"#!/bin/sh\n{loop}\n"}, f"{script}:2 sets 1 of them"
    local = "/usr/local/lib/systemd/network/01-first.link"
    yield check, "a local file", {local: LINK.replace("max", "1")}, f"{local} sets Combined"
    unit = f"{UNITS}/tuning.service"
    tuning = {TUNING: Link("x"), unit: f"[Service]\nExecStart={ETHTOOL}\n"}
    yield check, "a unit", tuning, f"{unit}:2 sets 1 of them"
    script = "/usr/local/sbin/tune-network"
    yield (
        check,
        "a unit's script",
        {
            TUNING: Link("x"),
            unit: f"[Service]\nExecStart=-/bin/bash -e {script} eth0\n",
            script: "#!/bin/bash\nethtool --set-channels $1 combined 2\n",
        },
        f"{script}:2 sets 2 of them",
    )
    yield (
        check,
        "a drop-in of a unit that a timer starts",
        {
            "/etc/systemd/system/timers.target.wants/tuning.timer": Link("x"),
            f"{UNITS}/tuning.timer": INSTALL,
            unit: "[Service]\nExecStart=/bin/true\n",
            "/etc/systemd/system/tuning.service.d/more.conf": f"[Service]\nExecStart={ETHTOOL}\n",
        },
        "/etc/systemd/system/tuning.service.d/more.conf:2",
    )
    profile = "/etc/tuned/guest/tuned.conf"
    tuned = {"/etc/tuned/active_profile": "guest\n", profile: "[net]\nchannels=combined 1\n"}
    yield check, "tuned", tuned, f"{profile}:2 sets 1 of them"


@pytest.mark.parametrize(
    "change",
    [
        {LINK_PATH: None},
        {LINK_PATH: None, "/usr/lib/systemd/network/99-default.link": None},
        {LINK_PATH: None, f"{WANTS}/irqbalance.service": None},
        {
            "/etc/systemd/network/01-other.link": LINK.replace("virtio_net", "mlx5*").replace(
                "max", "1"
            )
        },
        {
            "/etc/systemd/network/01-one.link": LINK.replace("Driver=v", "MACAddress=52:").replace(
                "max", "1"
            )
        },
        {"/etc/systemd/network/99-late.link": LINK.replace("max", "1")},
        {f"{UNITS}/tuning.service": f"[Service]\nExecStart={ETHTOOL}\n{INSTALL}"},
        {
            TUNING: Link("x"),
            f"{UNITS}/tuning.service": f"[Service]\nExecStart={ETHTOOL}\n",
            "/etc/systemd/system/tuning.service": Link("/dev/null"),
        },
        {"/etc/rc.local": f"#!/bin/sh\n# {ETHTOOL}\ntrue # {ETHTOOL}\n"},
        {"/etc/rc.local": "#!/bin/sh\nethtool -L eth0 combined $(nproc)\nethtool -l eth0\n"},
        {"/etc/rc.local": "#!/bin/sh\nethtool -G eth0 rx 1024; echo combined 1\n"},
        {"/etc/tuned/guest/tuned.conf": "[net]\nchannels=combined 1\n"},
    ],
)
def test_what_sets_no_number_of_queues_is_left_to_the_boot(change: Change) -> None:
    assert inspect("multiqueue/queues-are-not-limited", change)


def broken_systems() -> Broken:
    check = "foundation/release-on-disk-is-as-claimed"
    release = "/usr/lib/os-release"
    yield check, "another version", {release: "ID=debian\nVERSION_ID=13\n"}, "says 'debian 13'"
    yield check, "no file", {release: None}, "says '? ?', the image claims 'debian 12'"
    yield check, "an open quote", {release: 'ID="debian\n'}, "the image claims 'debian 12'"
    check = "foundation/programs-are-as-claimed"
    arm = {"/usr/bin/env": program("aarch64")}
    yield check, "another architecture", arm, "are built for aarch64, the image claims x86_64"
    yield check, "no program", {"/usr/bin/env": None}, "are built for no known architecture"
    check = "foundation/boot-loader-is-complete"
    yield check, "no grub.cfg", {"/boot/grub/grub.cfg": None}, "GRUB has no configuration"
    yield check, "no UEFI", {"/boot/efi/EFI/BOOT/BOOTX64.EFI": None}, "UEFI finds no boot loader"
    yield check, "no BIOS", {"/boot/grub/i386-pc/normal.mod": None}, "BIOS cannot start GRUB"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield check, "a kernel is left out", second_kernel(OTHER), f"has no entry for kernel {OTHER}"
    yield (
        check,
        "a kernel has no BLS entry",
        {"/boot/grub/grub.cfg": "blscfg\n", "/boot/loader/entries/a.conf": "linux /vmlinuz-5.14\n"},
        f"has no entry for kernel {RELEASE}",
    )
    check = "foundation/no-kernel-device-names"
    yield check, "fstab", {"/etc/fstab": "/dev/vda1 / ext4 x\n"}, "/etc/fstab:1: names /dev/vda1"
    yield check, "GRUB", {"/boot/grub/grub.cfg": "linux root=/dev/sda3"}, "names /dev/sda3"
    check = "foundation/boot-finds-its-devices"
    yield (
        check,
        "fstab",
        {"/etc/fstab": "LABEL=cloudimg-rootfs / ext4 x\nUUID=0 /data ext4 x\n"},
        "/etc/fstab:2: names UUID=0, which this disk has not: the boot waits for it 90 s",
    )
    check = "foundation/console-is-serial"
    yield (
        check,
        "none",
        {"/boot/grub/grub.cfg": f"linux /boot/vmlinuz-{RELEASE} ro console=tty0\n"},
        "/boot/grub/grub.cfg:1: gives the kernel console=tty0: the console's log stays empty",
    )
    check = "foundation/name-servers-will-be-told"
    resolved = "/etc/systemd/system/sysinit.target.wants/systemd-resolved.service"
    yield check, "no resolved", {resolved: None}, "systemd-resolved.service is disabled"
    check = "foundation/network-will-start"
    networkd = f"{WANTS}/systemd-networkd.service"
    yield (
        check,
        "networkd is disabled",
        {networkd: None},
        f"{RENDERERS} has cloud-init render for networkd, but nothing will bring a NIC up: systemd",
    )
    yield (
        check,
        "another stack is enabled",
        {RENDERERS: "renderers: [network-manager]\n"},
        "NetworkManager.service is missing",
    )
    yield check, "no stack", {networkd: None, RENDERERS: None}, "wicked.service is missing"
    check = "foundation/cloud-init-will-start"
    enabled = "/etc/systemd/system/cloud-init.target.wants/cloud-init.service"
    yield check, "disabled", {enabled: None}, "cloud-init.service is disabled"
    yield check, "switched off", {"/etc/cloud/cloud-init.disabled": b""}, "switches cloud-init off"
    check = "foundation/cloud-init-listens"
    yield (
        check,
        "another source",
        {"/etc/cloud/cloud.cfg": "# x\ndatasource_list: [None]\n"},
        "/etc/cloud/cloud.cfg:2: has cloud-init look for None, and not for Nova's data",
    )
    check = "foundation/root-can-grow"
    yield check, "no growpart", {"/usr/bin/growpart": None}, "/usr/bin/growpart does not exist"
    check = "foundation/ssh-will-start"
    yield check, "not installed", {f"{UNITS}/ssh.service": None}, f"ssh.service {NOT_INSTALLED}"
    yield check, "disabled", {f"{WANTS}/ssh.service": None}, "ssh.service is disabled"


def broken_modules() -> Broken:
    check = "nested-virtualisation/kernels-have-kvm"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield (
        check,
        "a kernel without AMD's",
        second_kernel(OTHER, dep="kernel/kvm.ko:\nkernel/kvm-intel.ko:\n"),
        f"kernel {OTHER} has no kvm_amd: neither built in nor below /lib/modules/{OTHER}",
    )
    check = "nested-virtualisation/nesting-is-on"
    yield check, "no file", {NESTING: None}, "no file of modprobe.d sets kvm_intel's option"
    yield (
        check,
        "another vendor's only",
        {NESTING: "options kvm_intel nested=Y\n"},
        "no file of modprobe.d sets kvm_amd's option",
    )
    yield (
        check,
        "a later file has it off",
        {"/usr/lib/modprobe.d/zz.conf": "options kvm_amd \\\n  nested=0\n"},
        "/usr/lib/modprobe.d/zz.conf has nested=0 for kvm_amd",
    )

    check = "cpu-pinning/kernels-are-told"
    grub = "/boot/grub/grub.cfg"
    entry = f"linux /boot/vmlinuz-{RELEASE} ro"
    yield check, "no entry", {grub: "set default=0\n"}, "no entry that starts a kernel"
    yield check, "none", {grub: entry}, f"{grub}:1: starts a kernel without isolcpus=managed_irq"
    yield (
        check,
        "one entry has not all",
        {grub: f"{entry} {ISOLATING}\n{entry} {ISOLATING.replace('nohz_full=2-N', 'quiet')}\n"},
        f"{grub}:2: starts a kernel without nohz_full=2-N",
    )
    yield (
        check,
        "an entry of its own has other vCPUs",
        {
            grub: "blscfg\n",
            "/boot/loader/entries/a.conf": f"options ro {ISOLATING.replace('2-N', '1-N')}\n",
        },
        "/boot/loader/entries/a.conf:1: starts a kernel without isolcpus",
    )

    check = "vgpu/kernels-have-driver"
    built = f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko"
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield check, "not built", {built: None}, f"kernel {RELEASE} has no nvidia below"
    yield (
        check,
        "built for one kernel only",
        second_kernel(OTHER),
        f"kernel {OTHER} has no nvidia below /lib/modules/{OTHER}: the driver was not built",
    )
    yield (
        check,
        "depmod has not been run",
        {f"/usr/lib/modules/{RELEASE}/modules.dep": "kernel/kvm.ko:\n"},
        "updates/dkms/nvidia.ko is not in",
    )
    check = "vgpu/nouveau-is-out"
    initrd = f"/boot/initrd.img-{RELEASE}"
    nouveau = cpio({"init": b"", f"usr/lib/modules/{RELEASE}/kernel/nouveau.ko": b""})
    yield check, "no kernel", NO_KERNEL, "no kernel is installed"
    yield check, "in the initrd", {initrd: nouveau}, f"has nouveau in its initrd ({initrd})"
    yield (
        check,
        "built in",
        {f"/usr/lib/modules/{RELEASE}/modules.builtin": "kernel/drivers/nouveau.ko\n"},
        f"kernel {RELEASE} has nouveau built in",
    )
    yield check, "loaded by its devices", {NO_NOUVEAU: None}, "modprobe.d blacklists nouveau"
    yield (
        check,
        "loaded by its name",
        {NO_NOUVEAU: "blacklist nouveau\n"},
        "no file of modprobe.d keeps nouveau from being loaded by its name",
    )


def soiled() -> Broken:
    check = "foundation/has-no-identity"
    for path, cause in {
        "/etc/machine-id": "/etc/machine-id is set to content",
        "/var/lib/dbus/machine-id": "is a file of its own",
        "/etc/ssh/ssh_host_ed25519_key": "ssh_host_ed25519_key is a host key of SSH",
        "/var/lib/systemd/random-seed": "is a random seed",
        "/root/.ssh/authorized_keys": "is a key that lets its owner in",
        "/home/debian/.ssh/authorized_keys": "is a key that lets its owner in",
        "/var/lib/cloud/instances/i-1/obj.pkl": "cloud-init's state of another guest",
    }.items():
        yield check, path, {path: "content\n"}, cause
    check = "foundation/has-no-leftovers"
    for path, cause in {
        "/root/.bash_history": "/root/.bash_history is a shell history",
        "/home/debian/.python_history": "is a shell history",
        "/var/cache/apt/archives/a_1_amd64.deb": "is a package cache",
        "/var/lib/apt/lists/mirror_dists_Release": "is a list of packages",
        "/var/cache/dnf/base/repodata.xml": "is a package cache",
    }.items():
        yield check, path, {path: "content\n"}, cause
    yield (
        check,
        "a name server",
        {"/etc/resolv.conf": "; made by\n# hand\nnameserver 192.0.2.1\n"},
        "/etc/resolv.conf:3: names 192.0.2.1",
    )
    check = "foundation/has-no-passwords"
    for password, cause in {"": "needs no password", "$y$j9T$a": "has a password"}.items():
        shadow = f"root:!:1::::::\ndebian:{password}:1::::::\n"
        yield check, cause, {"/etc/shadow": shadow}, f"/etc/shadow:2: debian {cause}"


BROKEN = (
    *firmware_disk.broken(),
    *broken_kernels(),
    *broken_services(),
    *broken_systems(),
    *broken_modules(),
    *soiled(),
)


@pytest.mark.parametrize(
    ("check", "change", "cause"),
    [
        pytest.param(check, change, cause, id=f"{check}: {wrong}", marks=marks(check))
        for check, wrong, change, cause in BROKEN
    ],
)
def test_an_inspection_fails_on_a_broken_disk_and_names_the_cause(
    check: str, change: Change, cause: str
) -> None:
    with pytest.raises(CheckFailed) as failure:
        inspect(check, change)
    assert cause in str(failure.value)


def test_every_inspection_has_been_seen_to_fail() -> None:
    assert {check for check, *_ in BROKEN} == set(CHECKS)


@pytest.mark.parametrize(
    ("check", "change", "seen"),
    [
        (
            "virtio-scsi/initrds-have-virtio-scsi",
            {
                f"/boot/initrd.img-{RELEASE}": None,
                f"/usr/lib/modules/{RELEASE}/modules.builtin": (
                    "kernel/virtio_pci.ko\nkernel/virtio_scsi.ko\nkernel/sd_mod.ko\n"
                ),
            },
            RELEASE,
        ),
        ("virtio-scsi/initrds-have-virtio-scsi", second_kernel(OTHER), f"{OTHER}, {RELEASE}"),
        (
            "watchdog/driver-is-loaded",
            {
                "/etc/modules-load.d/guest-watchdog.conf": None,
                f"/usr/lib/modules/{RELEASE}/modules.builtin": "kernel/i6300esb.ko\n",
            },
            "built into every kernel",
        ),
        (
            "watchdog/daemon-feeds-device",
            {
                f"{WANTS}/watchdog.service": None,
                "/etc/systemd/system/watchdog.service": "[Service]\n[Install]\n",
                WATCHDOG_RULE: LINK_RULE,
                "/etc/watchdog.conf": LINKED,
            },
            f"started by {WATCHDOG_RULE}; /etc/watchdog.conf names /dev/watchdog-i6300esb, which",
        ),
        (
            "guest-agent/agent-will-start",
            {
                f"{UNITS}/qemu-guest-agent.service": INSTALL,
                f"{WANTS}/qemu-guest-agent.service": Link("x"),
                UDEV_RULE: None,
            },
            "qemu-guest-agent.service is enabled",
        ),
        (
            "guest-agent/agent-blocks-nothing-needed",
            {"/etc/sysconfig/qemu-ga": "BLACKLIST_RPC=guest-exec,guest-file-open\n"},
            "no configuration blocks",
        ),
        (
            "foundation/boot-loader-is-complete",
            {
                "/boot/grub/grub.cfg": "blscfg\n",
                "/boot/loader/entries/a.conf": f"linux /vmlinuz-{RELEASE}\n",
            },
            f"starts {RELEASE}",
        ),
        (
            "foundation/boot-loader-is-complete",
            {
                firmware_disk.LOADER: None,
                firmware_disk.GRUB: None,
                "/boot/efi/EFI/Boot/bootx64.efi": b"",
            },
            "GRUB for BIOS and UEFI",
        ),
        (
            "cpu-pinning/kernels-are-told",
            {
                "/boot/grub/grub.cfg": "blscfg\n",
                "/boot/loader/entries/a.conf": f"title A\noptions ro {ISOLATING}\n",
            },
            "/boot/loader/entries/a.conf: isolcpus",
        ),
        ("foundation/has-no-identity", {"/etc/machine-id": "uninitialized\n"}, "no id, no name"),
        ("foundation/has-no-leftovers", {"/etc/resolv.conf": "# empty\n"}, "no name server"),
        (
            "foundation/network-will-start",
            {RENDERERS: None, "/etc/cloud/cloud.cfg": None},
            "systemd-networkd.service is enabled",
        ),
        (
            "foundation/cloud-init-will-start",
            {
                f"{UNITS}/cloud-init-network.service": INSTALL,
                "/etc/systemd/system/cloud-init.target.wants/cloud-init-network.service": Link("x"),
                f"{UNITS}/cloud-init.service": None,
            },
            "every stage of cloud-init will be started",
        ),
    ],
)
def test_other_good_disks_pass_too(check: str, change: Change, seen: str) -> None:
    assert seen in inspect(check, change)


def test_discard_is_demanded_where_the_profile_asks_for_it() -> None:
    check = "discard/mount-option-is-as-asked"
    with pytest.raises(CheckFailed, match="the profile asks for discard"):
        inspect(check, {}, mount_option=True)
    fstab = "LABEL=cloudimg-rootfs / ext4 defaults,discard 0 1\n"
    assert "defaults,discard" in inspect(check, {"/etc/fstab": fstab}, mount_option=True)


def test_the_watchdogs_timeout_is_that_of_the_profile() -> None:
    with pytest.raises(CheckFailed, match="the profile asks for 60"):
        inspect("watchdog/timeout-is-as-asked", {}, timeout=60)


def test_the_driver_of_the_tpm_is_that_of_the_model_that_is_asked_for() -> None:
    with pytest.raises(CheckFailed, match="has no tpm_crb"):
        inspect("tpm/kernels-have-tpm-driver", {}, model="tpm-crb")


def test_an_unknown_architecture_fails() -> None:
    with pytest.raises(CheckFailed, match="no known name of a boot loader for s390x"):
        inspect("foundation/boot-loader-is-complete", {}, architecture="s390x")


@pytest.mark.program("sbsign")
@pytest.mark.parametrize("place", ["/efi", "/boot"])
def test_the_esp_may_be_mounted_elsewhere(place: str) -> None:
    loader = GOOD[firmware_disk.LOADER]
    moved: Change = {
        firmware_disk.LOADER: None,
        firmware_disk.GRUB: None,
        "/boot/efi/keep": b"",
        f"{place}/EFI/BOOT/BOOTX64.EFI": loader,
        f"{place}/EFI/BOOT/grubx64.efi": GOOD[firmware_disk.GRUB],
    }
    assert inspect("uefi/loader-is-at-removable-path", moved) == (
        f"{place}/EFI/BOOT/BOOTX64.EFI is where UEFI looks"
    )
    assert "GRUB for BIOS and UEFI" in inspect("foundation/boot-loader-is-complete", moved)
    assert "UEFI CA of the tests" in inspect("secure-boot/loader-is-signed", moved)


def test_a_missing_loader_is_missed_where_the_esp_is() -> None:
    moved: Change = {firmware_disk.LOADER: None, firmware_disk.GRUB: None, "/efi/EFI/arch/x": b""}
    with pytest.raises(CheckFailed, match=r"/efi/EFI/BOOT/BOOTX64\.EFI does not exist"):
        inspect("uefi/loader-is-at-removable-path", moved)


ARCH_RELEASE = "6.12.1-arch1-1"
ARCH: Change = {
    **NO_KERNEL,
    f"/boot/initrd.img-{RELEASE}": None,
    f"/usr/lib/modules/{RELEASE}/modules.builtin": None,
    f"/usr/lib/modules/{RELEASE}/modules.dep": None,
    f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko": None,
    "/boot/vmlinuz-linux": b"",
    "/boot/initramfs-linux.img": INITRD.replace(RELEASE.encode(), ARCH_RELEASE.encode()),
    f"/usr/lib/modules/{ARCH_RELEASE}/pkgbase": "linux\n",
    f"/usr/lib/modules/{ARCH_RELEASE}/vmlinuz": b"",
    f"/usr/lib/modules/{ARCH_RELEASE}/modules.dep": "kernel/drivers/watchdog/i6300esb.ko.zst:\n",
    "/boot/initramfs-linux-fallback.img": b"",
    "/boot/grub/grub.cfg": (
        "linux /boot/vmlinuz-linux root=UUID=x rw\ninitrd /boot/initramfs-linux.img\n"
        "linux /boot/vmlinuz-linux root=UUID=x rw\ninitrd /boot/initramfs-linux-fallback.img\n"
    ),
}


def test_a_kernel_that_is_called_after_its_package_is_judged_by_its_release() -> None:
    assert inspect("watchdog/kernels-have-i6300esb", ARCH) == f"i6300esb is in {ARCH_RELEASE}"
    seen = inspect("foundation/boot-loader-is-complete", ARCH)
    assert seen == f"GRUB for BIOS and UEFI starts {ARCH_RELEASE}"
    assert "/boot/initramfs-linux.img can be" in inspect("foundation/initrds-are-whole", ARCH)
    other = {**ARCH, "/boot/grub/grub.cfg": "linux /boot/vmlinuz-linux-lts root=UUID=x rw\n"}
    with pytest.raises(CheckFailed, match=f"has no entry for kernel {ARCH_RELEASE}"):
        inspect("foundation/boot-loader-is-complete", other)


def test_systemd_boot_is_said_once() -> None:
    change: Change = {"/boot/grub/grub.cfg": None, "/boot/efi/loader/entries/a.conf": "title a\n"}
    with pytest.raises(CheckFailed, match="there is no GRUB: /boot/efi/loader/entries is of syst"):
        inspect("foundation/boot-loader-is-complete", change)


def test_bios_is_not_asked_of_arm() -> None:
    change: Change = {
        "/boot/grub/i386-pc/normal.mod": None,
        "/boot/efi/EFI/BOOT/BOOTAA64.EFI": b"",
    }
    seen = inspect("foundation/boot-loader-is-complete", change, architecture="aarch64")
    assert seen == f"GRUB for UEFI starts {RELEASE}"
