#!/bin/bash
# Remove images of all builds but the latest, so that a host's disk does not fill, also where night after
# night fails: it has two images at most. Manifests and reports stay.

if newest=$(readlink "$OUTPUT/$NAME/latest"); then
    sudo find "$OUTPUT/$NAME" -mindepth 2 -maxdepth 2 -name 'image.*' ! -path "*/$newest/*" -delete
fi
