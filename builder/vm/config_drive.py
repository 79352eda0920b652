"""The config drive: what Nova tells a guest without a network.

Files and their fields as ``nova/api/metadata/base.py`` and ``nova/virt/netutils.py`` write them;
the ISO 9660 file system as ``nova/virt/configdrive.py`` has genisoimage (its default mkisofs_cmd)
make it.
"""

import base64
import ipaddress
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.feature import Nic
from builder.host.process import require_tool, run


def documents(hostname: str, public_key: str, nics: Sequence[Nic]) -> Mapping[str, str]:
    """The files below ``openstack/latest``: a key, a host name, the NICs, nothing else.

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
                "id": f"tap{number}",
                "type": "bridge",
                "vif_id": str(uuid.uuid4()),
                "ethernet_mac_address": nic.mac,
                "mtu": nic.mtu,
            }
            for number, nic in enumerate(nics)
        ],
        "networks": [_network(number, nic) for number, nic in enumerate(nics)],
        "services": [],
    }
    return {
        "meta_data.json": json.dumps(meta_data),
        "network_data.json": json.dumps(network_data),
        "vendor_data.json": "{}",
    }


def _network(number: int, nic: Nic) -> Mapping[str, object]:
    network = {
        "id": f"network{number}",
        "type": "ipv4_dhcp",
        "link": f"tap{number}",
        "network_id": str(uuid.uuid4()),
    }
    if nic.address is None:
        return network
    address = ipaddress.ip_interface(nic.address)
    return {
        **network,
        "type": f"ipv{address.version}",
        "ip_address": str(address.ip),
        "netmask": str(address.netmask),
        "routes": [],
        "services": [],
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
