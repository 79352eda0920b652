#!/bin/sh
# Wait until there is no disk with a LUN any more.
for _ in $(seq 60); do
    ls /sys/class/scsi_device/*:"$1" >/dev/null 2>&1 || exit 0
    sleep 0.5
done
echo "the disk with LUN $1 is still there" >&2
exit 1
