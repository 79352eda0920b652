#!/bin/bash
# Build the image and prove it, as root, and give the user what came of it: publishing needs no root's
# rights, and notes in the build directory what it has done.

kept=GUEST_IMAGE_CACHE,DIB_DISTRIBUTION_MIRROR,DIB_DEBIAN_SECURITY_MIRROR,http_proxy,https_proxy,no_proxy
keys=GUEST_IMAGE_SIGNING_KEY,GUEST_IMAGE_SIGNING_PASSPHRASE,GUEST_IMAGE_MINISIGN_KEY,GUEST_IMAGE_MINISIGN_PASSPHRASE
sudo --preserve-env="$kept,$keys" "$GUEST_IMAGE" image "$PROFILE" --fresh \
    --output "$OUTPUT" --junit "$RESULTS/junit.xml"
sudo chown -R "$(id -u)" "$OUTPUT/$NAME" "$RESULTS"
