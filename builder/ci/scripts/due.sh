#!/bin/bash
# Ask whether a build is due. What follows in a CI's own words reads "status": 0 due, 10 not due, and
# anything else for a night that has failed.
# shellcheck disable=SC2034

rm -rf "$RESULTS"
mkdir -p "$RESULTS"
status=0
"$GUEST_IMAGE" due "$PROFILE" --output "$OUTPUT" --cloud "$STAGING" --cloud "$PRODUCTION" \
    | tee "$RESULTS/due.txt" || status=$?
