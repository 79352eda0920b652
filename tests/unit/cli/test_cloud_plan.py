"""The verb ``cloud plan``, and the group that it is in."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sysfs_hosts import guides_host, interleaved, written

from builder.cli.verbs import CLOUD_VERBS, cli
from builder.cloud.plan.fragments import TEMPLATES


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["cloud", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_plan_is_of_the_newest_nova_where_none_is_named() -> None:
    code, out, _ = run("plan", "pinned-scsi")
    assert code == 0
    assert out.startswith("pinned-scsi on Nova 2026.2 (Hibiscus)\n")
    assert "  hw:cpu_policy=dedicated\n" in out


@pytest.mark.parametrize("name", ["train", "20", "20.1.0"])
def test_a_release_is_named_in_any_of_its_ways(name: str) -> None:
    code, out, _ = run("plan", "pinned-scsi", "--nova", name)
    assert code == 0
    assert out.startswith("pinned-scsi on Nova Train\n")


def test_an_unknown_release_is_refused_with_those_that_are_known() -> None:
    code, out, err = run("plan", "pinned-scsi", "--nova", "2031.1")
    assert (code, out) == (2, "")
    assert "'2031.1' is not a release of Nova that is known here" in err
    assert "Queens to 2026.2 (Hibiscus)" in " ".join(err.split())


@pytest.mark.parametrize("form", TEMPLATES)
def test_every_format_is_printed(form: str) -> None:
    code, out, _ = run("plan", "pinned-scsi", "--format", form)
    assert code == 0
    assert "What pinned-scsi needs of" in out


def test_flavor_and_aggregate_have_the_names_that_are_given() -> None:
    names = ("--flavor", "db.large", "--aggregate", "pinned-hosts")
    _, out, _ = run("plan", "pinned-scsi", "--nova", "stein", "--format", "openstack", *names)
    assert "openstack flavor show db.large" in out
    assert "openstack aggregate create pinned-hosts" in out


@pytest.mark.parametrize("name", ["-x", "", " ", "a\nb"])
def test_a_name_that_commands_would_misread_is_refused(name: str) -> None:
    code, out, err = run("plan", "pinned-scsi", "--format", "openstack", f"--flavor={name}")
    assert (code, out) == (2, "")
    assert "is not the name of a flavor or an aggregate" in err


def test_json_has_the_whole_plan() -> None:
    code, out, _ = run("plan", "pinned-scsi", "--json", "--with", "soft-delete")
    assert code == 0
    owners = {owner for need in json.loads(out)["needs"] for owner in need["owners"]}
    assert {"cpu-pinning", "soft-delete"} <= owners


def test_json_and_a_format_are_not_given_together() -> None:
    code, _, err = run("plan", "pinned-scsi", "--json", "--format", "ansible")
    assert code == 2
    assert "give it without --format" in err


def test_what_the_cloud_shall_do_besides_is_asked_for_by_name() -> None:
    assert "reclaim_instance_interval" not in run("plan", "pinned-scsi")[1]
    twice = ("--with", "soft-delete", "--with", "soft-delete")
    _, out, _ = run("plan", "pinned-scsi", *twice)
    assert out.count("[DEFAULT] reclaim_instance_interval = 604800\n") == 1
    code, _, err = run("plan", "pinned-scsi", "--with", "hibernation")
    assert code == 2
    assert "soft-delete" in err


@pytest.mark.parametrize("verb", CLOUD_VERBS)
def test_the_list_of_verbs_says_what_each_verbs_own_help_begins_with(verb: str) -> None:
    code, listed, _ = run("--help")
    assert code == 0
    group = cli.get_command(click.Context(cli), "cloud")
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    paragraph = str(command.help).split("\n\n")[0]
    assert " ".join(paragraph.split()) == CLOUD_VERBS[verb]
    assert re.search(rf"^  {verb}  ", listed, re.MULTILINE)
    assert f"guest-image cloud {verb}" in str(command.help).split("Examples:")[1]


def test_an_unknown_verb_below_cloud_names_the_nearest() -> None:
    code, _, err = run("paln", "pinned-scsi")
    assert code == 2
    assert "Did you mean 'plan'?" in err


def test_the_topology_of_a_host_fills_the_fragments(tmp_path: Path) -> None:
    host = written(tmp_path, guides_host(interleaved))
    of_host = ("plan", "pinned-scsi", "--host-topology", str(host), "--host-cpus", "0-3")
    _, out, _ = run(*of_host, "--format", "nova.conf")
    assert "cpu_dedicated_set = 4-19,24-39\n" in out
    assert "reserved_host_memory_mb = 4096\n" in out
    _, out, _ = run(*of_host, "--format", "kernel-arguments")
    assert "4-19,24-39" in out
    _, out, _ = run(*of_host)
    assert "compute host: 2 sockets, 2 NUMA nodes, 20 cores, 40 CPUs" in out
    _, out, _ = run(*of_host, "--json", "--host-page", str(tmp_path / "host.html"))
    assert json.loads(out)["host"]["host_cpus"] == "0-3,20-23"
    assert "4-19,24-39" in (tmp_path / "host.html").read_text(encoding="utf-8")


def test_cpus_of_no_host_are_refused(tmp_path: Path) -> None:
    code, _, err = run("plan", "pinned-scsi", "--host-cpus", "0-3")
    assert (code, "give its --host-topology" in err) == (2, True)
    host = str(written(tmp_path, guides_host(interleaved)))
    code, _, err = run("plan", "pinned-scsi", "--host-topology", host, "--host-cpus", "3-0")
    assert (code, "3-0 ends before it begins" in err) == (2, True)
