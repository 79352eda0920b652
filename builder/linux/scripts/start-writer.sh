#!/bin/sh
# Write to the root again and again. Each line of $1, which is no part of it, is the milliseconds
# that one write took.
set -e
# shellcheck disable=SC2016  # the inner shell expands it
systemd-run --quiet --unit=guest-image-writer --property=KillMode=process sh -c '
while :; do
    start=$(date +%s%3N)
    echo written | dd of=/var/tmp/guest-image-writer conv=fsync status=none
    echo $(($(date +%s%3N) - start)) >>"$1"
    sleep 0.2
done' sh "$1"
for _ in $(seq 60); do [ -s "$1" ] && exit 0; sleep 0.5; done
echo "the guest could not write to its root within 30 s" >&2
exit 1
