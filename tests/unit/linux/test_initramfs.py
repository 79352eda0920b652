"""What will make the initrds of kernels to come, on disks of several distributions."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem

from builder.feature import CheckFailed
from builder.linux.initramfs import require_renewal

DRIVERS = "virtio virtio_pci virtio_scsi virtio_blk virtio_net"
HOSTONLY = {"/usr/lib/dracut/dracut.conf.d/01-dist.conf": 'hostonly="yes"\n'}
HOOKS = {
    "debian": "/etc/kernel/postinst.d/dracut",
    "red hat": "/usr/lib/kernel/install.d/50-dracut.install",
    "suse": "/usr/lib/module-init-tools/regenerate-initrd-posttrans",
}


def dracut(files: Mapping[str, str], hook: str = HOOKS["red hat"]) -> FakeFilesystem:
    return FakeFilesystem({"/usr/bin/dracut": "", hook: "", **files})


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_dracut_is_run_by_each_family_s_own_hook(hook: str) -> None:
    assert require_renewal(dracut({}, hook)) == (
        f"dracut makes the initrd of a new kernel for any machine, run by {hook}"
    )


def test_dracut_makes_initrds_for_the_machine_at_hand_where_it_is_told_to() -> None:
    with pytest.raises(CheckFailed, match=r"01-dist\.conf has hostonly=yes.*told to add virtio_b"):
        require_renewal(dracut(HOSTONLY))


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/dracut.conf.d/50-guest-initrd.conf": 'hostonly="no"\n'},
        {"/usr/lib/dracut/dracut.conf.d/02-generic-image.conf": 'hostonly="no"\n'},
        {"/etc/dracut.conf.d/01-dist.conf": "# hides the vendor's file\n"},
        {"/etc/dracut.conf.d/50.conf": f'add_drivers+=" {DRIVERS} "\n'},
        {"/etc/dracut.conf.d/50.conf": f"force_drivers+='{DRIVERS.replace('_', '-')}' # all\n"},
    ],
    ids=["ours", "the vendor's package for images", "an empty file", "added", "forced"],
)
def test_the_vendor_s_choice_of_one_machine_is_outweighed(files: Mapping[str, str]) -> None:
    assert require_renewal(dracut({**HOSTONLY, **files})).startswith("dracut makes")


def test_a_later_file_narrows_what_an_earlier_one_has_widened() -> None:
    files = {
        "/etc/dracut.conf.d/50.conf": "hostonly=no\n",
        "/etc/dracut.conf.d/60.conf": "hostonly=yes\n",
    }
    with pytest.raises(CheckFailed, match=r"60\.conf has hostonly=yes"):
        require_renewal(dracut(files))


def test_initramfs_tools_with_every_driver_listed_may_leave_out_the_others() -> None:
    disk = FakeFilesystem(
        {
            "/usr/sbin/update-initramfs": "",
            "/etc/kernel/postinst.d/initramfs-tools": "",
            "/etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
            "/etc/initramfs-tools/modules": "\n".join(DRIVERS.split()),
        }
    )
    assert "with the drivers that it is told to add" in require_renewal(disk)


MKINITCPIO = {
    "/usr/bin/mkinitcpio": "",
    "/usr/share/libalpm/hooks/90-mkinitcpio-install.hook": "",
}


@pytest.mark.parametrize(
    ("files", "seen"),
    [
        ({"/etc/mkinitcpio.conf": "HOOKS=(base systemd block filesystems)\n"}, "for any machine"),
        (
            {"/etc/mkinitcpio.conf": f"MODULES=({DRIVERS})\nHOOKS=(base autodetect block)\n"},
            "with the drivers that it is told to add",
        ),
        (
            {
                "/etc/mkinitcpio.conf": "HOOKS=(base autodetect block)\n",
                "/etc/mkinitcpio.conf.d/10-any.conf": "HOOKS=(base block)\n",
            },
            "for any machine",
        ),
        ({"/etc/mkinitcpio.conf": "# HOOKS=(autodetect)\n"}, "for any machine"),
    ],
)
def test_mkinitcpio_makes_them_for_any_machine(files: Mapping[str, str], seen: str) -> None:
    assert f"mkinitcpio makes the initrd of a new kernel {seen}" in require_renewal(
        FakeFilesystem({**MKINITCPIO, **files})
    )


@pytest.mark.parametrize(
    ("files", "cause"),
    [
        ({"/etc/mkinitcpio.conf": "HOOKS=(base autodetect block)\n"}, "has autodetect in HOOKS"),
        ({"/usr/bin/dracut": ""}, "installed: dracut and mkinitcpio"),
    ],
)
def test_mkinitcpio_for_the_machine_at_hand_only_is_seen(
    files: Mapping[str, str], cause: str
) -> None:
    with pytest.raises(CheckFailed, match=cause):
        require_renewal(FakeFilesystem({**MKINITCPIO, **files}))
