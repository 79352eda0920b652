"""Commands, fragments and a playbook: golden files, and that their own languages take them."""

import configparser
import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud_plans import demanding, needed, plan_of

from builder.cloud.plan.ability import ABILITIES
from builder.cloud.plan.fragments import TEMPLATES, Names, fragment
from builder.cloud.plan.plan import CloudPlan, cloud_plan
from builder.feature import (
    AggregateMetadata,
    ConfigOption,
    ExtraSpec,
    HostFact,
    Necessity,
    NovaRelease,
)
from builder.feature.nova_release import CLOUDS, NEWEST

NAMES = Names("demanding", "pinned-hosts")
GUIDE = {
    HostFact.HOST_CPUS: "0-3,20-23",
    HostFact.DEDICATED_CPUS: "4-19,24-39",
    HostFact.HOST_MEMORY: "8192",
}
"""Facts of a host, but for those that it has not: CPUs for other guests, graphics processors."""
RELEASES = (NovaRelease.STEIN, NovaRelease.EPOXY, NovaRelease.HIBISCUS)


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name.lower())
@pytest.mark.parametrize("form", TEMPLATES)
def test_a_fragment_is_as_recorded(
    form: str, release: NovaRelease, golden: Callable[[str, str], None]
) -> None:
    text = fragment(demanding(release), form, NAMES, {})
    golden(text, f"cloud/{release.name.lower()}-{TEMPLATES[form]}")


@pytest.mark.parametrize("form", ["nova.conf", "kernel-arguments"])
def test_a_fragment_for_a_host_is_as_recorded(
    form: str, golden: Callable[[str, str], None]
) -> None:
    golden(fragment(demanding(), form, NAMES, GUIDE), f"cloud/host-{TEMPLATES[form]}")


@pytest.mark.parametrize("release", CLOUDS)
@pytest.mark.parametrize("form", TEMPLATES)
def test_every_release_has_every_fragment(form: str, release: NovaRelease) -> None:
    text = fragment(demanding(release), form, NAMES, {})
    assert text.endswith("\n")
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) < 240


def of(*needs: Any) -> CloudPlan:
    return cloud_plan(replace(plan_of("base"), needs={"a": needs}), NEWEST)


@pytest.mark.parametrize("form", TEMPLATES)
def test_a_profile_that_needs_nothing_has_fragments_that_do_nothing(form: str) -> None:
    text = fragment(of(), form, NAMES, {})
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if form == "ansible":
        (play,) = yaml.safe_load(text)
        assert len(play["tasks"]) == 1
    elif form == "openstack":
        assert len(lines) == 3  # "set -eu", and a flavor if there is none
    else:
        assert lines == []


# ---- files


def options(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, default_section="none")
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


def test_what_each_host_has_of_its_own_is_a_comment_until_it_is_known() -> None:
    unknown = fragment(demanding(), "nova.conf", NAMES, {})
    text = fragment(demanding(), "nova.conf", NAMES, GUIDE)
    assert "cpu_dedicated_set" not in options(unknown)["compute"]
    assert "# cpu_dedicated_set = 8-19,28-39" in unknown
    assert options(text)["compute"] == {"cpu_dedicated_set": "4-19,24-39"}
    assert options(text)["DEFAULT"]["reserved_host_memory_mb"] == "8192"
    assert "# cpu_shared_set" in text


def test_the_kernels_arguments_are_one_line_that_can_be_copied() -> None:
    line = fragment(demanding(), "kernel-arguments", NAMES, GUIDE).splitlines()[-1]
    assert line == (
        "isolcpus=managed_irq,domain,4-19,24-39 nohz_full=4-19,24-39 rcu_nocbs=4-19,24-39"
        " irqaffinity=0-3,20-23"
    )
    example = fragment(demanding(), "kernel-arguments", NAMES, {}).splitlines()[-1]
    assert example.startswith("# isolcpus=")


@pytest.mark.parametrize(
    ("release", "first"),
    [
        (NovaRelease.STEIN, "RetryFilter,AvailabilityZoneFilter,ComputeFilter"),
        (NovaRelease.TRAIN, "AvailabilityZoneFilter,ComputeFilter"),
        (NovaRelease.WALLABY, "AvailabilityZoneFilter,ComputeFilter"),
        (NovaRelease.XENA, "ComputeFilter,ComputeCapabilitiesFilter"),
    ],
)
def test_a_filter_is_added_to_the_releases_own(release: NovaRelease, first: str) -> None:
    found = options(fragment(demanding(release), "nova.conf", NAMES, {}))
    filters = found["filter_scheduler"]["enabled_filters"]
    assert filters.startswith(first)
    assert "NUMATopologyFilter" in filters.split(",")
    aggregates = "AggregateInstanceExtraSpecsFilter" in filters.split(",")
    assert aggregates == (release < NovaRelease.TRAIN)


def test_a_value_cannot_become_another_line() -> None:
    plan = of(needed(ConfigOption("libvirt", "cpu_mode", "custom\n[DEFAULT]\ndebug = true")))
    assert options(fragment(plan, "nova.conf", NAMES, {})) == {
        "libvirt": {"cpu_mode": "custom [DEFAULT] debug = true"}
    }


# ---- commands

OPENSTACK = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in
*'aggregate show -f json'*) echo '{"hosts": ["one"]}' ;;
*'trait list'*) echo HW_OLD; echo CUSTOM_OLD ;;
*' show '*) exit "$EXISTS" ;;
esac
"""
"""In place of the command: it notes how it was called."""


def called(text: str, directory: Path, *, exists: bool, **environment: str) -> list[str]:
    command = directory / "openstack"
    command.write_text(OPENSTACK)
    command.chmod(0o755)
    calls = directory / "calls"
    calls.write_text("")
    path = f"{directory}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", text],
        env={"PATH": path, "CALLS": str(calls), "EXISTS": str(int(not exists)), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return calls.read_text().splitlines()


HOSTS = {"COMPUTE_HOSTS": "one two", "PROVIDERS": "id-1 id-2"}


def test_the_commands_make_flavor_aggregate_and_traits(tmp_path: Path) -> None:
    text = fragment(demanding(NovaRelease.STEIN), "openstack", NAMES, {})
    calls = called(text, tmp_path, exists=False, **HOSTS)
    assert "flavor create --vcpus 4 --ram 2048 --disk 10 demanding" in calls
    (specs,) = [call for call in calls if call.startswith("flavor set")]
    assert "--property hw:cpu_policy=dedicated" in specs
    assert specs.endswith(" demanding")
    assert "aggregate create pinned-hosts" in calls
    assert "aggregate set --property pinned=true pinned-hosts" in calls
    added = [call for call in calls if call.startswith("aggregate add host")]
    assert added == ["aggregate add host pinned-hosts two"]  # "one" is in it already
    assert "trait create CUSTOM_VGPU_SMALL" in calls
    of_providers = [call for call in calls if call.startswith("resource provider trait set")]
    kept = "--trait HW_OLD --trait CUSTOM_OLD --trait CUSTOM_VGPU_SMALL"
    assert of_providers == [f"resource provider trait set {kept} id-{n}" for n in (1, 2)]


def test_the_commands_make_nothing_twice(tmp_path: Path) -> None:
    text = fragment(demanding(NovaRelease.STEIN), "openstack", NAMES, {})
    calls = called(text, tmp_path, exists=True, **HOSTS)
    assert not [call for call in calls if call.startswith(("flavor create", "aggregate create"))]


def test_the_commands_ask_for_the_hosts_that_they_need() -> None:
    text = fragment(demanding(NovaRelease.STEIN), "openstack", NAMES, {})
    done = subprocess.run(
        ["sh", "-c", f"openstack() {{ :; }}\n{text}"],
        env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "COMPUTE_HOSTS: Name the hosts" in done.stderr


@pytest.mark.parametrize("name", ["db large", "a'b", '$(touch "x")'])
def test_any_name_is_one_word_of_a_command_and_one_scalar_of_yaml(
    name: str, tmp_path: Path
) -> None:
    plan, names = of(needed(ExtraSpec("hw:a", name))), Names(name, name)
    calls = called(fragment(plan, "openstack", names, {}), tmp_path, exists=False)
    assert f"flavor set --property hw:a={name} {name}" in calls
    (play,) = yaml.safe_load(fragment(plan, "ansible", names, {}))
    flavor = play["tasks"][0]["openstack.cloud.compute_flavor"]
    assert (flavor["name"], flavor["extra_specs"]) == (name, {"hw:a": name})


def test_what_is_only_advised_is_shown_and_not_done(tmp_path: Path) -> None:
    plan = of(needed(ExtraSpec("hw:a", "1"), Necessity.ADVISED))
    text = fragment(plan, "openstack", NAMES, {})
    assert "# openstack flavor set --property hw:a=1 demanding" in text
    assert not [call for call in called(text, tmp_path, exists=True) if "hw:a" in call]


# ---- the playbook


class Loader(yaml.SafeLoader):
    """YAML as Ansible reads it."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def playbook(plan: CloudPlan, facts: Mapping[HostFact, str] | None = None) -> list[Any]:
    read: list[Any] = yaml.load(fragment(plan, "ansible", NAMES, facts or {}), Loader)  # noqa: S506
    return read


def tasks(plays: list[Any]) -> dict[str, Any]:
    """By module; of one that is used several times, the last."""
    return {
        module: arguments
        for play in plays
        for task in play["tasks"]
        for module, arguments in task.items()
        if module != "name"
    }


def test_the_playbook_makes_what_the_commands_make() -> None:
    plan = demanding(NovaRelease.STEIN)
    found = tasks(playbook(plan))
    flavor = found["openstack.cloud.compute_flavor"]
    assert flavor["extra_specs"] == dict(plan.extra_specs)
    assert flavor["vcpus"] == 4
    aggregate = found["openstack.cloud.host_aggregate"]
    assert aggregate["metadata"] == {"pinned": "true"}
    assert aggregate["purge_hosts"] is False
    assert found["openstack.cloud.trait"] == {"id": "CUSTOM_VGPU_SMALL"}


def test_the_playbook_copies_the_fragments_as_they_are() -> None:
    plan = demanding()
    copied = {
        task["ansible.builtin.copy"]["dest"]: task["ansible.builtin.copy"]["content"]
        for play in playbook(plan, GUIDE)
        for task in play["tasks"]
        if "ansible.builtin.copy" in task
    }
    assert copied == {
        "/etc/nova/nova.conf.d/60-demanding.conf": fragment(plan, "nova.conf", NAMES, GUIDE),
        "/etc/cinder/cinder.conf.d/60-demanding.conf": fragment(plan, "cinder.conf", NAMES, {}),
        "/etc/modprobe.d/60-demanding.conf": fragment(plan, "modprobe", NAMES, {}),
    }


def test_metadata_is_quoted_in_each_language(tmp_path: Path) -> None:
    plan = of(needed(AggregateMetadata("a key", 'it\'s "so"')))
    calls = called(fragment(plan, "openstack", NAMES, {}), tmp_path, exists=False, **HOSTS)
    assert 'aggregate set --property a key=it\'s "so" pinned-hosts' in calls
    aggregate = tasks(playbook(plan))["openstack.cloud.host_aggregate"]
    assert aggregate["metadata"] == {"a key": 'it\'s "so"'}


def test_soft_delete_is_set_for_api_and_compute_alike() -> None:
    plan = cloud_plan(plan_of("base"), NEWEST, [ABILITIES["soft-delete"]])
    text = fragment(plan, "nova.conf", NAMES, {})
    assert options(text) == {"DEFAULT": {"reclaim_instance_interval": "604800"}}
    assert "# Read by nova-api and nova-compute." in text
