#!/bin/sh
# The number of CPUs; then each virtio-net NIC: its name, how many queues it can have and has.
set -e
nproc
for nic in /sys/class/net/*; do
    driver=$(basename "$(readlink -f "$nic/device/driver")")
    [ "$driver" = virtio_net ] || continue
    name=$(basename "$nic")
    # shellcheck disable=SC2046  # two numbers, two words
    echo "$name" $(ethtool --show-channels "$name" | sed -n 's/^Combined:[[:space:]]*//p')
done
