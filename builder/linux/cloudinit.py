"""Whether cloud-init does its work on a disk's first boot: it is started, and asks Nova.

Sources: cloud-init's ``tools/ds-identify``, its units and generator, ``cloudinit/stages.py`` and
the documentation of its modules and data sources; its page "How to disable cloud-init".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from builder.feature import Filesystem
from builder.linux import cloudconfig, conditions, systemd, unitfile
from builder.linux.bootentries import arguments
from builder.linux.cloudconfig import Document, last, scalar
from builder.linux.files import significant_lines, text

STAGES = (
    ("cloud-init-local.service",),
    ("cloud-init-network.service", "cloud-init.service"),
    ("cloud-config.service",),
    ("cloud-final.service",),
)
"""Each by its names: cloud-init 24.3 renamed the network stage."""

_MAIN = "cloud-init-main.service"  # since 24.3 the one process of all stages
_TARGET = "cloud-init.target"
_GENERATOR = "systemd/system-generators/cloud-init-generator"

SWITCH = "/etc/cloud/cloud-init.disabled"
CONFIG_DRIVE = "ConfigDrive"
_OF_NOVA = (CONFIG_DRIVE, "OpenStack")
_IDENTIFY = "/etc/cloud/ds-identify.cfg"
_SEEDS = (
    "/var/lib/cloud/seed",
    "/writable/system-data/var/lib/cloud/seed",  # Ubuntu Core's
)
_SEED_LABELS = ("cidata", "config-2")

_SWITCHING = re.compile(
    r"cloud-init=disabled|ci\.di\.policy=(?:[^,]*,)*disabled(?:,.*)?|systemd\.mask=cloud-(?:init|config|final)\S*"
)
_SOURCE = re.compile(r"(?:ds|ci\.ds|ci\.datasource)=(\w+)\S*")
_DATA_ARGUMENTS = ("cc:", "cloud-config-url=", "url=")
_MANAGERS = (
    "/etc/systemd/system.conf",
    "/etc/systemd/system.conf.d/*.conf",
    "/usr/lib/systemd/system.conf.d/*.conf",
)
_SWITCHED_OFF = "cloud-init=disabled"


def will_start(disk: Filesystem) -> bool:
    """Whether it is installed, enabled and not switched off."""
    return not any(_switches(disk)) and any(
        systemd.unit(disk, name).started_by for name in STAGES[1]
    )


def idle(disk: Filesystem) -> Iterator[str]:
    """Yield why it would not be started, with what takes the reason away."""
    yield from _switches(disk)
    for names in STAGES:
        yield from _not_started(disk, names)
    if systemd.unit(disk, _MAIN).state is not systemd.State.MISSING:
        yield from _not_started(disk, (_MAIN,))
    target = systemd.unit(disk, _TARGET)
    if target.state is systemd.State.MASKED:
        yield f"{_TARGET} is masked by {target.path}; unmask it"
    yield from _kept_away(disk, target)
    for directory in ("/etc", "/run", "/usr/local/lib"):
        path = f"{directory}/{_GENERATOR}"
        masked = disk.readlink(path) == "/dev/null" or (
            disk.exists(path) and not text(disk, path).strip()
        )
        if masked and not target.started_by:
            yield f"{path} hides the generator that starts cloud-init; remove it"


def deaf(disk: Filesystem) -> Iterator[str]:
    """Yield why it would pass over what Nova gives a guest, with what takes the reason away."""
    found = cloudconfig.documents(disk)
    yield from _other_sources(disk, found)
    yield from _own_network(disk, found)
    yield from _own_name(found)
    yield from _seeds(disk, found)
    yield from _nobody(found)


def default_user(disk: Filesystem) -> str | None:
    """The user that gets the injected key, where the configuration names one."""
    found = cloudconfig.documents(disk)
    # What the first of these names goes before the others: cloudinit/distros/ug_util.py.
    for keys in (("user", "name"), ("user",), ("system_info", "default_user", "name")):
        names = [document.get(*keys) for document in found]
        texts = [name for name in names if isinstance(name, str) and name]
        if texts:
            return texts[-1]
    return None


def reads_config_drive(disk: Filesystem) -> bool:
    """Whether it looks for a config drive; without a list of its own it looks everywhere."""
    document = last(cloudconfig.documents(disk), "datasource_list")
    sources = document.get("datasource_list") if document is not None else None
    return not isinstance(sources, list) or CONFIG_DRIVE in sources


def _switches(disk: Filesystem) -> Iterator[str]:
    if disk.exists(SWITCH):
        yield f"{SWITCH} switches cloud-init off; remove it"
    for place, argument in arguments(disk):
        if _SWITCHING.fullmatch(argument):
            yield f"{place}: has {argument}, which switches cloud-init off; remove that"
    for number, key, value in _identify(disk):
        if key == "policy" and "disabled" in value.split(","):
            yield f"{_IDENTIFY}:{number}: has policy disabled: cloud-init is off; remove the line"
    for path in (path for pattern in _MANAGERS for path in disk.glob(pattern)):
        for setting in unitfile.parsed(disk, path):
            if setting.name.endswith("Environment") and _SWITCHED_OFF in setting.value:
                yield f"{setting.place}: has {_SWITCHED_OFF}: cloud-init is off; remove that"


def _identify(disk: Filesystem) -> Iterator[tuple[int, str, str]]:
    """What ds-identify is told: the line, the key, and the value without quotes and comment."""
    for number, line in significant_lines(text(disk, _IDENTIFY)):
        key, _, value = line.partition("#")[0].partition(":")
        yield number, key.strip(), value.strip().strip("\"'")


def _not_started(disk: Filesystem, names: Sequence[str]) -> Iterator[str]:
    units = [systemd.unit(disk, name) for name in names]
    started = next((unit for unit in units if unit.started_by), None)
    if started is None:
        states = [
            f"{unit.name} is {unit.state}" + (f" by {unit.path}" if unit.state == "masked" else "")
            for unit in units
        ]
        yield f"{', '.join(states)}: nothing starts this stage of cloud-init; 'systemctl enable' it"
        return
    settings = unitfile.settings(disk, started.name)
    commands = unitfile.values(settings, "Service", "ExecStart")
    assigned = [each for each in settings if each.name == "ExecStart"]
    if assigned and not any("cloud-init" in command.value for command in commands):
        place = assigned[-1].place
        yield f"{place}: {started.name} does not run cloud-init any more; remove that"
    yield from _kept_away(disk, started)


def _kept_away(disk: Filesystem, unit: systemd.Unit) -> Iterator[str]:
    """The conditions of its drop-ins; those of its own file are the switches."""
    for setting in conditions.unmet(disk, unitfile.settings(disk, unit.name)):
        if setting.path != unit.path:
            yield f"{setting.place}: keeps {unit.name} from being started; remove that"


def _other_sources(disk: Filesystem, found: Sequence[Document]) -> Iterator[str]:
    remedy = f"name {' and '.join(_OF_NOVA)}"
    document = last(found, "datasource_list")
    if document is not None:
        place = document.place("datasource_list")
        sources = document.get("datasource_list")
        if not isinstance(sources, list):
            yield f"{place}: is no list, and cloud-init reads nothing else there; {remedy}"
        elif not {*_OF_NOVA} & _texts(sources):
            listed = ", ".join(sorted(_texts(sources))) or "nothing"
            yield f"{place}: has cloud-init look for {listed}, and not for Nova's data; {remedy}"
    for place, argument in arguments(disk):
        match = _SOURCE.fullmatch(argument)
        if match is not None and match[1].lower() not in {name.lower() for name in _OF_NOVA}:
            yield f"{place}: has {argument}: cloud-init does not look for Nova's data; remove that"
    for number, key, value in _identify(disk):
        if key == "datasource" and value not in _OF_NOVA:
            yield f"{_IDENTIFY}:{number}: names the data source {value}; {remedy}"
    for source in _OF_NOVA:
        document = last(found, "datasource", source, "dsmode")
        mode = document.get("datasource", source, "dsmode") if document is not None else None
        if document is not None and mode in {"disabled", "pass"}:
            place = document.place("datasource", source, "dsmode")
            yield f"{place}: passes over {source}; remove the line"


def _own_network(disk: Filesystem, found: Sequence[Document]) -> Iterator[str]:
    for place, argument in arguments(disk):
        if argument.startswith("network-config="):
            yield f"{place}: has {argument}: Nova's network is passed over; remove that"
    document = last(found, "network")
    network = document.get("network") if document is not None else None
    if document is not None and isinstance(network, dict) and network:
        place = document.place("network")
        if network.get("config") == "disabled":
            yield f"{place}: has cloud-init configure no network; remove it"
        else:
            yield f"{place}: configures a network in place of the one that Nova gives; remove it"
    keys = ("datasource", "OpenStack", "apply_network_config")
    document = last(found, *keys)
    if document is not None and document.get(*keys) is False:
        yield f"{document.place(*keys)}: Nova's network is passed over; remove the line"


def _own_name(found: Sequence[Document]) -> Iterator[str]:
    """What gives every guest one name, in place of its server's."""
    document = last(found, "preserve_hostname")
    if document is not None and document.get("preserve_hostname") is True:
        place = document.place("preserve_hostname")
        yield f"{place}: keeps the name that Nova gives from the guest; remove the line"
    for key in ("hostname", "fqdn"):
        document = last(found, key)
        name = scalar(document.get(key)) if document is not None else ""
        if document is not None and name:
            yield f"{document.place(key)}: names every guest {name}; remove the line"


def _seeds(disk: Filesystem, found: Sequence[Document]) -> Iterator[str]:
    for path in (path for directory in _SEEDS for path in disk.files(directory)):
        yield f"{path} is a seed: every guest is configured by it; remove it"
    for place, argument in arguments(disk):
        if argument.startswith(_DATA_ARGUMENTS):
            yield f"{place}: has {argument}: it configures every guest; remove that"
    for volume in disk.volumes():
        if volume.label.lower() in _SEED_LABELS:
            yield (
                f"the file system on {volume.device} is labelled {volume.label}: cloud-init takes "
                "it for its data; remove it, or its label"
            )
    for document in found:
        for key in ("seedfrom", "user-data", "meta-data", "fs_label"):
            if document.get("datasource", "NoCloud", key):
                place = document.place("datasource", "NoCloud", key)
                yield f"{place}: has data for every guest; remove it"
        if document.get("datasource", "None", "userdata_raw"):
            place = document.place("datasource", "None", "userdata_raw")
            yield f"{place}: has data for every guest; remove it"


def _nobody(found: Sequence[Document]) -> Iterator[str]:
    """What keeps the key that Nova gives from the default user."""
    document = last(found, "users")
    users = document.get("users") if document is not None else None
    if document is not None and isinstance(users, list) and not any(map(_is_default, users)):
        yield f"{document.place('users')}: leaves the default user out: nobody gets the key; add it"
    document = last(found, "allow_public_ssh_keys")
    if document is not None and document.get("allow_public_ssh_keys") is False:
        yield f"{document.place('allow_public_ssh_keys')}: nobody gets the key; remove the line"
    lists = list(cloudconfig.modules(found))
    if lists:
        stage, first, _ = lists[0]
        configured = frozenset(name for *_, names in lists for name in names)
        for module in ("users_groups", "ssh"):
            if module not in configured:
                place = first.place(stage)
                yield f"{place}: leaves the module {module} out: nobody gets the key; add it"


def _is_default(user: Any) -> bool:  # Any: YAML
    match user:
        case "default" | {"name": "default"} | {"default": True}:
            return True
    return False


def _texts(values: Sequence[Any]) -> frozenset[str]:  # Any: YAML
    return frozenset(map(scalar, values))
