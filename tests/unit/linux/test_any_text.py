"""Whatever text a stranger's disk has in its configuration, an inspection says something of it."""

from collections.abc import Callable
from contextlib import suppress

import pytest
import yaml
from fakes import FakeFilesystem
from hypothesis import given, settings
from hypothesis import strategies as st
from initrds import RELEASE, TREE, cpio

from builder.errors import ImageError
from builder.feature import CheckFailed, Filesystem
from builder.linux import (
    bootentries,
    cloudinit,
    devices,
    fstab,
    growth,
    guestagent,
    identities,
    initrds,
    loadable,
    passwords,
    serialconsole,
)

READERS: dict[str, Callable[[Filesystem], object]] = {
    "boot entries": bootentries.entries,
    "arguments": lambda disk: list(bootentries.arguments(disk)),
    "cloud-init's start": lambda disk: list(cloudinit.idle(disk)),
    "cloud-init's data": lambda disk: list(cloudinit.deaf(disk)),
    "default user": cloudinit.default_user,
    "config drive": cloudinit.reads_config_drive,
    "devices": lambda disk: list(devices.missing(disk)),
    "device names": fstab.kernel_device_names,
    "growth": growth.require_growth,
    "agent": lambda disk: [
        *guestagent.blocked_commands(disk, frozenset({"guest-ping"})),
        *guestagent.elsewhere(disk),
        *guestagent.confined(disk),
    ],
    "identities": lambda disk: list(identities.identities(disk)),
    "initrds": initrds.require_whole,
    "modules": lambda disk: loadable.require(disk, ("virtio_net", "isofs")),
    "passwords": lambda disk: list(passwords.passwords(disk)),
    "console": lambda disk: serialconsole.require_console(disk, "x86_64"),
}
PATHS = (
    "/boot/grub/grub.cfg",
    "/boot/grub/grubenv",
    "/boot/loader/entries/a.conf",
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/99.cfg",
    "/etc/cloud/ds-identify.cfg",
    "/etc/crypttab",
    "/etc/default/grub",
    "/etc/default/qemu-guest-agent",
    "/etc/fstab",
    "/etc/hostname",
    "/etc/initramfs-tools/conf.d/resume",
    "/etc/modprobe.d/a.conf",
    "/etc/netplan/a.yaml",
    "/etc/passwd",
    "/etc/qemu/qemu-ga.conf",
    "/etc/ssl/a.key",
    "/etc/sysctl.conf",
    "/etc/systemd/system/data.mount",
    "/etc/systemd/system/qemu-guest-agent.service",
    "/etc/systemd/system/qemu-guest-agent.service.d/a.conf",
)
WORDS = (
    "\n", " ", "  ", "\\", "\\\n", "=", ":", "- ", "[", "]", "{", "}", "'", '"', "$", "#", ",",
    "${",
    "&a ", "*a", "!!python/object ", "<<: ", "~", "0x7f", "2001-99-99", "\0", "\u2028",
    "linux /boot/vmlinuz", "initrd /i", "search --fs-uuid", "search.fs_uuid", "options ", "blscfg",
    "root=", "UUID=", "LABEL=", "/dev/mapper/", "/dev/disk/by-uuid/", "resume=", "console=",
    "datasource_list", "datasource", "system_info", "default_user", "users", "chpasswd", "list",
    "network", "growpart", "mode", "devices", "cloud_init_modules", "conf_d", "runcmd", "password",
    "[Service]", "[Mount]", "ExecStart=", "EnvironmentFile=", "Environment=", "What=", "User=",
    "qemu-ga ", "--b", "-b", "-c", "--", "install ", "alias ", "blacklist ", "virtio_net", "off",
    "GRUB_DEVICE=", "RESUME=", "policy", "fa:16:3e:00:00:01", "-----BEGIN PRIVATE KEY-----",
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=12).map("".join)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=50)
@given(tree=st.dictionaries(st.sampled_from(PATHS), texts(), max_size=4))
def test_any_text_is_read_or_told_to_be_wrong(name: str, tree: dict[str, str]) -> None:
    kernel = {f"/boot/vmlinuz-{RELEASE}": b"", f"/boot/initrd.img-{RELEASE}": cpio(TREE)}
    with suppress(CheckFailed):
        READERS[name](FakeFilesystem({**kernel, **tree}))


KEYS = (
    "datasource_list", "datasource", "None", "NoCloud", "ConfigDrive", "dsmode", "userdata_raw",
    "user-data", "system_info", "default_user", "name", "users", "chpasswd", "list", "type",
    "password", "plain_text_passwd", "network", "config", "growpart", "mode", "devices",
    "resize_rootfs", "cloud_init_modules", "cloud_config_modules", "conf_d", "runcmd", "bootcmd",
    "allow_public_ssh_keys",
)  # fmt: skip
YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    tree=st.dictionaries(
        st.sampled_from(("/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/a.cfg")),
        st.dictionaries(st.sampled_from(KEYS), YAML, max_size=5).map(yaml.safe_dump),
    )
)
def test_any_configuration_of_cloud_init_is_read(tree: dict[str, str]) -> None:
    disk = FakeFilesystem(tree)
    with suppress(CheckFailed):
        growth.require_growth(disk)
    assert [*cloudinit.idle(disk), *cloudinit.deaf(disk), *passwords.passwords(disk)]
    cloudinit.default_user(disk)
    cloudinit.reads_config_drive(disk)


MERGED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)
)
NESTED = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "content",
    [
        MERGED,
        NESTED + "datasource_list: [*a59]\nruncmd: [*a59]\nusers: [{name: *a59, passwd: *a59}]\n",
        NESTED + "growpart: {mode: *a59, devices: *a59}\nchpasswd: {list: *a59, users: *a59}\n",
        "a: &a [*a]\ndatasource_list: *a\nusers: *a\nruncmd: *a\n",
    ],
)
def test_a_configuration_without_end_ends(content: str) -> None:
    disk = FakeFilesystem({"/etc/cloud/cloud.cfg": content})
    for read in (READERS["cloud-init's data"], READERS["passwords"], growth.require_growth):
        with suppress(CheckFailed, ImageError):
            read(disk)


def test_lines_that_are_continued_without_end_end() -> None:
    long = "\\\n" * 200_000
    unit = f"[Service]\nExecStart=qemu-ga {long}-b guest-ping\n"
    disk = FakeFilesystem(
        {
            "/etc/modprobe.d/a.conf": f"install x {long}",
            "/etc/systemd/system/qemu-guest-agent.service": unit,
        }
    )
    loadable.require(disk, ("virtio_net",))
    (blocked,) = guestagent.blocked_commands(disk, frozenset({"guest-ping"}))
    assert blocked.endswith("qemu-guest-agent.service:2 blocks guest-ping")
