#!/bin/sh
# The identity and the state of each watchdog.
for each in /sys/class/watchdog/*; do
    test ! -e "$each/state" || echo "$(cat "$each/identity"): $(cat "$each/state")"
done
