"""A guest that says nothing on the serial console is told; one that speaks there passes."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.feature import CheckFailed
from builder.linux.serialconsole import require_console

GRUB = "/boot/grub/grub.cfg"
BLOCK = "/boot/loader/entries/a.conf"
TEMPLATE = "/usr/lib/systemd/system/serial-getty@.service"
GOOD: Tree = {
    GRUB: "linux /vmlinuz console=tty0 console=ttyS0,115200\n",
    TEMPLATE: "[Service]\nExecStart=-/sbin/agetty %I $TERM\n[Install]\nWantedBy=getty.target\n",
    "/usr/lib/systemd/system/getty.target": "[Unit]\n",
}
DROP_INS = "/etc/systemd/system/serial-getty@ttyS0.service.d"
TEMPLATE_DROP_INS = "/etc/systemd/system/serial-getty@.service.d"
SERIAL = "serial-getty@ttyS0.service"


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        ({GRUB: "\nlinux /vmlinuz quiet\n"}, f"{GRUB}:2: gives the kernel no console: the console"),
        ({GRUB: "linux /vmlinuz console=ttyS1\n"}, "gives the kernel console=ttyS1"),
        ({GRUB: "linux /vmlinuz console= console=tty0\n"}, "console=none, console=tty0"),
        ({GRUB: "linux /a/vmlinuz console=ttyS0\nlinux /vmlinuz\n"}, f"{GRUB}:2: gives the"),
        ({GRUB: "blscfg\n", BLOCK: "linux /vmlinuz\noptions ro\n"}, f"{BLOCK}:2: gives the kernel"),
        ({f"/etc/systemd/system/{SERIAL}": Link("/dev/null")}, f"{SERIAL} is masked by"),
        (
            {"/etc/systemd/system-generators/systemd-getty-generator": Link("/dev/null")},
            "hides what starts a login there",
        ),
        (
            {GRUB: "linux /vmlinuz console=ttyS0 systemd.getty_auto=no\n"},
            "has systemd.getty_auto=no: nobody can log in",
        ),
        ({"/etc/systemd/system-generators/systemd-getty-generator": ""}, "hides what starts a log"),
        ({"/etc/systemd/system/getty.target": Link("/dev/null")}, "getty.target is masked by /etc"),
        ({TEMPLATE: Link("/nowhere")}, f"there is no {SERIAL}"),
        (
            {GRUB: f"linux /vmlinuz console=ttyS0 systemd.mask={SERIAL}\n"},
            f"{GRUB}:1: has systemd.mask={SERIAL}: nobody can log in there",
        ),
        ({GRUB: "linux /vmlinuz ro # console=ttyS0\n"}, f"{GRUB}:1: gives the kernel no console"),
        (
            {GRUB: "linux /vmlinuz console=ttyS0 8250.nr_uarts=0\n"},
            f"{GRUB}:1: has 8250.nr_uarts=0: there is no ttyS0; remove that",
        ),
        ({GRUB: "linux /vmlinuz console=uart8250,io,0x2f8,115200\n"}, "the kernel console=ttyS1"),
        (
            {f"{DROP_INS}/off.conf": "[Service]\nExecStart=\nExecStart=/bin/true\n"},
            f"{DROP_INS}/off.conf:3: {SERIAL} runs no login",
        ),
        (
            {f"{TEMPLATE_DROP_INS}/off.conf": "[Service]\nExecStart=\n"},
            f"{TEMPLATE_DROP_INS}/off.conf:2: {SERIAL} runs no login",
        ),
        (
            {f"{DROP_INS}/a.conf": "[Unit]\nConditionPathExists=/etc/debug\n"},
            f"{DROP_INS}/a.conf:2: keeps {SERIAL} from being started",
        ),
        (
            {f"{DROP_INS}/a.conf": "[Service]\nTTYPath=/dev/tty9\n"},
            f"{DROP_INS}/a.conf:2: has {SERIAL} use /dev/tty9, not ttyS0",
        ),
        ({GRUB: "set default=0\n"}, "no entry that starts a kernel"),
    ],
)
def test_a_silent_console_is_told(tree: Tree, seen: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        require_console(FakeFilesystem({**GOOD, **tree}), "x86_64")
    assert seen in str(failure.value)


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {GRUB: "linux /vmlinuz console=ttyS0 console=tty0\n"},
        {GRUB: "linux /vmlinuz console=ttyS0,115200n8\nlinux /vmlinuz single\n"},
        {GRUB: "linux /vmlinuz console=tty0 console=uart8250,io,0x3f8,115200n8\n"},
        {GRUB: "linux /vmlinuz console=ttyS0 8250.nr_uarts=4 earlycon=uart8250,io,0x2f8\n"},
        {f"{DROP_INS}/a.conf": "[Service]\nExecStart=\nExecStart=-/sbin/agetty -L 9600 %I\n"},
        {f"{DROP_INS}/a.conf": "[Service]\nRestartSec=1\nTTYPath=/dev/%I\n"},
        {GRUB: "linux /vmlinuz ro \\\n  console=ttyS0\n"},
        {GRUB: "linux /vmlinuz ro console=ttyS0 # console=tty0\n"},
        {GRUB: "set args='console=ttyS0'\nlinux /vmlinuz ${args}\n"},
        {
            GRUB: "blscfg\n",
            BLOCK: "linux /vmlinuz\noptions $kernelopts\n",
            "/boot/grub2/grubenv": "# GRUB\nkernelopts=ro console=ttyS0\n",
        },
        {
            GRUB: "linux /vmlinuz console=ttyS0 systemd.getty_auto=no\n",
            f"/etc/systemd/system/getty.target.wants/{SERIAL}": Link("x"),
        },
    ],
)
def test_a_console_that_speaks_passes(tree: Tree) -> None:
    assert "ttyS0" in require_console(FakeFilesystem({**GOOD, **tree}), "x86_64")


def test_an_arm_machine_tells_its_kernel_which_console_it_has() -> None:
    disk = FakeFilesystem({**GOOD, GRUB: "linux /vmlinuz ro\n"})
    assert "ttyAMA0" in require_console(disk, "aarch64")
