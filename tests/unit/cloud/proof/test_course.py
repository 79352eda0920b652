"""The course of a server through a small Nova: that of a good one, and of those that are not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_images import image
from guest_lines import FACTS, FLAVOR, PLUGGED, PROPERTIES, ROOT, STEPS, SYSTEM, told
from small_cinder import Cinder
from small_nova import serving
from small_servers import ServingNova, without_volumes

from builder.cloud.api.client import CloudApi
from builder.cloud.observation.sight import Sight
from builder.cloud.proof.course import Course
from builder.cloud.proof.leftovers import at_work
from builder.cloud.proof.parameters import Limits, Setting
from builder.cloud.proof.steps import guest
from builder.cloud.server import operator, watcher
from builder.cloud.server.operator import Operator
from builder.cloud.server.servers import Servers
from builder.cloud.server.volumes import Volumes
from builder.errors import CloudError, InputError
from builder.feature import Outcome
from builder.terminal.progress import Progress

SOON = 0.5
LIMITS = Limits(
    active=1, boot=SOON, agent=1, password=SOON, resize=SOON, volume=SOON, action=SOON, deleted=SOON
)
PANIC = "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n"

Run = Callable[..., Sight]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Go through the course of a server; properties are added to the image's, or replace them."""
    monkeypatch.setattr(watcher, "POLL", 0.01)
    monkeypatch.setattr(guest, "POLL", 0.01)

    def go(
        nova: ServingNova, operator: Operator | None = None, cloud: Any = serving, **properties: str
    ) -> Sight:
        """A property that is empty is left away."""
        kept = {name: value for name, value in {**PROPERTIES, **properties}.items() if value}
        setting = Setting(
            image=image("an-image", properties=kept),
            build="20260102T030405Z-3f9c2a",
            flavor=FLAVOR,
            network="none",
            operator=operator,
            limits=LIMITS,
        )
        with cloud(nova, tmp_path) as clouds, at_work(tmp_path / "state", "here") as proof:
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
            api = CloudApi("mine")
            course = Course(Servers(api), Volumes(api), setting, proof, Progress())
            try:
                course.run()
            finally:
                proof.servers.clear()
                proof.volumes.clear()
        return course.sight

    return go


def test_everything_is_seen_of_a_server_that_is_good(run: Run) -> None:
    sight = run(ServingNova())
    ends = {name: step.outcome for name, step in sight.steps.items()}
    assert ends == {**dict.fromkeys(STEPS, Outcome.PASSED), "resize": Outcome.SKIPPED}
    assert [*sight.boots] == ["first", "rescued", "rebuilt", "returned"]
    assert "watchdog stopped: reset; the guest came back" in sight.steps["watchdog"].seen


ABSENT = "the cloud has no volumes: its catalogue names no block storage"
VOLUMES: list[tuple[dict[str, Any], dict[str, str], str, str, str]] = [
    ({"silent": {1}}, {}, "attach", "skipped", "in its first boot"),
    ({}, {"hw_disk_bus": "ide"}, "attach", "skipped", "a disk on ide"),
    *(
        ({"cinder": Cinder(**fields)}, {}, step, outcome, seen)
        for fields, step, outcome, seen in (
            ({"refusals": {"create": 413}, "words": "VolumeLimitExceeded: 10 allowed"},
             "attach", "skipped", "no quota left for a volume: HTTP 413: VolumeLimitExceeded"),
            ({"refusals": {"create": 403}}, "attach", "skipped", "could not make a volume"),
            ({"refusals": {"create": 500}}, "attach", "error", "HTTP 500: It cannot be done"),
            ({"refusals": {"show": 404}}, "attach", "error", "Volume 7a3b of cloud 'mine' is gone"),
            ({"made": "error"}, "attach", "error", "could not make volume 7a3b: it is error"),
            ({"made": "creating"}, "attach", "failed", "waiting for volume 7a3b to be made"),
            ({"refusals": {"attach": 400}}, "attach", "error", "could not attach volume 7a3b"),
            ({"attached": "available"}, "attach", "error",
             "could not attach volume 7a3b to server 5e4f: it is available"),
            ({"attached": "reserved"}, "attach", "failed", "waiting for volume 7a3b to be attach"),
            ({"detached": "in-use"}, "detach", "failed", "does not let the volume go"),
            ({"detached": "error_detaching"}, "detach", "error", "5e4f: it is error_detaching"),
            ({"refusals": {"detach": 500}}, "detach", "error", "could not detach volume 7a3b"),
            ({"deleted": "error_deleting"}, "detach", "error", "it is error_deleting"),
            ({"refusals": {"delete": 500}}, "detach", "error", "7a3b could not be deleted"),
        )
    ),
    ({"plugged": None}, {}, "attach", "failed", "waiting for the guest to see the volume"),
    ({"plugged": {**PLUGGED, "bytes": 5}}, {}, "attach", "failed", "/dev/sdc of 5 bytes"),
    ({"lets_go": False}, {}, "detach", "failed", "waiting for the guest to see the volume go"),
]  # fmt: skip
REFUSED_PASSWORD = {"changePassword": 501}


@pytest.mark.parametrize(
    ("fields", "properties", "step", "outcome", "seen"),
    [
        ({}, {"os_type": "windows"}, "report", "skipped", "only a Linux guest"),
        ({"refusals": {"os-getConsoleOutput": 409}}, {}, "report", "skipped", "no console log"),
        ({"noise": PANIC, "silent": {1}}, {}, "report", "failed", "Kernel panic"),
        ({"silent": {1}}, {}, "report", "failed", "waiting for the first boot's report"),
        ({"silent": {1}}, {}, "password", "skipped", "in its first boot"),
        ({}, {"hw_qemu_guest_agent": ""}, "password", "skipped", "Nova asks no agent"),
        ({"refusals": REFUSED_PASSWORD}, {}, "password", "failed", "agent did not answer Nova"),
        ({"refusals": {"changePassword": 403}}, {}, "password", "skipped", "Policy"),
        ({"refusals": {"changePassword": 500}}, {}, "password", "error", "HTTP 500"),
        ({"enters_before": True}, {}, "password", "failed", "could log in before"),
        ({"enters_after": False}, {}, "password", "failed", "cannot log in with the password"),
        *VOLUMES,
        ({"silent": {2}}, {}, "rescue", "failed", "waiting for the rescued boot's report"),
        ({"refusals": {"rescue": 403}}, {}, "rescue", "skipped", "could not rescue server 5e4f"),
        ({"newest": "2.56"}, {}, "rebuild", "skipped", "needs microversion 2.57"),
        ({"silent": {3}}, {}, "watchdog", "skipped", "in its rebuilt boot"),
        ({}, {"hw_watchdog_action": ""}, "watchdog", "skipped", "asks for no watchdog"),
        ({"holders": ()}, {}, "watchdog", "failed", "no process of the guest holds"),
        ({}, {"hw_watchdog_action": "none"}, "watchdog", "skipped", "leaves no trace outside"),
        ({}, {"hw_watchdog_action": "pause"}, "watchdog", "failed", "5e4f to be paused"),
        ({"hung_boot": "another"}, {}, "watchdog", "failed", "came back from another boot"),
        ({"keeps_deleted": False}, {}, "soft-delete", "skipped", "the cloud deletes at once"),
    ],
)  # fmt: skip
def test_a_step_tells_what_was_seen(
    run: Run, fields: dict[str, Any], properties: dict[str, str],
    step: str, outcome: str, seen: str,
) -> None:  # fmt: skip
    if "silent" in fields:
        fields = {**fields, "silent": frozenset(fields["silent"])}
    found = run(ServingNova(**fields), **properties).steps[step]
    assert (found.outcome, seen in found.seen) == (outcome, True), found


def test_a_cloud_without_volumes_is_proven_without(run: Run) -> None:
    sight = run(ServingNova(), cloud=without_volumes)
    seen = {name: (step.outcome, step.seen) for name, step in sight.steps.items()}
    assert seen["attach"] == ("skipped", ABSENT)
    assert seen["detach"] == ("skipped", "the guest has seen no volume")
    assert seen["soft-delete"][0] == "passed"


@pytest.mark.parametrize("action", ["poweroff", "pause"])
def test_a_watchdog_that_stops_the_guest_is_seen_by_nova(run: Run, action: str) -> None:
    seen = run(ServingNova(action=action), hw_watchdog_action=action).steps["watchdog"]
    assert seen.outcome is Outcome.PASSED, seen


def test_the_server_is_out_of_rescue_after_a_rescue_that_failed(run: Run) -> None:
    sight = run(ServingNova(silent=frozenset({2})))
    assert sight.steps["rebuild"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "ERROR", "fault": "Disk is broken"}, "the server is in ERROR: Disk is broken"),
        ({"status": "ERROR"}, "Nova does not say why"),
        (
            {"status": "ERROR", "fault": "No valid host was found.", "candidates": 0},
            "Placement has no host with PCPU:1 left.",
        ),
        ({"status": "BUILD"}, r"timed out after 1 s waiting for server 5e4f to be ACTIVE"),
        ({"vanishes": True}, "Server 5e4f of cloud 'mine' is gone"),
        ({"refusals": {"create": 403}}, "could not make a server"),
    ],
)
def test_a_server_that_does_not_come_up_ends_the_proof(
    run: Run, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(CloudError, match=words):
        run(ServingNova(**fields))


def test_a_console_with_another_servers_lines_tells_nothing(run: Run) -> None:
    sight = run(ServingNova(noise=told(*FACTS), silent=frozenset({1})))
    assert sight.steps["report"].outcome is Outcome.FAILED


# ---- with an operator's libvirt

DOMAIN = "<domain><devices><disk device='disk'><target dev='sda'/></disk></devices></domain>"
URI = "qemu+ssh://compute/system"

Virsh = Callable[..., Path]


@pytest.fixture
def virsh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Virsh:
    """Put a ``virsh`` on PATH that fails or hangs at a command; returns where it notes sizes."""

    def install(broken: str = "", failure: str = "echo 'error: it is so' >&2; exit 1") -> Path:
        sizes = tmp_path / "size"
        program = tmp_path / "bin" / "virsh"
        program.parent.mkdir()
        program.write_text(
            f"""#!/bin/sh
[ "$3" != "{broken}" ] || {{ {failure}; }}
case $3 in
    dumpxml) echo "{DOMAIN}" ;;
    blockresize) [ "$5" = sda ] && echo "$6" > {sizes} ;;
esac
"""
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        return sizes

    return install


def test_a_guest_sees_its_disk_grow(run: Run, virsh: Virsh) -> None:
    nova = ServingNova(resized=virsh())
    seen = run(nova, Operator(URI)).steps["resize"]
    assert (seen.outcome, seen.seen) == (
        Outcome.PASSED, "/dev/sda grew from 5 to 6 GiB at run time"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "facts", "outcome", "seen"),
    [
        ("dumpxml", FACTS, "skipped", f"the server does not run on the host of {URI}"),
        ("", (SYSTEM, {**ROOT, "root": False}), "skipped", "which disk its root is on"),
        ("blockresize", FACTS, "error", "libvirt could not resize the disk sda of server 5e4f"),
        ("", FACTS, "failed", "waiting for the guest to see that its disk grew"),
    ],
)
def test_a_disk_that_does_not_grow_is_told(
    run: Run, virsh: Virsh, broken: str, facts: Any, outcome: str, seen: str
) -> None:
    virsh(broken)
    found = run(ServingNova(facts=facts), Operator(URI)).steps["resize"]
    assert (found.outcome, seen in found.seen) == (outcome, True), found


def test_a_libvirt_that_does_not_answer_is_told_before_a_server_is_made(
    virsh: Virsh, monkeypatch: pytest.MonkeyPatch
) -> None:
    virsh("uri")
    with pytest.raises(InputError, match="error: it is so"):
        Operator(URI).require()


def test_a_libvirt_that_hangs_is_given_up(virsh: Virsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "LIMIT", 1.0)
    virsh("uri", failure="exec sleep 60")
    with pytest.raises(CloudError, match="does not answer"):
        Operator(URI).require()
