"""cloud-init's configuration on a disk."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem, Link

from builder.feature import Volume
from builder.linux import cloudinit

MAIN = "/etc/cloud/cloud.cfg"
LATER = "/etc/cloud/cloud.cfg.d/95-guest.cfg"
UNITS = "/usr/lib/systemd/system"
UNIT = f"{UNITS}/cloud-init.service"
WANTS = "/etc/systemd/system/cloud-init.target.wants"
WANTED = f"{WANTS}/cloud-init.service"
INSTALL = "[Install]\nWantedBy=cloud-init.target\n"
GRUB = "/boot/grub/grub.cfg"
BLOCK = "/boot/loader/entries/a.conf"
IDENTIFY = "/etc/cloud/ds-identify.cfg"
MANAGER = "/etc/systemd/system.conf.d/a.conf"
DROP_IN = "/etc/systemd/system/cloud-init.service.d/override.conf"
STAGES = ("cloud-init-local", "cloud-init", "cloud-config", "cloud-final")


def disk(change: Mapping[str, str | Link | None]) -> FakeFilesystem:
    """A disk on which every stage is enabled, and a change of it; None removes the path."""
    tree: dict[str, str | Link | None] = {}
    for stage in STAGES:
        tree[f"{UNITS}/{stage}.service"] = INSTALL
        tree[f"{WANTS}/{stage}.service"] = Link("x")
    merged = {**tree, **change}
    return FakeFilesystem({path: text for path, text in merged.items() if text is not None})


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
        ({MAIN: user("debian"), LATER: "user: admin\n"}, "admin"),
        ({MAIN: "user: {name: admin}\n", LATER: user("debian")}, "admin"),
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


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({cloudinit.SWITCH: ""}, f"{cloudinit.SWITCH} switches cloud-init off; remove it"),
        ({GRUB: "linux /vmlinuz cloud-init=disabled\n"}, f"{GRUB}:1: has cloud-init=disabled"),
        ({BLOCK: "options ci.di.policy=disabled\n"}, f"{BLOCK}:1: has ci.di.policy=disabled"),
        ({GRUB: "linux /vmlinuz systemd.mask=cloud-init.service\n"}, "has systemd.mask=cloud-init"),
        (
            {"/etc/default/grub.d/a.cfg": 'GRUB_CMDLINE_LINUX="ro cloud-init=disabled"\n'},
            "/etc/default/grub.d/a.cfg:1: has cloud-init=disabled",
        ),
        ({"/etc/kernel/cmdline": "cloud-init=disabled\n"}, "/etc/kernel/cmdline:1: has cloud-init"),
        ({IDENTIFY: "# x\npolicy: disabled\n"}, f"{IDENTIFY}:2: has policy disabled"),
        (
            {"/etc/systemd/system/cloud-config.service": Link("/dev/null")},
            "cloud-config.service is masked by /etc/systemd/system/cloud-config.service",
        ),
        ({f"{WANTS}/cloud-init-local.service": None}, "cloud-init-local.service is disabled"),
        ({f"{UNITS}/cloud-init-main.service": INSTALL}, "cloud-init-main.service is disabled"),
        (
            {"/etc/systemd/system/cloud-init.target": Link("/dev/null")},
            "cloud-init.target is masked by",
        ),
        (
            {"/etc/systemd/system-generators/cloud-init-generator": Link("/dev/null")},
            "cloud-init-generator hides the generator",
        ),
        (
            {
                f"{UNITS}/cloud-init.service": f"[Service]\nExecStart=cloud-init\n{INSTALL}",
                DROP_IN: "[Service]\nExecStart=\nExecStart=/bin/true\n",
            },
            f"{DROP_IN}:3: cloud-init.service does not run cloud-init any more",
        ),
        (
            {DROP_IN: "[Unit]\nConditionPathExists=/etc/use-cloud-init\n"},
            f"{DROP_IN}:2: keeps cloud-init.service from being started",
        ),
        (
            {DROP_IN: "[Unit]\nAssertPathExists=/etc/use\n"},
            f"{DROP_IN}:2: keeps cloud-init.service",
        ),
        ({DROP_IN: "[Unit]\nConditionVirtualization=vmware\n"}, f"{DROP_IN}:2: keeps cloud-init."),
        (
            {
                DROP_IN: "[Unit]\nConditionKernelCommandLine=cloud-init\n",
                GRUB: "linux /vmlinuz ro\n",
            },
            f"{DROP_IN}:2: keeps cloud-init.service from being started",
        ),
        (
            {
                f"{UNITS}/cloud-init.target": "[Unit]\n",
                "/etc/systemd/system/cloud-init.target.d/a.conf": "[Unit]\nAssertHost=build7\n",
            },
            "cloud-init.target.d/a.conf:2: keeps cloud-init.target from being started",
        ),
        ({IDENTIFY: 'policy: "disabled" # by us\n'}, f"{IDENTIFY}:1: has policy disabled"),
        ({GRUB: "linux /vmlinuz ci.di.policy=disabled,found=all\n"}, "has ci.di.policy=disabled"),
        (
            {MANAGER: "[Manager]\nDefaultEnvironment=KERNEL_CMDLINE=cloud-init=disabled\n"},
            f"{MANAGER}:2: has cloud-init=disabled: cloud-init is off",
        ),
    ],
)
def test_what_keeps_it_from_being_started_is_told(
    change: dict[str, str | Link | None], seen: str
) -> None:
    (said,) = cloudinit.idle(disk(change))
    assert seen in said


@pytest.mark.parametrize(
    "change",
    [
        {},
        {GRUB: "linux /vmlinuz ro\nlinux /vmlinuz single cloud-init=disabled\n"},
        {"/etc/default/grub": "# GRUB_CMDLINE_LINUX=cloud-init=disabled\nGRUB_TIMEOUT=1\n"},
        {IDENTIFY: "#policy: disabled\npolicy: search,found=all,notfound=disabled\n"},
        {"/etc/cloud/cloud-init.disabled.example": ""},
        {DROP_IN: "[Unit]\nConditionPathExists=!/etc/cloud/cloud-init.disabled\n"},
        {DROP_IN: "[Service]\nExecStart=\nExecStart=/usr/bin/cloud-init init\n"},
        {DROP_IN: "[Unit]\nConditionPathExists=/run/cloud-init/enabled\n"},
        {
            DROP_IN: "[Unit]\nConditionKernelCommandLine=!cloud-init=disabled\n",
            GRUB: "linux /vmlinuz ro\nlinux /vmlinuz single cloud-init=disabled\n",
        },
        {DROP_IN: "[Unit]\nConditionPathExists=/etc/none\nConditionPathExists=\n"},
        {DROP_IN: "[Unit]\nConditionVirtualization=!container\nConditionVirtualization=kvm\n"},
        {MANAGER: "[Manager]\n#DefaultEnvironment=KERNEL_CMDLINE=cloud-init=disabled\n"},
        {
            f"{UNITS}/cloud-init-main.service": INSTALL,
            f"{WANTS}/cloud-init-main.service": Link("x"),
        },
    ],
)
def test_what_only_looks_like_a_switch_is_not_told(change: dict[str, str | Link | None]) -> None:
    assert list(cloudinit.idle(disk(change))) == []


SEED = "/var/lib/cloud/seed/nocloud/user-data"
NET = "network: {config: disabled}\n"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({MAIN: "#\ndatasource_list: [None]\n"}, f"{MAIN}:2: has cloud-init look for None, and"),
        ({LATER: "datasource_list: [ NoCloud, None ]\n"}, f"{LATER}:1: has cloud-init look for No"),
        ({LATER: "datasource_list: []\n"}, "has cloud-init look for nothing"),
        ({MAIN: "datasource_list:\n- Ec2\n"}, f"{MAIN}:1: has cloud-init look for Ec2"),
        ({LATER: "datasource_list: ConfigDrive\n"}, f"{LATER}:1: is no list"),
        (
            {LATER: "datasource_list: '[ConfigDrive, OpenStack]'\n"},
            f"{LATER}:1: is no list",
        ),
        ({LATER: "datasource_list:\n"}, f"{LATER}:1: is no list"),
        (
            {"/writable/system-data/var/lib/cloud/seed/nocloud/user-data": "x"},
            "/writable/system-data/var/lib/cloud/seed/nocloud/user-data is a seed",
        ),
        ({GRUB: "linux /vmlinuz cloud-config-url=http://192.0.2.1/a\n"}, "configures every guest"),
        (
            {
                MAIN: "conf_d: /etc/cloud/other\n",
                "/etc/cloud/other/a.cfg": "datasource_list: [X]\n",
            },
            "/etc/cloud/other/a.cfg:1: has cloud-init look for X",
        ),
        ({GRUB: "linux /vmlinuz ds=nocloud;s=file:///seed/\n"}, f"{GRUB}:1: has ds=nocloud;s=file"),
        ({GRUB: "linux /vmlinuz ci.ds=None\n"}, "has ci.ds=None: cloud-init does not look"),
        ({IDENTIFY: "datasource: NoCloud\n"}, f"{IDENTIFY}:1: names the data source NoCloud"),
        (
            {LATER: "datasource:\n  ConfigDrive:\n    dsmode: disabled\n"},
            f"{LATER}:3: passes over ConfigDrive",
        ),
        ({LATER: NET}, f"{LATER}:1: has cloud-init configure no network"),
        ({MAIN: f"# x\n{NET}"}, f"{MAIN}:2: has cloud-init configure no network"),
        (
            {LATER: "network:\n  version: 2\n  ethernets: {eth0: {dhcp4: true}}\n"},
            f"{LATER}:1: configures a network in place of",
        ),
        ({GRUB: "linux /vmlinuz network-config=disabled\n"}, "has network-config=disabled"),
        ({SEED: "#cloud-config\n"}, f"{SEED} is a seed"),
        ({"/var/lib/cloud/seed/config_drive/openstack/latest/meta_data.json": "{}"}, "is a seed"),
        (
            {LATER: "datasource:\n  NoCloud:\n    seedfrom: /opt/seed/\n"},
            f"{LATER}:3: has data for every guest",
        ),
        (
            {LATER: "datasource:\n  None:\n    userdata_raw: '#cloud-config'\n"},
            f"{LATER}:3: has data for every guest",
        ),
        ({LATER: "users: []\n"}, f"{LATER}:1: leaves the default user out"),
        ({LATER: "users:\n- name: admin\n"}, "leaves the default user out"),
        ({LATER: "allow_public_ssh_keys: false\n"}, f"{LATER}:1: nobody gets the key"),
        ({LATER: "cloud_init_modules: []\n"}, f"{LATER}:1: leaves the module users_groups out"),
        ({MAIN: "cloud_init_modules: [users-groups]\n"}, "leaves the module ssh out"),
        (
            {LATER: "datasource:\n  OpenStack: {apply_network_config: false}\n"},
            f"{LATER}:2: Nova's network is passed over",
        ),
        ({LATER: "preserve_hostname: true\n"}, f"{LATER}:1: keeps the name that Nova gives"),
        ({MAIN: "# x\nfqdn: a.example.org\n"}, f"{MAIN}:2: names every guest a.example.org"),
    ],
)
def test_what_makes_it_pass_over_what_nova_gives_is_told(
    change: dict[str, str | Link | None], seen: str
) -> None:
    said = list(cloudinit.deaf(disk(change)))
    assert [each for each in said if seen in each], said


@pytest.mark.parametrize(
    "change",
    [
        {},
        {MAIN: "datasource_list: [None]\n", LATER: "datasource_list: [ConfigDrive, OpenStack]\n"},
        {MAIN: "datasource_list: [ NoCloud, OpenStack, None ]\n"},
        {"/etc/cloud/cloud.cfg.d/99.cfg.disabled": "datasource_list: [None]\n"},
        {MAIN: NET, LATER: "network: {}\n"},
        {MAIN: "#network: {config: disabled}\nsystem_info: {network: {renderers: [netplan]}}\n"},
        {GRUB: "linux /vmlinuz ds=openstack\n"},
        {IDENTIFY: "#datasource: None\ndatasource: OpenStack\n"},
        {"/var/lib/cloud/seed/README": Link("/usr/share/doc")},
        {LATER: "datasource: {ConfigDrive: {dsmode: local}, OpenStack: {timeout: 5}}\n"},
        {LATER: "users: [default, {name: admin}]\n"},
        {LATER: "cloud_init_modules: [users_groups]\ncloud_config_modules: [[ssh, always]]\n"},
        {LATER: "{ no: [yaml\n"},
        {IDENTIFY: 'datasource: "ConfigDrive" # ours\n'},
        {MAIN: "preserve_hostname: true\n", LATER: "preserve_hostname: false\n"},
    ],
)
def test_what_only_looks_like_it_is_not_told(change: dict[str, str | Link | None]) -> None:
    assert list(cloudinit.deaf(disk(change))) == []


def test_a_file_system_that_cloud_init_takes_for_its_data_is_told() -> None:
    volumes = (Volume("/dev/sda3", "ext4", label="root"), Volume("/dev/sda4", label="CIDATA"))
    (said,) = cloudinit.deaf(FakeFilesystem({}, volumes=volumes))
    assert said.startswith("the file system on /dev/sda4 is labelled CIDATA")
