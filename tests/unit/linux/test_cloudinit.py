"""cloud-init's configuration on a disk."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem, Link

from builder.linux import cloudinit

MAIN = "/etc/cloud/cloud.cfg"
LATER = "/etc/cloud/cloud.cfg.d/95-guest.cfg"
UNIT = "/usr/lib/systemd/system/cloud-init.service"
WANTED = "/etc/systemd/system/cloud-init.target.wants/cloud-init.service"


def user(name: str) -> str:
    return f"system_info:\n  default_user:\n    name: {name}\n    lock_passwd: true\n"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, None),
        ({MAIN: user("debian")}, "debian"),
        ({MAIN: user("debian"), LATER: user("admin")}, "admin"),
        ({MAIN: user("debian"), LATER: "datasource_list: [None]\n"}, "debian"),
        ({MAIN: "users: [default]\n"}, None),
        ({MAIN: user("debian"), LATER: "{ no: [yaml\n"}, "debian"),
        ({MAIN: "just text\n"}, None),
        ({MAIN: user("[1, 2]")}, None),
    ],
)
def test_the_default_user_is_the_last_one_that_is_named(
    files: Mapping[str, str], name: str | None
) -> None:
    assert cloudinit.default_user(FakeFilesystem(files)) == name


@pytest.mark.parametrize(
    ("files", "reads"),
    [
        ({}, True),
        ({MAIN: "datasource_list: [ConfigDrive, OpenStack]\n"}, True),
        ({MAIN: "datasource_list: [ Ec2 ]\n"}, False),
        ({MAIN: "datasource_list: [Ec2]\n", LATER: "datasource_list: [ConfigDrive]\n"}, True),
    ],
)
def test_a_config_drive_is_read_unless_a_list_leaves_it_out(
    files: Mapping[str, str], *, reads: bool
) -> None:
    assert cloudinit.reads_config_drive(FakeFilesystem(files)) is reads


def test_it_starts_where_its_unit_is_enabled_and_nothing_switches_it_off() -> None:
    enabled = {UNIT: "[Install]\nWantedBy=cloud-init.target\n", WANTED: Link("x")}
    assert cloudinit.will_start(FakeFilesystem(enabled))
    assert not cloudinit.will_start(FakeFilesystem({**enabled, cloudinit.SWITCH: ""}))
    assert not cloudinit.will_start(FakeFilesystem({UNIT: enabled[UNIT]}))
    assert not cloudinit.will_start(FakeFilesystem({}))
