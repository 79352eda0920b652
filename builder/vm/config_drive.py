"""The config drive: what Nova tells a guest without a network.

Files and their fields as ``nova/api/metadata/base.py`` and ``nova/virt/netutils.py`` write them;
the ISO 9660 file system as ``nova/virt/configdrive.py`` has genisoimage (its default mkisofs_cmd)
make it.
"""

import base64
import json
import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

from builder.host.process import require_tool, run


def documents(hostname: str, public_key: str, mac: str) -> Mapping[str, str]:
    """The files below ``openstack/latest``: a key, a host name, one NIC with DHCP, nothing else.

    There is no user data: what a probe sees is the image's own doing.
    """
    meta_data = {
        "uuid": str(uuid.uuid4()),
        "hostname": hostname,
        "name": hostname,
        "launch_index": 0,
        "availability_zone": "nova",
        "project_id": uuid.uuid4().hex,
        "public_keys": {"proof": public_key},
        "keys": [{"name": "proof", "type": "ssh", "data": public_key}],
        "random_seed": base64.b64encode(secrets.token_bytes(512)).decode(),
        "devices": [],
    }
    network_data = {
        "links": [
            {
                "id": "tap0",
                "type": "bridge",
                "vif_id": str(uuid.uuid4()),
                "ethernet_mac_address": mac,
                "mtu": 1500,
            }
        ],
        "networks": [
            {
                "id": "network0",
                "type": "ipv4_dhcp",
                "link": "tap0",
                "network_id": str(uuid.uuid4()),
            }
        ],
        "services": [],
    }
    return {
        "meta_data.json": json.dumps(meta_data),
        "network_data.json": json.dumps(network_data),
        "vendor_data.json": "{}",
    }


def make(path: Path, files: Mapping[str, str]) -> None:
    """Write the config drive to ``path``; its tree is left beside it."""
    tree = path.with_suffix(".tree")
    latest = tree / "openstack" / "latest"
    latest.mkdir(parents=True)
    for name, text in files.items():
        (latest / name).write_text(text)
    options = ("-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-quiet", "-J", "-r")
    run(
        [require_tool("genisoimage", "genisoimage"), "-o", path, *options, "-V", "config-2", tree],
        timeout=60,
        purpose="make the guest's config drive",
    )
