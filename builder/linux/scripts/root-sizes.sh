#!/bin/sh
# Bytes of the root file system, of its partition, and of its disk.
set -e
partition=$(findmnt -no SOURCE /)
disk=/dev/$(lsblk -no PKNAME "$partition")
echo "$(findmnt -bno SIZE /) $(lsblk -bdno SIZE "$partition") $(lsblk -bdno SIZE "$disk")"
