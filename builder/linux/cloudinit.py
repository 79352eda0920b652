"""What cloud-init's configuration on a disk says: its default user, and where it looks for data.

Source: cloud-init's ``cloudinit/stages.py``: ``cloud.cfg`` first, then ``cloud.cfg.d`` by name, of
which a later file wins.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from builder.feature import Filesystem
from builder.linux import systemd
from builder.linux.files import text
from builder.linux.plain_yaml import PlainLoader

UNITS = ("cloud-init-network.service", "cloud-init.service")
"""cloud-init 24.3 renamed its network stage, and runs the stages in one process."""

SWITCH = "/etc/cloud/cloud-init.disabled"
CONFIG_DRIVE = "ConfigDrive"


def will_start(disk: Filesystem) -> bool:
    """Whether it is installed, enabled and not switched off."""
    if disk.exists(SWITCH):
        return False
    return any(systemd.unit(disk, name).started_by for name in UNITS)


def default_user(disk: Filesystem) -> str | None:
    """The user that gets the injected key, where the configuration names one."""
    name = None
    for document in _documents(disk):
        match document:
            case {"system_info": {"default_user": {"name": str(later)}}}:
                name = later
    return name


def reads_config_drive(disk: Filesystem) -> bool:
    """Whether it looks for a config drive; without a list of its own it looks everywhere."""
    sources: Sequence[Any] = [CONFIG_DRIVE]  # Any: YAML
    for document in _documents(disk):
        match document:
            case {"datasource_list": [*later]}:
                sources = later
    return CONFIG_DRIVE in sources


def _documents(disk: Filesystem) -> list[Mapping[str, Any]]:  # Any: YAML
    documents: list[Mapping[str, Any]] = []  # Any: YAML
    for path in ("/etc/cloud/cloud.cfg", *disk.glob("/etc/cloud/cloud.cfg.d/*.cfg")):
        try:
            document = PlainLoader(path, text(disk, path)).get_single_data()
        except (yaml.YAMLError, ValueError, RecursionError):  # the latter two of odd dates, depths
            continue  # cloud-init passes over such a file too
        if isinstance(document, dict):
            documents.append(document)
    return documents
