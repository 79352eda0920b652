"""An agent that starts, listens to Nova, sets passwords and freezes file systems."""

from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from fake_terminal import Terminal
from fakes import Link
from good_disk import AGENT_RULE, INSTALL, UNITS, WANTS, masked
from unit_states import beside_network

from builder.feature import CheckFailed
from builder.features import guest_agent

WRITER = {"systemd-run": "", "systemctl stop": "3100\n"}
FREEZING = {"guest-fsfreeze-freeze": 2, "guest-fsfreeze-thaw": 2}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that a probe gives the guest."""
    monkeypatch.setattr(guest_agent, "FROZEN_SECONDS", 0.5)


def supported(*blocked: str) -> dict[str, Any]:
    names = ("guest-ping", *sorted(guest_agent.NOVA_COMMANDS))
    commands = [{"name": name, "enabled": name not in blocked} for name in names]
    return {"guest-ping": {}, "guest-info": {"version": "7.2", "supported_commands": commands}}


def disks() -> Iterator[Case]:
    yield from good_disks(guest_agent.FEATURE.inspections)
    check = guest_agent.agent_will_start
    agent = "qemu-guest-agent.service"
    yield broken_disk(check, "no unit", {f"{UNITS}/{agent}": None}, "is not installed")
    yield broken_disk(
        check, "masked", masked(agent), f"{agent} is masked by /etc/systemd/system/{agent}"
    )
    drop_in = f"/etc/systemd/system/{agent}.d/vmware.conf"
    elsewhere = {drop_in: "[Unit]\nConditionVirtualization=vmware\n"}
    yield broken_disk(check, "condition", elsewhere, f"{drop_in}:2: has ConditionVirtualization=v")
    yield broken_disk(check, "no rule", {AGENT_RULE: None}, "no udev rule starts it")
    yield good_disk(
        check,
        "enabled",
        {
            f"{UNITS}/{agent}": INSTALL,
            f"{WANTS}/{agent}": Link("x"),
            AGENT_RULE: None,
        },
        f"{agent} is enabled",
    )
    check = guest_agent.agent_listens_on_port
    yield broken_disk(
        check,
        "another port",
        {"/etc/qemu/qemu-ga.conf": "[general]\nmethod=isa-serial\n"},
        "/etc/qemu/qemu-ga.conf:2 has method isa-serial, not virtio-serial",
    )
    check = guest_agent.agent_blocks_nothing_needed
    for path, text in {
        "/etc/qemu/qemu-ga.conf": "[general]\nblock-rpcs=guest-exec,guest-set-user-password\n",
        "/etc/sysconfig/qemu-ga": "BLACKLIST_RPC=guest-file-open,guest-set-user-password\n",
        "/etc/default/qemu-guest-agent": 'DAEMON_ARGS="--block-rpcs guest-set-user-password"\n',
    }.items():
        line = len(text.splitlines())
        yield broken_disk(
            check, path, {path: text}, f"{path}:{line} blocks guest-set-user-password"
        )
    allowed = (
        'FILTER_RPC_ARGS="--allow-rpcs=guest-fsfreeze-freeze,guest-fsfreeze-thaw,guest-ping"\n'
    )
    yield broken_disk(
        check,
        "not among those allowed",
        {"/etc/sysconfig/qemu-ga": allowed},
        "/etc/sysconfig/qemu-ga:1 blocks guest-set-user-password",
    )
    yield good_disk(
        check,
        "what is not needed is blocked",
        {"/etc/sysconfig/qemu-ga": "BLACKLIST_RPC=guest-exec,guest-file-open\n"},
        "no configuration blocks",
    )


def guests() -> Iterator[Case]:
    probe = guest_agent.agent_answers
    yield right_guest(probe, FakeGuest(agent=supported()), "7.2 answers")
    yield wrong_guest(
        probe,
        FakeGuest(agent=supported("guest-set-user-password")),
        "blocked or missing: guest-set-user-password",
    )
    yield wrong_guest(probe, FakeGuest(), "refused 'guest-ping'")
    probe = guest_agent.password_lets_in
    yield right_guest(probe, Terminal(honest=True), "password of debian")
    for lost in (1, 2, 6):
        yield right_guest(probe, Terminal(honest=True, lost=lost), "password of")
    yield wrong_guest(probe, Terminal(honest=False), "refused 'debian'")
    yield wrong_guest(
        probe,
        FakeGuest(agent={"guest-set-user-password": {}}, console="Starting kernel"),
        "could not log in on the console",
    )
    probe = guest_agent.agent_freezes_file_systems
    yield right_guest(
        probe, FakeGuest(WRITER, agent=FREEZING), "froze 2 file systems, a write waited 3.1 s"
    )
    yield wrong_guest(
        probe,
        FakeGuest({**WRITER, "systemctl stop": "200\n"}, agent=FREEZING),
        "no write to the root waited longer than 0.2 s",
    )
    yield wrong_guest(
        probe,
        FakeGuest(WRITER, agent={**FREEZING, "guest-fsfreeze-freeze": 0}),
        "froze no file system",
    )
    yield wrong_guest(probe, FakeGuest(WRITER), "'guest-fsfreeze-freeze'")
    probe = guest_agent.agent_returns_when_killed
    yield right_guest(
        probe,
        FakeGuest({"MainPID": "412\n", "kill -KILL 412": ""}, agent=supported()),
        "answers again",
    )
    yield wrong_guest(
        probe, FakeGuest({"MainPID": "412\n", "kill -KILL 412": ""}), "refused 'guest-ping'"
    )
    for process in ("0", "", "-1"):
        yield wrong_guest(
            probe,
            FakeGuest({"MainPID": f"{process}\n"}, agent=supported()),
            f"qemu-guest-agent.service is not running: systemd has MainPID={process}",
        )
    probe = guest_agent.agent_returns_after_reboot
    yield right_guest(probe, FakeGuest(agent=supported()), "after a reboot")
    yield wrong_guest(probe, FakeGuest(), "refused 'guest-ping'")
    probe = guest_agent.agent_needs_no_network
    yield right_guest(probe, FakeGuest(agent={"guest-ping": {}}), "answers without a network")
    yield wrong_guest(probe, FakeGuest(), "refused 'guest-ping'")
    probe = guest_agent.agent_starts_before_network
    yield right_guest(
        probe,
        FakeGuest(beside_network("qemu-guest-agent.service", 26)),
        "active 26 s after power-on, network-online.target after 42 s",
    )
    yield wrong_guest(
        probe,
        FakeGuest(beside_network("qemu-guest-agent.service", 43)),
        "was active 1 s after network-online.target: it waits for the network",
    )
    yield wrong_guest(
        probe, FakeGuest(beside_network("qemu-guest-agent.service", 0)), "has not been started"
    )


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


def test_file_systems_are_thawed_even_if_freezing_failed() -> None:
    thawed: list[str] = []

    def thaw() -> int:
        thawed.append("thawed")
        return 0

    with pytest.raises(CheckFailed, match="guest-fsfreeze-freeze"):
        guest_agent.agent_freezes_file_systems.function(
            FakeGuest(WRITER, agent={"guest-fsfreeze-thaw": thaw}),
            guest_agent.GuestAgentParameters(admin_user="debian"),
        )
    assert thawed == ["thawed"]
