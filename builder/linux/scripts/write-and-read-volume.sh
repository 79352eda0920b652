#!/bin/sh
# The name of the disk with a LUN, when what was written to its end could be read back.
set -e
lun=$1
for _ in $(seq 60); do
    disk=$(ls /sys/class/scsi_device/*:"$lun"/device/block 2>/dev/null) && break
    sleep 0.5
done
[ -n "$disk" ] || { echo "no disk appeared with LUN $lun" >&2; exit 1; }
[ "$(cat "/sys/block/$disk/size")" = "$2" ] || { echo "/dev/$disk has another size" >&2; exit 1; }
sent=$(mktemp)
head -c 1048576 /dev/urandom >"$sent"
dd if="$sent" of="/dev/$disk" bs=1M oflag=direct seek=63 status=none
dd if="/dev/$disk" bs=1M iflag=direct skip=63 status=none | cmp - "$sent" >&2
rm "$sent"
# udev looks at what has been written: it must not find the disk gone meanwhile.
udevadm settle --timeout=60
echo "$disk"
