#!/bin/sh
# Install the boot loader as an upgrade of GRUB's package does it, where one does.
set -e
if test -e /etc/grub.d/enable_cloud; then
    dpkg-trigger --no-await --by-package=grub2-common /usr/lib/grub/i386-pc
    dpkg --triggers-only --pending 2>&1
else
    disk=/dev/$(lsblk -no PKNAME "$(findmnt -no SOURCE /)")
    install=$(command -v grub-install || command -v grub2-install)
    if test -d /sys/firmware/efi
    then "$install" --target=x86_64-efi --removable --no-nvram --force 2>&1  # Red Hat's needs force
    else "$install" --target=i386-pc "$disk" 2>&1
    fi
fi
cat /proc/sys/kernel/random/boot_id > /var/lib/boot-loader-reinstalled
sync
