#!/bin/sh
# What cloud-init says of its end, when it and all else has come to it.
systemctl is-system-running --wait >/dev/null
test -e /run/cloud-init/result.json || { echo "cloud-init has not come to its end" >&2; exit 1; }
cat /run/cloud-init/status.json
