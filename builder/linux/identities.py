"""What is one guest's own: in an image it would be the same in every guest.

Each program says where it keeps such a thing: machine-id(5), sshd(8), iscsi-iname(8), nvme-cli's
``gen-hostnqn``, make-ssl-cert(8), systemd-creds(1), dhclient.leases(5), dkms(8), and so on.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from builder.feature import Filesystem
from builder.linux import cloudconfig, machine_names, written_files
from builder.linux.files import significant_lines, text
from builder.linux.present import present

# machine-id(5): both make the first boot write a new one.
_NO_MACHINE_ID = ("", "uninitialized")

_HOST_KEY = "a host key of SSH that every guest would share"
_SEED = "a random seed that every guest would share"
_LEASE = "what a DHCP client has kept of another machine"
_STATE = "cloud-init's state of another guest"
_ENTRY = "a key that lets its owner in everywhere"
_TARGET = "an iSCSI target that one machine has found"
_MODULE_KEY = "the key that signs kernel modules in every guest"

IDENTITIES = {  # by patterns of paths
    "/etc/ssh/ssh_host_*_key*": _HOST_KEY,
    "/etc/dropbear/dropbear_*_host_key": _HOST_KEY,
    "/etc/dropbear/initramfs/dropbear_*_host_key": _HOST_KEY,
    "/etc/dropbear-initramfs/dropbear_*_host_key": _HOST_KEY,
    "/etc/tinyssh/sshkeydir/*": _HOST_KEY,
    "/var/lib/systemd/random-seed": _SEED,
    "/var/lib/random-seed": _SEED,
    "/var/lib/urandom/random-seed": _SEED,
    "/boot/loader/random-seed": _SEED,
    "/boot/efi/loader/random-seed": _SEED,
    "/var/lib/systemd/credential.secret": "the secret that seals every guest's credentials",
    "/var/lib/dhcp/*": _LEASE,
    "/var/lib/dhclient/*": _LEASE,
    "/var/lib/dhcpcd/*": _LEASE,
    "/etc/dhcpcd.duid": _LEASE,
    "/etc/dhcpcd.secret": _LEASE,
    "/var/lib/NetworkManager/*lease*": _LEASE,
    "/var/lib/NetworkManager/secret_key": "the secret behind every guest's addresses",
    "/var/lib/systemd/network/*": _LEASE,
    "/var/lib/wicked/*": _LEASE,
    "/var/lib/cloud/instances/*": _STATE,
    "/var/lib/cloud/instance": _STATE,
    "/var/lib/cloud/data/*": _STATE,
    "/var/lib/cloud/sem/*": _STATE,
    "/root/.ssh/authorized_keys": _ENTRY,
    "/home/*/.ssh/authorized_keys": _ENTRY,
    "/etc/nvme/hostnqn": "the NVMe name of every guest",
    "/etc/nvme/hostid": "the NVMe id of every guest",
    "/var/lib/dkms/mok.key": _MODULE_KEY,
    "/var/lib/shim-signed/mok/MOK.priv": _MODULE_KEY,
    "/etc/ssl/private/ssl-cert-snakeoil.key": "the TLS key of every guest",
}
"""What a guest makes anew; the element guest-hygiene removes it."""

SECRETS = {  # likewise
    "/root/.ssh/authorized_keys2": _ENTRY,
    "/home/*/.ssh/authorized_keys2": _ENTRY,
    "/etc/skel/.ssh/authorized_keys*": _ENTRY,
    "/var/lib/*/.ssh/authorized_keys*": _ENTRY,
    "/etc/ssh/authorized_keys/*": _ENTRY,
    "/etc/dropbear/authorized_keys": _ENTRY,
    "/etc/dropbear/initramfs/authorized_keys": _ENTRY,
    "/etc/dropbear-initramfs/authorized_keys": _ENTRY,
    "/efi/loader/random-seed": _SEED,
    "/var/db/dhcpcd/*": _LEASE,
    "/var/lib/connman/ethernet_*": _LEASE,
    "/etc/hostid": "the host id of every guest",
    "/etc/krb5.keytab": "a key of Kerberos",
    "/etc/munge/munge.key": "a key of MUNGE",
    "/etc/corosync/authkey": "a key of Corosync",
    "/etc/bind/rndc.key": "a key of BIND",
    "/etc/rndc.key": "a key of BIND",
    "/etc/docker/key.json": "the key of Docker's engine",
    "/etc/openvswitch/system-id.conf": "the id of Open vSwitch",
    "/etc/insights-client/machine-id": "the registration of one system",
    "/etc/letsencrypt/accounts/*/directory/*/private_key.json": "a private key",
    "/etc/iscsi/nodes/*": _TARGET,
    "/var/lib/iscsi/nodes/*": _TARGET,
    "/etc/wireguard/*priv*": "a private key",
    "/etc/wireguard/*.key": "a private key",
    "/etc/zypp/credentials.d/*": "the registration of one system",
    "/var/lib/docker/engine-id": "the id of Docker's engine",
    "/var/lib/glusterd/glusterd.info": "the id of a peer of Gluster",
    "/var/lib/zypp/AnonymousUniqueId": "the id that zypper tells of every guest",
    "/etc/salt/minion_id": "the name of Salt's minion",
    "/etc/sysconfig/rhn/systemid": "the registration of one system",
    "/var/lib/mysql/auto.cnf": "the id of a database server",
    "/var/lib/rabbitmq/.erlang.cookie": "the secret of RabbitMQ",
    "/var/lib/samba/private/secrets.tdb": "the secrets of Samba",
    "/var/lib/tailscale/tailscaled.state": "the key of Tailscale",
    "/var/lib/ubuntu-advantage/private/machine-token.json": "the registration of one system",
    "/var/lib/zerotier-one/identity.secret": "the key of ZeroTier",
    "/etc/pacman.d/gnupg/private-keys-v1.d/*": "a private key of GnuPG",
    "/root/.gnupg/private-keys-v1.d/*": "a private key of GnuPG",
    "/home/*/.gnupg/private-keys-v1.d/*": "a private key of GnuPG",
}
"""What services are given once, mostly when they are installed: not every one makes it anew."""

REMEDY = (
    "remove each at the end of the build (the element guest-hygiene does that where a guest makes"
    " it anew), or have the first boot make it"
)

_DISK = "the id of one machine's disk"
_INITIATOR = "/etc/iscsi/initiatorname.iscsi"
_DHCP_NAME = (re.compile(r"DUIDRawData\s*=\s*\S"), "the name that every guest tells DHCP servers")
_SETTINGS = {  # of a file: the assignment that is an identity
    _INITIATOR: (re.compile(r"InitiatorName\s*=\s*\S+"), "the iSCSI name of every guest"),
    "/etc/popularity-contest.conf": (re.compile(r"MY_HOSTID=\S+"), "the id of every guest"),
    "/etc/wireguard/*.conf": (re.compile(r"(?i)(?:PrivateKey)\s*="), "a private key"),
    "/etc/mysql/debian.cnf": (re.compile(r"password\s*=\s*\S+"), "a database's password"),
    "/etc/ceph/*.keyring": (re.compile(r"key\s*=\s*\S+"), "a key of Ceph"),
    "/etc/NetworkManager/system-connections/*": (
        re.compile(r"private-key\s*=\s*\S+"),
        "a private key",
    ),
    "/etc/systemd/network/*.netdev.d/*.conf": (
        re.compile(r"(?i)PrivateKey\s*="),
        "a private key",
    ),
    "/etc/systemd/network/*.network": _DHCP_NAME,
    "/etc/systemd/networkd.conf": _DHCP_NAME,
    "/etc/systemd/networkd.conf.d/*.conf": _DHCP_NAME,
    "/etc/systemd/network/*.netdev": (re.compile(r"(?i)PrivateKey\s*="), "a private key"),
    "/etc/lvm/devices/system.devices": (re.compile(r"IDTYPE="), _DISK),
    "/etc/multipath/bindings": (re.compile(r"\w+\s+\w+"), _DISK),
    "/etc/multipath/wwids": (re.compile(r"/\S+/"), _DISK),
    "/var/lib/snmp/snmpd.conf": (re.compile(r"oldEngineID\s+\S+"), "the SNMP id of every guest"),
}

# All files of these, and elsewhere those that are called like a key.
_KEY_DIRECTORIES = ("/etc/ssl/", "/etc/pki/", "/etc/ssh/")
_HOME = re.compile(r"/\.ssh/[^/]+$")
_BY_NAME = re.compile(r"/\.ssh/id_\w+$|^/etc/(?:ssl|pki)/(?:.+/)?private/.+\.(?:key|der|p8|pk8)$")
_KEY_NAME = re.compile(
    r"(?i)(?:\.(?:key|pem|crt|cert|ppk|priv|asc|age)|(?:^|[._-])key|^id_\w+|privkey\w*)$"
)
_KEY_STORE = re.compile(r"(?i)\.(?:p12|pfx|jks|keystore|keytab)$")
_SERVICE_HOMES = "/var/lib/*/.ssh/*"
_SERVICES = ("/var/lib/*/*.{}", "/var/lib/*/*/*.{}", "/var/lib/*/*/*/*.{}")
_PRIVATE_KEY = re.compile(
    rb"^(?:-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"|-----BEGIN OpenVPN Static key V1-----"
    rb"|PuTTY-User-Key-File-|AGE-SECRET-KEY-)",
    re.MULTILINE,
)

_CLOUD_KEYS = ("ssh_authorized_keys", "ssh-authorized-keys", "ssh_import_id")


def identities(disk: Filesystem) -> Iterator[str]:
    """Yield what would be the same in every guest of the image, with the file and the line.

    Also what cloud-init writes into every guest.
    """
    yield from _identities(disk)
    yield from written_files.added(disk, _identities)


def _identities(disk: Filesystem) -> Iterator[str]:
    machine_id = text(disk, "/etc/machine-id").strip()
    if machine_id not in _NO_MACHINE_ID:
        yield f"/etc/machine-id is set to {machine_id}"
    if disk.readlink("/var/lib/dbus/machine-id") is None and text(disk, "/var/lib/dbus/machine-id"):
        yield "/var/lib/dbus/machine-id is a file of its own"
    named = dict(present(disk, {**IDENTITIES, **SECRETS}))
    yield from (f"{path} is {meaning}" for path, meaning in named.items())
    yield from _settings(disk)
    yield from (found for path, found in _private_keys(disk) if path not in named)
    yield from machine_names.names(disk)
    yield from _of_cloud_init(disk)


def _settings(disk: Filesystem) -> Iterator[str]:
    for pattern, (setting, meaning) in _SETTINGS.items():
        for path in disk.glob(pattern):
            for number, line in significant_lines(text(disk, path), "#;"):
                if setting.match(line):
                    yield f"{path}:{number}: has {meaning}"


def _private_keys(disk: Filesystem) -> Iterator[tuple[str, str]]:
    paths = [path for directory in ("/etc", "/root", "/home") for path in disk.files(directory)]
    paths += disk.glob(_SERVICE_HOMES)
    for suffix in ("key", "pem"):
        paths += [path for pattern in _SERVICES for path in disk.glob(pattern.format(suffix))]
    for path in paths:
        name = path.rpartition("/")[2]
        if _KEY_STORE.search(name):
            yield path, f"{path} is a store of keys"
        elif _BY_NAME.search(path) and _content(disk, path):
            yield path, f"{path}:1: is a private key that every guest would share"
        elif path.startswith(_KEY_DIRECTORIES) or _HOME.search(path) or _KEY_NAME.search(name):
            match = _PRIVATE_KEY.search(_content(disk, path))
            if match is not None:
                line = match.string.count(b"\n", 0, match.start()) + 1
                yield path, f"{path}:{line}: is a private key that every guest would share"


def _content(disk: Filesystem, path: str) -> bytes:
    try:
        return disk.read_bytes(path)
    except FileNotFoundError:  # a link that leads nowhere
        return b""


def _of_cloud_init(disk: Filesystem) -> Iterator[str]:
    """Keys that cloud-init gives every guest: its server's, and those that let somebody in."""
    for document in cloudconfig.documents(disk):
        if document.get("ssh_keys"):
            yield f"{document.place('ssh_keys')}: has {_HOST_KEY}"
        users = document.get("users")
        owners: list[tuple[str | int, ...]] = [(), ("system_info", "default_user")]
        owners += [
            ("users", number) for number in range(len(users) if isinstance(users, list) else 0)
        ]
        for owner in owners:
            for key in _CLOUD_KEYS:
                if _value(document.data, (*owner, key)):
                    yield f"{document.place(*owner, key)}: has {_ENTRY}"


def _value(data: Any, keys: Sequence[str | int]) -> Any:  # Any: YAML
    for key in keys:
        match data, key:
            case dict(), str():
                data = data.get(key)
            case list(), int():
                data = data[key]
            case _:
                return None
    return data
