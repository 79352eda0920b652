"""What is one guest's own: in an image it would be the same in every guest.

Each program says where it keeps such a thing: machine-id(5), sshd(8), iscsi-iname(8), nvme-cli's
``gen-hostnqn``, make-ssl-cert(8), systemd-creds(1), dhclient.leases(5), dkms(8), and so on.
"""

import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import osrelease
from builder.linux.files import significant_lines, text
from builder.linux.present import present

# machine-id(5): both make the first boot write a new one.
_NO_MACHINE_ID = ("", "uninitialized")

_HOST_KEY = "a host key of SSH that every guest would share"
_SEED = "a random seed that every guest would share"
_LEASE = "what a DHCP client has kept of another machine"
_STATE = "cloud-init's state of another guest"
_ENTRY = "a key that lets its owner in everywhere"
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
    "/etc/hostid": "the host id of every guest",
    "/etc/krb5.keytab": "a key of Kerberos",
    "/etc/munge/munge.key": "a key of MUNGE",
    "/etc/corosync/authkey": "a key of Corosync",
    "/etc/bind/rndc.key": "a key of BIND",
    "/etc/rndc.key": "a key of BIND",
    "/etc/docker/key.json": "the key of Docker's engine",
    "/etc/openvswitch/system-id.conf": "the id of Open vSwitch",
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
_SETTINGS = {  # of a file: the assignment that is an identity
    _INITIATOR: (re.compile(r"InitiatorName\s*=\s*\S+"), "the iSCSI name of every guest"),
    "/etc/popularity-contest.conf": (re.compile(r"MY_HOSTID=\S+"), "the id of every guest"),
    "/etc/wireguard/*.conf": (re.compile(r"(?i)(?:PrivateKey)\s*="), "a private key"),
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
_SERVICES = ("/var/lib/*/*.{}", "/var/lib/*/*/*.{}", "/var/lib/*/*/*/*.{}")
_PRIVATE_KEY = re.compile(
    rb"^(?:-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"|PuTTY-User-Key-File-|AGE-SECRET-KEY-)",
    re.MULTILINE,
)

_MAC_PLACES = (
    "/etc/udev/rules.d/*.rules",
    "/etc/netplan/*.yaml",
    "/usr/lib/netplan/*.yaml",
    "/etc/systemd/network/*",
    "/etc/systemd/network/*.d/*.conf",
    "/usr/lib/systemd/network/*",
    "/usr/local/lib/systemd/network/*",
    "/etc/NetworkManager/system-connections/*",
    "/etc/NetworkManager/conf.d/*.conf",
    "/usr/lib/NetworkManager/system-connections/*",
    "/etc/sysconfig/network-scripts/ifcfg-*",
    "/etc/sysconfig/network/ifcfg-*",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/*.cfg",
    "/etc/default/grub",
    "/etc/default/grub.d/*.cfg",
    "/etc/kernel/cmdline",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/loader/entries/*.conf",
    "/etc/iftab",
    "/etc/mactab",
)
_MAC = re.compile(  # dracut.cmdline(7): ifname=eth0:MAC, BOOTIF=01-MAC
    r"(?:(?<![\w:.-])|\bifname=[\w.]+:|\bBOOTIF=01-)"
    r"(?P<mac>[0-9a-f]{2}(?P<dash>[:-])(?:[0-9a-f]{2}(?P=dash)){4}[0-9a-f]{2})(?![\w:-])",
    re.IGNORECASE,
)
_NO_MACS = frozenset({"000000000000", "ffffffffffff"})

_HOST_NAMES = {  # of a file: what stands before the name
    "/etc/hostname": re.compile(r"(\S+)$"),
    "/etc/HOSTNAME": re.compile(r"(\S+)$"),
    "/etc/mailname": re.compile(r"(\S+)$"),
    "/etc/sysconfig/network": re.compile(r"HOSTNAME=[\"']?([^\s\"']+)"),
    "/etc/hosts": re.compile(r"127\.0\.1\.1\s+(\S+)"),
    "/etc/postfix/main.cf": re.compile(r"myhostname\s*=\s*([^\s$]+)$"),
}
_NO_NAMES = ("localhost", "(none)")


def identities(disk: Filesystem) -> Iterator[str]:
    """Yield what would be the same in every guest of the image, with the file and the line."""
    machine_id = text(disk, "/etc/machine-id").strip()
    if machine_id not in _NO_MACHINE_ID:
        yield f"/etc/machine-id is set to {machine_id}"
    if disk.readlink("/var/lib/dbus/machine-id") is None and text(disk, "/var/lib/dbus/machine-id"):
        yield "/var/lib/dbus/machine-id is a file of its own"
    named = dict(present(disk, {**IDENTITIES, **SECRETS}))
    yield from (f"{path} is {meaning}" for path, meaning in named.items())
    yield from _settings(disk)
    yield from (found for path, found in _private_keys(disk) if path not in named)
    yield from _macs(disk)
    yield from _host_names(disk)


def _settings(disk: Filesystem) -> Iterator[str]:
    for pattern, (setting, meaning) in _SETTINGS.items():
        for path in disk.glob(pattern):
            for number, line in significant_lines(text(disk, path), "#;"):
                if setting.match(line):
                    yield f"{path}:{number}: has {meaning}"


def _private_keys(disk: Filesystem) -> Iterator[tuple[str, str]]:
    paths = [path for directory in ("/etc", "/root", "/home") for path in disk.files(directory)]
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


def _macs(disk: Filesystem) -> Iterator[str]:
    for path in dict.fromkeys(path for pattern in _MAC_PLACES for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            for match in _MAC.finditer(line):
                if match["mac"].replace(match["dash"], "").lower() not in _NO_MACS:
                    yield f"{path}:{number}: names {match['mac']}, the MAC address of one machine"


def _host_names(disk: Filesystem) -> Iterator[str]:
    distribution = osrelease.read(disk).get("ID", "")
    for path, pattern in _HOST_NAMES.items():
        for number, line in significant_lines(text(disk, path)):
            match = pattern.match(line)
            if match is not None and not _is_nobody(match[1], distribution):
                yield f"{path}:{number}: names {match[1]}, the host name of one machine"


def _is_nobody(name: str, distribution: str) -> bool:
    """Whether it is the name of a machine without one: ``localhost``, or the distribution's."""
    first = name.partition(".")[0].lower()
    return first in _NO_NAMES or (bool(first) and distribution.startswith(first))
