"""``cloud check`` and ``cloud apply`` on a real Nova and Placement, as three roles."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allinone.resources import FLAVORS
from allinone.site import Site
from serving import LIMIT, boot, domain

from builder.cloud.apply.desired_state import TAG

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = pytest.mark.cloud

HOST = "all-in-one"
SMALL = ("--vcpus", "1", "--disk", "1")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(site: Site) -> Generator[Run]:
    """Run a verb of ``cloud`` for a profile in a cloud of ``clouds.yaml``."""
    environment = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(site.clouds_yaml),
        "no_proxy": "127.0.0.1",
    }

    def run_verb(verb: str, profile: str, cloud: str, *options: str) -> Any:
        words = ["guest-image", "cloud", verb, profile, "--cloud", cloud, *options]
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=120, check=False, env=environment
        )
        assert "Traceback" not in done.stderr
        assert site.password not in done.stdout + done.stderr
        return done

    yield run_verb
    for profile in ("pinned-scsi", "base"):
        run_verb("apply", profile, "local", "--remove")


def judged(run: Run, profile: str, cloud: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code of a check, and its lines by what is needed."""
    begin = time.monotonic()
    done = run("check", profile, cloud, "--json")
    print(f"checked in {time.monotonic() - begin:.1f} s")
    assert done.stdout, done.stderr
    return done.returncode, {line["needed"]: line for line in json.loads(done.stdout)["lines"]}


def verdicts(lines: dict[str, dict[str, Any]], *subjects: str) -> list[str]:
    return [lines[subject]["verdict"] for subject in subjects]


def test_an_image_that_needs_nothing_is_honoured(run: Run) -> None:
    code, lines = judged(run, "base", "local")
    assert code == 0
    subjects = ("a flavor", "quota", "compute hosts", "1 VCPU on one host", "Nova's release")
    assert set(verdicts(lines, *subjects)) == {"right"}
    assert "2.104" in lines["Nova's release"]["seen"]
    assert lines["1 VCPU on one host"]["seen"] == lines["compute hosts"]["seen"].replace(
        f"{HOST} up and enabled", f"free on {os.uname().nodename}"
    )


def test_a_flavor_is_made_with_which_a_pinned_server_comes_up(
    run: Run, cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    code, lines = judged(run, "pinned-scsi", "local")
    assert (code, verdicts(lines, "a flavor")) == (1, ["wrong"])
    assert verdicts(lines, "1 PCPU on one host", "COMPUTE_STORAGE_BUS_SCSI") == ["right"] * 2

    shown = run("apply", "pinned-scsi", "local", "--dry-run", *SMALL)
    assert shown.returncode == 0
    assert cloud.compute.find_flavor("pinned-scsi") is None
    done = run("apply", "pinned-scsi", "local", *SMALL)
    assert (done.returncode, done.stdout) == (0, shown.stdout)
    assert run("apply", "pinned-scsi", "local", *SMALL).stdout == "local: nothing to change\n"

    code, lines = judged(run, "pinned-scsi", "local")
    assert code == 0, lines
    assert verdicts(lines, "a flavor", "all of that on one host") == ["right", "right"]

    flavor = cloud.compute.find_flavor("pinned-scsi", ignore_missing=False)
    server = boot(cloud, tmp_path, {"hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"},
                  flavor_id=flavor.id)  # fmt: skip
    assert domain(site, server).find("./cputune/vcpupin") is not None
    code, lines = judged(run, "pinned-scsi", "local")
    assert lines["1 PCPU on one host"]["seen"] == ("none has as many free; all together have 1")
    assert code == 1

    cloud.compute.delete_server(server)
    cloud.compute.wait_for_server(server, status="SOFT_DELETED", wait=60)
    _, lines = judged(run, "pinned-scsi", "local")
    cloud.compute.delete_server(server, force=True)  # it keeps its processor, and is not listed
    cloud.compute.wait_for_delete(server, wait=LIMIT)
    assert verdicts(lines, "soft delete") == ["right"]


def test_what_differs_is_corrected(run: Run, cloud: "Connection") -> None:
    run("apply", "pinned-scsi", "local", *SMALL)
    flavor = cloud.compute.find_flavor("pinned-scsi", ignore_missing=False)
    cloud.compute.create_flavor_extra_specs(
        flavor, {"hw:cpu_policy": "shared", "hw:numa_nodes": "1"}
    )
    done = run("apply", "pinned-scsi", "local", *SMALL)
    assert done.stdout.splitlines()[1:] == [
        "  - hw:numa_nodes", "  ~ hw:cpu_policy=dedicated (was shared)"
    ]  # fmt: skip
    flavor = cloud.compute.find_flavor("pinned-scsi", get_extra_specs=True, ignore_missing=False)
    assert flavor.extra_specs == {"hw:cpu_policy": "dedicated", TAG: "pinned-scsi"}

    run("apply", "pinned-scsi", "local", *SMALL, "--memory", "512")
    anew = cloud.compute.find_flavor("pinned-scsi", ignore_missing=False)
    assert (anew.ram, anew.id != flavor.id) == (512, True)


def test_an_aggregate_keeps_the_scheduler_content(
    run: Run, cloud: "Connection", site: Site, tmp_path: Path
) -> None:
    done = run("apply", "pinned-scsi", "local", "--nova", "stein", "--host", HOST, *SMALL)
    assert done.returncode == 0, done.stderr
    (aggregate,) = cloud.compute.aggregates()
    assert aggregate.metadata == {"pinned": "true", TAG: "pinned-scsi"}
    assert aggregate.hosts == [HOST]
    flavor = cloud.compute.find_flavor("pinned-scsi", ignore_missing=False)
    server = boot(cloud, tmp_path, {}, flavor_id=flavor.id)
    assert domain(site, server).find("./cputune/vcpupin") is not None

    assert run("apply", "pinned-scsi", "local", "--remove").returncode == 0
    assert list(cloud.compute.aggregates()) == []
    assert {flavor.name for flavor in cloud.compute.flavors()} == set(FLAVORS)
    assert cloud.compute.get_server(server).status == "ACTIVE"


def test_a_host_that_is_not_there_is_told_and_the_command_goes_on_from_there(
    run: Run, cloud: "Connection"
) -> None:
    words = ("apply", "pinned-scsi", "local", "--nova", "stein", *SMALL)
    done = run(*words, "--host", "elsewhere")
    assert done.returncode == 5
    assert "elsewhere" in done.stderr
    assert run(*words, "--host", HOST).returncode == 0
    assert [aggregate.hosts for aggregate in cloud.compute.aggregates()] == [[HOST]]


@pytest.mark.parametrize("user", ["member", "reader"])
def test_who_is_no_administrator_is_told_what_is_unknowable(run: Run, user: str) -> None:
    code, lines = judged(run, "base", user)
    assert code == 0
    assert verdicts(lines, "a flavor", "quota") == ["right", "right"]
    for subject in ("compute hosts", "1 VCPU on one host", "soft delete"):
        assert (lines[subject]["verdict"], lines[subject]["seen"]) == (
            "unknowable",
            "this role may not see it",
        )


@pytest.mark.parametrize("user", ["member", "reader"])
def test_who_is_no_administrator_makes_no_flavor(run: Run, cloud: "Connection", user: str) -> None:
    done = run("apply", "pinned-scsi", user)
    assert done.returncode == 5
    assert "HTTP 403" in done.stderr
    assert "administrator's credentials" in done.stderr
    assert cloud.compute.find_flavor("pinned-scsi") is None


def test_somebody_elses_flavor_is_not_touched(run: Run, cloud: "Connection") -> None:
    name = next(iter(FLAVORS))
    before = cloud.compute.find_flavor(name, get_extra_specs=True, ignore_missing=False).to_dict()
    done = run("apply", "pinned-scsi", "local", "--flavor", name)
    assert done.returncode == 5
    assert f"The flavor {name} is there, and was not made for pinned-scsi" in done.stderr
    assert run("apply", "pinned-scsi", "local", "--remove").stdout == "local: nothing to change\n"
    after = cloud.compute.find_flavor(name, get_extra_specs=True, ignore_missing=False).to_dict()
    assert after == before
