"""Units as packages and administrators leave them, without a running systemd."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.feature import CheckFailed
from builder.linux.systemd import State, require_started, unit

INSTALLABLE = "[Service]\nExecStart=/bin/x\n[Install]\nWantedBy=multi-user.target\n"
# Debian's package has an empty [Install] section, and a rule in two lines.
AGENT = "[Unit]\nBindsTo=dev-virtio\\x2dports-org.qemu.guest_agent.0.device\n[Service]\n[Install]\n"
RULE = """\
SUBSYSTEM=="virtio-ports", ATTR{name}=="org.qemu.guest_agent.0", \\
  TAG+="systemd", ENV{SYSTEMD_WANTS}="qemu-guest-agent.service"
"""
ETC = "/etc/systemd/system"
LIB = "/lib/systemd/system"

STATES = {
    "enabled": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            f"{ETC}/multi-user.target.wants/x.service": Link(f"{LIB}/x.service"),
        },
        State.ENABLED,
    ),
    "enabled through requires": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            f"{ETC}/a.target.requires/x.service": Link(f"{LIB}/x.service"),
        },
        State.ENABLED,
    ),
    "enabled by a dangling link, of which systemd takes only the name": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            f"{ETC}/multi-user.target.wants/x.service": Link("/nowhere/x.service"),
        },
        State.ENABLED,
    ),
    "enabled by a device": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            rf"{ETC}/dev-virtio\x2dports-a.device.wants/x.service": Link(f"{LIB}/x.service"),
        },
        State.ENABLED,
    ),
    "disabled": ({f"{LIB}/x.service": INSTALLABLE}, State.DISABLED),
    "static": ({f"{LIB}/x.service": AGENT}, State.STATIC),
    "wanted by the vendor": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            f"{LIB}/sysinit.target.wants/x.service": Link("../x.service"),
        },
        State.STATIC,
    ),
    "masked by a link": (
        {
            f"{LIB}/x.service": INSTALLABLE,
            f"{ETC}/x.service": Link("/dev/null"),
            f"{ETC}/multi-user.target.wants/x.service": Link(f"{LIB}/x.service"),
        },
        State.MASKED,
    ),
    "masked by an empty file": (
        {f"{LIB}/x.service": INSTALLABLE, f"{ETC}/x.service": b""},
        State.MASKED,
    ),
    "masked by the vendor": ({f"{LIB}/x.service": Link("/dev/null")}, State.MASKED),
    "missing": ({f"{LIB}/y.service": INSTALLABLE}, State.MISSING),
    "missing although wanted": (
        {f"{ETC}/multi-user.target.wants/x.service": Link(f"{LIB}/x.service")},
        State.MISSING,
    ),
    "replaced by the administrator": (
        {f"{LIB}/x.service": AGENT, f"{ETC}/x.service": INSTALLABLE},
        State.DISABLED,
    ),
    "alias of an enabled unit": (
        {
            f"{LIB}/real.service": INSTALLABLE,
            f"{ETC}/x.service": Link(f"{LIB}/real.service"),
            f"{ETC}/multi-user.target.wants/real.service": Link(f"{LIB}/real.service"),
        },
        State.ENABLED,
    ),
    "aliases in a circle": (
        {f"{ETC}/x.service": Link("y.service"), f"{ETC}/y.service": Link("x.service")},
        State.MISSING,
    ),
    "on a merged usr": (
        {
            "/lib": Link("usr/lib"),
            "/usr/lib/systemd/system/x.service": INSTALLABLE,
            f"{ETC}/multi-user.target.wants/x.service": Link(f"{LIB}/x.service"),
        },
        State.ENABLED,
    ),
}


@pytest.mark.parametrize(("tree", "state"), STATES.values(), ids=STATES.keys())
def test_a_unit_is(tree: Tree, state: State) -> None:
    assert unit(FakeFilesystem(tree), "x.service").state is state


def test_an_instance_is_made_of_its_template() -> None:
    tree = {
        f"{LIB}/getty@.service": INSTALLABLE,
        f"{ETC}/getty.target.wants/getty@tty1.service": Link(f"{LIB}/getty@.service"),
    }
    assert unit(FakeFilesystem(tree), "getty@tty1.service").state is State.ENABLED
    assert unit(FakeFilesystem(tree), "getty@tty2.service").state is State.DISABLED


AGENT_TREE: Tree = {
    f"{LIB}/qemu-guest-agent.service": AGENT,
    "/lib/udev/rules.d/60-qemu-guest-agent.rules": RULE,
    "/lib/udev/rules.d/10-other.rules": 'ENV{SYSTEMD_WANTS}+="other.service"\n',
}


def test_a_static_unit_is_started_by_a_udev_rule() -> None:
    found = unit(FakeFilesystem(AGENT_TREE), "qemu-guest-agent.service")
    assert found.state is State.STATIC
    assert found.started_by == ("/lib/udev/rules.d/60-qemu-guest-agent.rules",)


@pytest.mark.parametrize(
    "hidden", [Link("/dev/null"), b"", "# " + RULE], ids=["masked", "emptied", "commented out"]
)
def test_a_rule_of_the_administrator_hides_that_of_the_package(hidden: bytes | str | Link) -> None:
    tree = {**AGENT_TREE, "/etc/udev/rules.d/60-qemu-guest-agent.rules": hidden}
    assert unit(FakeFilesystem(tree), "qemu-guest-agent.service").started_by == ()


def test_what_starts_a_unit_is_told() -> None:
    seen = require_started(FakeFilesystem(AGENT_TREE), "qemu-guest-agent.service")
    rule = "/lib/udev/rules.d/60-qemu-guest-agent.rules"
    assert seen == f"qemu-guest-agent.service is static, started by {rule}"


@pytest.mark.parametrize(
    ("tree", "cause"),
    [
        ({}, "x.service is not installed"),
        (STATES["masked by a link"][0], f"x.service is masked by {ETC}/x.service"),
        (STATES["disabled"][0], "x.service is disabled: no .wants or .requires link"),
        (STATES["static"][0], "x.service is static: no .wants or .requires link and no udev rule"),
    ],
)
def test_a_unit_that_nothing_starts_is_told_why(tree: Tree, cause: str) -> None:
    with pytest.raises(CheckFailed, match=cause):
        require_started(FakeFilesystem(tree), "x.service")
