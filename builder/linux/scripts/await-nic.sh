#!/bin/sh
# Wait until there are more than $1 NICs, for at most $2 seconds.
for _ in $(seq "$2"); do
    [ "$(find /sys/class/net -mindepth 1 | wc -l)" -gt "$1" ] && exec udevadm settle
    sleep 1
done
echo "no NIC appeared within $2 s" >&2
exit 1
