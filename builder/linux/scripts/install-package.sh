#!/bin/sh
# Install a package that has these files, and tell which of them have come.
set -eu
name=guest-image-probe
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$place/tree/DEBIAN"
cat > "$place/tree/DEBIAN/control" <<CONTROL
Package: $name
Version: 1
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: shows which files dpkg leaves out
CONTROL
for path; do
    mkdir -p "$place/tree$(dirname "$path")"
    echo "$name" > "$place/tree$path"
done
dpkg-deb --root-owner-group --build -Znone "$place/tree" "$place/$name.deb" > /dev/null
dpkg --install "$place/$name.deb" > /dev/null
for path; do
    if [ -e "$path" ]; then
        echo "$path"
    fi
done
dpkg --purge "$name" > /dev/null
