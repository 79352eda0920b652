#!/bin/sh
# What demanding needs of Nova Stein: a flavor, an aggregate, traits. Run it with an
# administrator's credentials; it may be run again.
set -eu

# The size is an example.
openstack flavor show demanding > /dev/null 2>&1 ||
    openstack flavor create --vcpus 4 --ram 2048 --disk 10 demanding
openstack flavor set \
    --property aggregate_instance_extra_specs:pinned=true \
    --property hw:cpu_policy=dedicated \
    --property hw:cpu_thread_policy=require \
    --property hw:emulator_threads_policy=share \
    --property hw_rng:allowed=True \
    --property resources:VGPU=1 \
    demanding

: "${COMPUTE_HOSTS:?Name the hosts that such guests run on, apart by spaces}"
openstack aggregate show pinned-hosts > /dev/null 2>&1 ||
    openstack aggregate create pinned-hosts
openstack aggregate set --property pinned=true pinned-hosts
members=$(openstack aggregate show -f json -c hosts pinned-hosts)
for host in $COMPUTE_HOSTS; do
    case $members in
    *"\"$host\""*) ;;
    *) openstack aggregate add host pinned-hosts "$host" ;;
    esac
done

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
