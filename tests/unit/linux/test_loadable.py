"""What keeps a module from ever being loaded is told; what only looks like it is not."""

import pytest
from fakes import FakeFilesystem, Link, Tree
from initrds import RELEASE, TREE, cpio

from builder.feature import CheckFailed
from builder.linux.loadable import require

CONF = "/etc/modprobe.d/cis.conf"
GRUB = "/boot/grub/grub.cfg"
GOOD: Tree = {
    f"/boot/vmlinuz-{RELEASE}": b"",
    f"/boot/initrd.img-{RELEASE}": cpio(TREE),
    f"/lib/modules/{RELEASE}/modules.builtin": "kernel/drivers/block/virtio_blk.ko\n",
    f"/lib/modules/{RELEASE}/modules.dep": (
        "kernel/virtio-net.ko.xz: kernel/net_failover.ko.xz kernel/failover.ko.xz\n"
        "kernel/isofs.ko:\nkernel/i6300esb.ko:\nkernel/failover.ko.xz:\n"
    ),
}
MODULES = ("virtio_scsi", "virtio_net", "virtio_blk", "isofs", "absent")


@pytest.mark.parametrize(
    ("path", "content", "seen"),
    [
        (CONF, "# CIS\ninstall virtio_scsi /bin/false\n", f"{CONF}:2: has '/bin/false' run to lo"),
        (CONF, "install virtio-net /bin/true\n", "'/bin/true' run to load virtio_net"),
        (CONF, "install isofs /bin/sh -c 'echo no; exit 1'\n", "run to load isofs"),
        (CONF, "install isofs /bin/echo modprobe isofs is forbidden\n", "run to load isofs"),
        (CONF, "install isofs /usr/bin/logger 'no modprobe isofs' ; /bin/false\n", "to load isofs"),
        (CONF, "install isofs /bin/true || /sbin/modprobe -i isofs\n", "run to load isofs"),
        (CONF, "install isofs /bin/true # /sbin/modprobe -i isofs\n", "run to load isofs"),
        (CONF, "install isofs /sbin/modprobe --dry-run isofs\n", "run to load isofs"),
        (CONF, "install isofs /sbin/modprobe -i udf\n", "run to load isofs"),
        (CONF, "install fs-isofs /usr/bin/false\n", "run to load fs_isofs"),
        (CONF, "install net_failover \\\n  /bin/false\n", f"{CONF}:1: has '/bin/false' run to"),
        (CONF, "install virtio* /bin/false\n", "run to load virtio_"),
        (CONF, "blacklist virtio_net\n", f"{CONF}:1: blacklists virtio_net, and kernel {RELEASE}"),
        (CONF, "alias isofs off\n", f"{CONF}:1: switches isofs off"),
        ("/usr/lib/modprobe.d/a.conf", "install isofs /bin/false\n", "/usr/lib/modprobe.d/a.conf"),
        (GRUB, "linux /vmlinuz module_blacklist=a,virtio-scsi\n", f"{GRUB}:1: has module_blackli"),
        (GRUB, "linux /vmlinuz modprobe.blacklist=isofs\n", "has modprobe.blacklist for isofs"),
        (
            "/etc/default/grub",
            'GRUB_CMDLINE_LINUX="quiet module_blacklist=isofs"\n',
            "/etc/default/grub:1: has module_blacklist for isofs",
        ),
        ("/etc/kernel/cmdline", "ro modprobe.blacklist=virtio_net\n", "cmdline:1: has modprobe.bl"),
        (
            CONF,
            "install isofs /bin/false\ninstall isofs /sbin/modprobe -i isofs\n",
            f"{CONF}:1: has '/bin/false' run to load isofs",
        ),
        (
            "/boot/loader/entries/a.conf",
            "linux /vmlinuz\noptions rd.driver.blacklist=virtio_scsi\n",
            "a.conf:2: has rd.driver.blacklist for virtio_scsi",
        ),
        ("/etc/sysctl.d/99.conf", "kernel.modules_disabled = 1\n", "99.conf:1: forbids the kernel"),
        ("/etc/sysctl.conf", "kernel/modules_disabled=1\n", "/etc/sysctl.conf:1: forbids"),
    ],
)
def test_what_keeps_a_module_away_is_told_with_its_line(path: str, content: str, seen: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        require(FakeFilesystem({**GOOD, path: content}), MODULES)
    assert seen in str(failure.value)


@pytest.mark.parametrize(
    "tree",
    [
        {CONF: "install cramfs /bin/false\nblacklist usb-storage\ninstall dccp /bin/true\n"},
        {CONF: "install virtio_blk /bin/false\n"},  # it is built in
        {CONF: "install absent /bin/false\n"},
        {CONF: "#install virtio_net /bin/false\noptions virtio_net napi_tx=0\n"},
        {CONF: "install virtio_net /sbin/modprobe --ignore-install virtio_net; /bin/true\n"},
        {CONF: "install isofs /bin/echo isofs; /sbin/modprobe -i isofs $CMDLINE_OPTS\n"},
        {CONF: "install isofs /bin/sh -c 'test -e /etc/no || insmod /lib/isofs.ko'\n"},
        {CONF: "install virtio-net { modprobe -q -i virtio-net; } >/dev/null 2>&1\n"},
        {CONF: "install isofs /sbin/modprobe -i isofs\ninstall isofs /bin/false\n"},
        {
            "/etc/sysctl.d/10.conf": "kernel.modules_disabled=1\n",
            "/etc/sysctl.d/99.conf": "kernel.modules_disabled=0\n",
        },
        {"/etc/modprobe.d/cis.conf.disabled": "install virtio_net /bin/false\n"},
        {CONF: Link("/dev/null"), "/usr/lib/modprobe.d/cis.conf": "install isofs /bin/false\n"},
        {CONF: "blacklist virtio_scsi\n", "/etc/initramfs-tools/modules": "virtio_scsi\n"},
        {GRUB: "linux /vmlinuz module_blacklist=nouveau\n"},
        {GRUB: "linux /vmlinuz single module_blacklist=isofs\n"},
        {"/etc/sysctl.d/99.conf": "#kernel.modules_disabled = 1\nkernel.modules_disabled=0\n"},
    ],
)
def test_what_only_looks_like_it_is_not_told(tree: Tree) -> None:
    require(FakeFilesystem({**GOOD, **tree}), MODULES)


def test_what_is_loaded_by_its_name_may_be_blacklisted() -> None:
    disk = FakeFilesystem({**GOOD, CONF: "blacklist i6300esb\n"})
    require(disk, ("i6300esb",), by_name=True)
    with pytest.raises(CheckFailed, match="blacklists i6300esb"):
        require(disk, ("i6300esb",))
