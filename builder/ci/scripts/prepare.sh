#!/bin/bash
# Install what fetches the repository and installs this program on a new system.

apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    ca-certificates git make python3-venv sudo > /dev/null
