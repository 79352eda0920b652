"""Passwords that an image has, or that its cloud-init would set, are told with their lines."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.linux.passwords import passwords

CONF = "/etc/cloud/cloud.cfg.d/99.cfg"
SECRET = "$6$salt$hash"  # noqa: S105 - nobody's
UNIT = "/usr/lib/systemd/system/serial-getty@.service"
GETTY = "/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf"


@pytest.mark.parametrize(
    ("path", "content", "seen"),
    [
        (CONF, "# x\npassword: secret\n", f"{CONF}:2: cloud-init sets passwords by password"),
        (
            CONF,
            "chpasswd:\n  list: |\n    root:secret\n",
            f"{CONF}:2: cloud-init sets passwords by",
        ),
        (CONF, "chpasswd:\n  list: ['debian:x', 'a:R']\n", "by chpasswd.list"),
        (CONF, "chpasswd:\n  users:\n  - {name: root, password: x}\n", f"{CONF}:2: cloud-init set"),
        (CONF, f"chpasswd: {{users: [{{name: a, password: {SECRET}, type: hash}}]}}\n", ".users"),
        (CONF, "users:\n- default\n- name: admin\n  plain_text_passwd: x\n", f"{CONF}:4: cloud-in"),
        (CONF, f"users:\n- name: admin\n  passwd: {SECRET}\n", "gives admin a password by passwd"),
        (CONF, f"users: [{{name: a, hashed_passwd: {SECRET}}}]\n", "a password by hashed_passwd"),
        (
            CONF,
            "system_info:\n  default_user:\n    name: debian\n    plain_text_passwd: secret\n",
            f"{CONF}:4: cloud-init gives debian a password by plain_text_passwd",
        ),
        (
            CONF,
            "user:\n  name: root\n  plain_text_passwd: secret\n",
            f"{CONF}:3: cloud-init gives root a password by plain_text_passwd",
        ),
        (CONF, f"users:\n  admin:\n    passwd: {SECRET}\n", f"{CONF}:3: cloud-init gives the user"),
        (CONF, "runcmd: [[passwd, -d, root]]\n", f"{CONF}:1: cloud-init sets passwords by runcmd"),
        (CONF, "runcmd: [usermod --password=secret root]\n", "sets passwords by runcmd"),
        (GETTY, "[Service]\nExecStart=\nExecStart=-/bin/bash\n", f"{GETTY}:3: has the console"),
        (
            GETTY,
            "[Service]\nExecStart=\nExecStart=-/sbin/agetty -n -l /bin/sh %I\n",
            f"{GETTY}:3: has the console entered without a password",
        ),
        (
            "/etc/systemd/system/sysinit.target.wants/debug-shell.service",
            Link("/usr/lib/systemd/system/debug-shell.service"),
            "sysinit.target.wants/debug-shell.service starts a shell of root's",
        ),
        (
            "/boot/grub/grub.cfg",
            "linux /vmlinuz systemd.debug_shell\n",
            "has systemd.debug_shell: i",
        ),
        (
            "/etc/default/grub",
            'GRUB_CMDLINE_LINUX="init=/bin/bash"\n',
            "grub:1: has init=/bin/bash",
        ),
        (CONF, "runcmd:\n- date\n- echo root:x | chpasswd\n", f"{CONF}:3: cloud-init sets pass"),
        (CONF, "bootcmd:\n- [usermod, -p, x, root]\n", f"{CONF}:2: cloud-init sets"),
        (
            CONF,
            "datasource:\n  None:\n    userdata_raw: |\n      #cloud-config\n      password: x\n",
            f"{CONF}:5: cloud-init sets passwords by password",
        ),
        (CONF, "runcmd:\n- echo x|/usr/bin/passwd --stdin root\n", f"{CONF}:2: cloud-init sets"),
        ("/etc/cloud/cloud.cfg", "password: 12345\n", "/etc/cloud/cloud.cfg:1: cloud-init sets"),
        (
            CONF,
            f"write_files:\n- path: /etc/shadow\n  content: |\n    root:{SECRET}:1:\n",
            f"{CONF}:2: cloud-init writes /etc/shadow:1: root has a password",
        ),
        (
            CONF,
            "write_files: [{path: //etc/x/../passwd, encoding: b64, content: cm9vdDo6MDo=}]\n",
            f"{CONF}:1: cloud-init writes /etc/passwd:1: root needs no password",
        ),
        (
            CONF,
            f"write_files:\n- path: {GETTY}\n  content: |\n    [Service]\n    ExecStart=sh -i\n",
            f"{CONF}:2: cloud-init writes {GETTY}:2: has the console entered without",
        ),
        (
            CONF,
            "write_files:\n- path: /etc/cloud/cloud.cfg.d/zz.cfg\n  content: 'password: secret'\n",
            f"{CONF}:2: cloud-init writes /etc/cloud/cloud.cfg.d/zz.cfg:1: cloud-init sets passw",
        ),
        ("/etc/shadow", "a:!:1:\nroot::1:\n", "/etc/shadow:2: root needs no password"),
        ("/etc/passwd", "a:x:1:1::/:\nroot::0:0::/:/bin/sh\n", "/etc/passwd:2: root needs no pass"),
        ("/etc/passwd", f"root:{SECRET}:0:0::/:/bin/sh\n", "/etc/passwd:1: root has a password"),
        ("/etc/credstore/passwd.hashed-password.root", "x", "root sets a password at the first"),
        (
            "/boot/grub/grub.cfg",
            "linux /vmlinuz systemd.set_credential=passwd.plaintext-password.root:secret\n",
            "/boot/grub/grub.cfg:1: has systemd.set_credential=passwd.plaintext-password.root: it",
        ),
        (
            GETTY,
            "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root %I\n",
            f"{GETTY}:3: has the console entered without a password",
        ),
    ],
)
def test_a_password_is_told_with_its_line(path: str, content: str | Link, seen: str) -> None:
    unit = {
        UNIT: "[Service]\nExecStart=agetty %I\n",
        "/usr/lib/systemd/system/debug-shell.service": "[Install]\nWantedBy=sysinit.target\n",
    }
    (said,) = passwords(FakeFilesystem({**unit, path: content}))
    assert seen in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "tree",
    [
        {CONF: "chpasswd: {expire: false}\nssh_pwauth: true\n"},
        {CONF: "chpasswd: {users: [{name: root, type: RANDOM}], list: 'root:RANDOM'}\n"},
        {CONF: "users: [default, {name: a, lock_passwd: false, passwd: '!', uid: 7}]\n"},
        {CONF: f"users: [default, {{name: a, lock_passwd: true, passwd: {SECRET}}}]\n"},
        {CONF: "#password: secret\nruncmd: [passwd --lock root, useradd -m a]\n"},
        {f"{CONF}.bak": "password: secret\n"},
        {"/etc/cloud/cloud.cfg": "password: x\n", CONF: "password: ''\n"},
        {"/etc/shadow": "root:!*:1:\nbin:*:1:\n", "/etc/passwd": "root:x:0:0::/root:/bin/sh\n"},
        {"/boot/grub/grub.cfg": "linux /vmlinuz systemd.set_credential=a.b:c\n"},
        {GETTY: Link("/dev/null")},
        {
            UNIT: (
                "[Service]\nExecStart=-/sbin/agetty -o '-p -- \\\\u' --keep-baud 9600 - $TERM\n"
            ),
            "/usr/lib/systemd/system/debug-shell.service": "[Install]\nWantedBy=sysinit.target\n",
        },
        {"/boot/grub/grub.cfg": "linux /vmlinuz init=/usr/lib/systemd/systemd\n"},
        {"/boot/grub/grub.cfg": "linux /vmlinuz systemd.debug_shell=0\n"},
        {CONF: "user: {name: debian}\nusers: {admin: {groups: sudo}}\n"},
        {CONF: "users: 7\n"},
        {CONF: "write_files: [{path: /etc/shadow, content: 'root:!*:1:'}, {path: 7}, 8]\n"},
        {CONF: f"write_files:\n- {{path: /etc/shadow.example, content: 'root:{SECRET}:1:'}}\n"},
        {CONF: "write_files: [{path: /etc/shadow, encoding: b64, content: '***'}]\n"},
        {UNIT: "[Service]\nExecStart=-/bin/sh -c 'exec agetty %I'\n"},
        {CONF: "users: default\nruncmd: [passwd -l root, usermod --lock root]\n"},
    ],
)
def test_what_only_looks_like_a_password_is_not_told(tree: Tree) -> None:
    assert list(passwords(FakeFilesystem(tree))) == []
