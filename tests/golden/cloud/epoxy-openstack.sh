#!/bin/sh
# What demanding needs of Nova 2025.1 (Epoxy): a flavor, traits. Run it with an administrator's
# credentials; it may be run again.
set -eu

# The size is an example.
openstack flavor show demanding > /dev/null 2>&1 ||
    openstack flavor create --vcpus 4 --ram 2048 --disk 10 demanding
openstack flavor set \
    --property hw:cpu_policy=dedicated \
    --property hw:cpu_thread_policy=require \
    --property hw:emulator_threads_policy=share \
    --property resources:VGPU=1 \
    demanding

# 'openstack resource provider list' (of osc-placement) names the providers; 'trait set'
# replaces all traits of one, so that those it has are given again.
: "${PROVIDERS:?Give the ids of the resource providers that have what the traits stand for}"
export OS_PLACEMENT_API_VERSION=1.6
openstack trait create CUSTOM_VGPU_SMALL
for provider in $PROVIDERS; do
    set --
    for trait in $(openstack resource provider trait list -f value -c name "$provider"); do
        set -- "$@" --trait "$trait"
    done
    openstack resource provider trait set "$@" --trait CUSTOM_VGPU_SMALL "$provider"
done
