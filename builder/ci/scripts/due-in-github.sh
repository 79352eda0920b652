#!/bin/bash
# Tell the steps that follow whether a build is due.
# shellcheck disable=SC2154

case $status in
    0) echo due=true >> "$GITHUB_OUTPUT" ;;
    10) echo due=false >> "$GITHUB_OUTPUT" ;;
    *) exit "$status" ;;
esac
