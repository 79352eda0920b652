#!/bin/bash
# Write the secret clouds.yaml where the runner removes it after the job. The path is the container's own,
# as "runner.temp" in the workflow would be that of the host.

: "${CLOUDS_YAML:?the secret CLOUDS_YAML has no clouds.yaml}"
umask 077
printf '%s\n' "$CLOUDS_YAML" > "$RUNNER_TEMP/clouds.yaml"
echo "OS_CLIENT_CONFIG_FILE=$RUNNER_TEMP/clouds.yaml" >> "$GITHUB_ENV"
