"""What restricts the guest agent is told wherever it stands; what leaves it alone is not."""

import pytest
from fakes import FakeFilesystem, Tree

from builder.linux import guestagent

UNIT = f"/usr/lib/systemd/system/{guestagent.UNIT}"
DROP_IN = f"/etc/systemd/system/{guestagent.UNIT}.d/local.conf"
VENDOR = f"/usr/lib/systemd/system/{guestagent.UNIT}.d/a.conf"
CONF = "/etc/qemu/qemu-ga.conf"
DEFAULT = "/etc/default/qemu-guest-agent"
SYSCONFIG = "/etc/sysconfig/qemu-ga"
NEEDED = frozenset({"guest-set-user-password", "guest-fsfreeze-freeze"})
DEBIAN = "[Service]\nExecStart=-/usr/sbin/qemu-ga\n"
RED_HAT = (
    "[Service]\nEnvironmentFile=/etc/sysconfig/qemu-ga\nExecStart=/usr/bin/qemu-ga \\\n"
    f"  --method=virtio-serial --path={guestagent.PORT} \\\n"
    "  --block-rpcs=${BLACKLIST_RPC} $FILTER_RPC_ARGS -F${FSFREEZE_HOOK_PATHNAME}\n"
)


def run(command: str) -> Tree:
    return {DROP_IN: f"[Service]\nExecStart=\nExecStart={command}\n"}


def told(tree: Tree) -> list[str]:
    disk = FakeFilesystem({UNIT: DEBIAN, **tree})
    return [
        *guestagent.refused(disk),
        *guestagent.blocked_commands(disk, NEEDED),
        *guestagent.elsewhere(disk),
        *guestagent.confined(disk),
    ]


@pytest.mark.parametrize(
    ("tree", "seen"),
    [
        (run("qemu-ga -b guest-set-user-password"), f"{DROP_IN}:3 blocks guest-set-user-password"),
        (run("qemu-ga --blacklist=guest-exec,guest-set-user-password"), f"{DROP_IN}:3 blocks gue"),
        (run("qemu-ga -aguest-ping,guest-set-user-password"), f"{DROP_IN}:3 blocks guest-fsfreeze"),
        (
            {VENDOR: "[Service]\nExecStart=\nExecStart=qemu-ga --block=guest-fsfreeze-freeze\n"},
            f"{VENDOR}:3 blocks guest-fsfreeze-freeze",
        ),
        (
            {
                UNIT: "[Service]\nEnvironmentFile=-/etc/default/agent\nExecStart=qemu-ga $OPTS\n",
                "/etc/default/agent": "# x\nOPTS='-b guest-set-user-password'\n",
            },
            "/etc/default/agent:2 blocks guest-set-user-password",
        ),
        (
            {
                **run("qemu-ga -b ${OPTS}"),
                UNIT: "[Service]\nEnvironment=OPTS=guest-set-user-password\n",
            },
            f"{UNIT}:2 blocks guest-set-user-password",
        ),
        ({DEFAULT: 'DAEMON_ARGS="-b guest-set-user-password"\n'}, f"{DEFAULT}:1 blocks guest-set-"),
        (
            {UNIT: RED_HAT, SYSCONFIG: "BLACKLIST_RPC=guest-exec,guest-set-user-password\n"},
            f"{SYSCONFIG}:1 blocks guest-set-user-password",
        ),
        (
            {
                UNIT: RED_HAT,
                SYSCONFIG: 'FILTER_RPC_ARGS="--allow-rpcs=guest-ping,guest-fsfreeze-freeze"\n',
            },
            f"{SYSCONFIG}:1 blocks guest-set-user-password",
        ),
        ({CONF: "[general]\nblock-rpcs = guest-set-user-password\n"}, f"{CONF}:2 blocks guest-set"),
        (
            {
                DROP_IN: "[Service]\nExecStart=\nExecStart=qemu-ga -c /etc/ga.conf\n",
                "/etc/ga.conf": "[general]\nblacklist=guest-fsfreeze-freeze\n",
            },
            "/etc/ga.conf:2 blocks guest-fsfreeze-freeze",
        ),
        ({CONF: "[general]\nmethod=isa-serial\n"}, f"{CONF}:2 has method isa-serial, not virtio-"),
        ({CONF: "[general]\npath = /dev/ttyS1\n"}, f"{CONF}:2 has path /dev/ttyS1, not /dev/virti"),
        (
            {DROP_IN: "[Service]\nExecStart=\nExecStart=qemu-ga -m isa-serial\n"},
            f"{DROP_IN}:3 has method isa-serial",
        ),
        ({DEFAULT: "DAEMON_ARGS=--method=vsock-listen\n"}, f"{DEFAULT}:1 has method vsock-listen"),
        ({SYSCONFIG: "TRANSPORT_METHOD=isa-serial\n"}, f"{SYSCONFIG}:1 has method isa-serial"),
        (run("/bin/true"), f"{DROP_IN}:3 has {guestagent.UNIT} run no qemu-ga"),
        ({DROP_IN: "[Service]\nPrivateDevices=yes\n"}, f"{DROP_IN}:2 has PrivateDevices=yes: the"),
        ({DROP_IN: "[Service]\nProtectSystem=strict\n"}, "cannot write /etc/shadow"),
        ({DROP_IN: "[Service]\nUser=nobody\n"}, "has User=nobody: the agent is not root"),
        (
            {"/etc/systemd/system/service.d/cis.conf": "[Service]\nReadOnlyPaths=/etc /usr\n"},
            "/etc/systemd/system/service.d/cis.conf:2 has ReadOnlyPaths",
        ),
        (run("qemu-ga -vbguest-set-user-password"), f"{DROP_IN}:3 blocks guest-set-user-password"),
        (run("/bin/sh -c 'exec qemu-ga -b guest-set-user-password'"), f"{DROP_IN}:3 blocks guest-"),
        (
            {**run("qemu-ga -m isa-serial"), CONF: "[general]\nmethod=virtio-serial\n"},
            f"{DROP_IN}:3 has method isa-serial",
        ),
        ({DROP_IN: "[Service]\nPrivateUsers=yes\n"}, "PrivateUsers=yes: the agent cannot freeze"),
        ({DROP_IN: "[Service]\nDevicePolicy=closed\n"}, "the agent does not see its port"),
        (
            {CONF: "[general]\nblock-rpcs=guest-exec\nallow-rpcs=guest-set-user-password\n"},
            f"{CONF}:2 has block-rpcs, and {CONF}:3 allow-rpcs: before 9.1 the agent does not",
        ),
        (run("qemu-ga -b guest-exec --allow-rpcs guest-ping"), f"{DROP_IN}:3 has block-rpcs, and"),
        (
            run("qemu-ga -a guest-ping -a guest-fsfreeze-freeze"),
            f"{DROP_IN}:3 blocks guest-set-user-password",
        ),
        ({DROP_IN: "[Service]\nInaccessiblePaths=-/etc/shadow\n"}, "cannot write /etc/shadow"),
    ],
)
def test_a_restriction_is_told_with_its_line(tree: Tree, seen: str) -> None:
    said = told(tree)
    assert [each for each in said if seen in each], said


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {UNIT: RED_HAT, SYSCONFIG: "BLACKLIST_RPC=guest-exec\nFSFREEZE_HOOK_PATHNAME=/etc/q\n"},
        {UNIT: RED_HAT, SYSCONFIG: "# BLACKLIST_RPC=guest-set-user-password\n"},
        {DROP_IN: "[Service]\nExecStart=\nExecStart=qemu-ga -m virtio-serial -b guest-exec -v\n"},
        {
            DROP_IN: "[Service]\nExecStart=\nExecStart=qemu-ga -b guest-set-user-password\n",
            DROP_IN.replace("local", "zz"): "[Service]\nExecStart=\nExecStart=qemu-ga\n",
        },
        {f"{DROP_IN}.bak": "[Service]\nExecStart=\nExecStart=qemu-ga -b guest-set-user-password\n"},
        {
            "/etc/systemd/system/other.service.d/a.conf": "[Service]\nUser=nobody\n",
            DROP_IN: "[Service]\nProtectSystem=no\nRestart=always\nUser=root\n",
        },
        {CONF: f"[general]\nmethod=virtio-serial\npath={guestagent.PORT}\n#block-rpcs=guest-set\n"},
        {CONF: "[general]\nallow-rpcs=guest-set-user-password,guest-fsfreeze-freeze,guest-ping\n"},
        {
            CONF: "[general]\nallow-rpcs=guest-ping,guest-set-user-password\n",
            **run("qemu-ga -a guest-fsfreeze-freeze"),
        },
        {CONF: "[general]\nblock-rpcs=guest-exec\n", DEFAULT: "DAEMON_ARGS=-bguest-file-open\n"},
        {DROP_IN: "[Service]\nCapabilityBoundingSet=~CAP_SYS_BOOT\n"},
        {DEFAULT: "#DAEMON_ARGS='-b guest-set-user-password'\n"},
        {UNIT: RED_HAT, CONF: "[general]\nmethod=isa-serial\npath=/dev/ttyS0\n"},
        {CONF: "[general]\nallow-rpcs=\n[old]\nblock-rpcs=guest-set-user-password\n"},
        {DROP_IN: "[Service]\nExecStart=\nExecStart=qemu-ga --allow-rpcs=${NONE}\n"},
        {DROP_IN: "[Service]\nDevicePolicy=closed\nDeviceAllow=char-virtio-portsdev rw\n"},
    ],
)
def test_what_leaves_it_alone_is_not_told(tree: Tree) -> None:
    assert told(tree) == []
