#!/bin/bash
# The night's artefacts: all that it wrote into a build directory, but for the image. Of a build that
# failed that is its log.

mkdir -p "$RESULTS"
if [ -e "$RESULTS/due.txt" ] && [ -d "$OUTPUT/$NAME" ]; then
    find "$OUTPUT/$NAME" -mindepth 2 -maxdepth 2 -type f -newer "$RESULTS/due.txt" \
        ! -name 'image.*' -exec cp -t "$RESULTS" {} +
fi
