#!/bin/sh
# The disk that holds the root file system, and the driver below it.
set -e
disk=$(lsblk -no PKNAME "$(findmnt -no SOURCE /)")
device=$(readlink -f "/sys/block/$disk/device")
case "$device" in
*/virtio*/host*) driver=$(basename "$(readlink -f "${device%%/host*}/driver")") ;;
*) driver=$(basename "$(readlink -f "$device/driver")") ;;
esac
echo "$disk $driver"
