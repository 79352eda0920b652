#!/bin/sh
# Fail unless the guest has been started anew since its boot loader was installed.
set -e
test "$(cat /var/lib/boot-loader-reinstalled)" != "$(cat /proc/sys/kernel/random/boot_id)" ||
    { echo "it has not been restarted since"; exit 1; }
rm /var/lib/boot-loader-reinstalled
test ! -d /sys/firmware/efi || ls -x -w 0 /boot/efi/EFI/BOOT
