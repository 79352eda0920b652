#!/bin/sh
# Each process that holds a watchdog open, and that watchdog's identity.
# Processes come and go while /proc is walked: what find misses then is no failure.
find /proc/[0-9]*/fd -lname '/dev/watchdog*' -printf '%h %l\n' 2>/dev/null | sort -u |
    while read -r descriptors device; do
        name=${device#/dev/}
        # The first device has two names (Linux' drivers/watchdog/watchdog_dev.c).
        test "$name" != watchdog || name=watchdog0
        echo "$(cat "${descriptors%fd}comm"): $(cat "/sys/class/watchdog/$name/identity")"
    done
