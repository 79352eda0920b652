"""What names one machine on a disk: addresses of its NICs, its host name, its machine id.

Sources: systemd.link(5), udev(7), netplan, interfaces(5), dracut.cmdline(7), dhclient.conf(5),
dhcpcd.conf(5), hosts(5), hostname(5), machine-info(5), the arguments of kernel-command-line(7), and
for the identifiers of DHCP, which have an address in them, RFC 2132 (9.14), 4361 and 8415 (11).
"""

import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import osrelease
from builder.linux.bootentries import arguments
from builder.linux.files import significant_lines, text

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
    "/etc/cmdline.d/*.conf",
    "/etc/dracut.conf.d/*.conf",
    "/boot/grub/grub.cfg",
    "/boot/grub/grubenv",
    "/boot/grub2/grub.cfg",
    "/boot/grub2/grubenv",
    "/boot/loader/entries/*.conf",
    "/etc/iftab",
    "/etc/mactab",
    "/etc/dhclient*.conf",
    "/etc/dhcp/dhclient*.conf",
    "/etc/dhcp/dhclient.d/*.conf",
    "/etc/dhcpcd.conf",
    "/etc/iscsi/ifaces/*",
    "/etc/connman/*.config",
    "/var/lib/connman/*.config",
    "/var/lib/NetworkManager/no-auto-default.state",
)
_IDENTIFIER = (  # of a DHCP client: before the address, its type, or those of a DUID
    r"(?:0?1[:-]"
    r"|(?:ff[:-](?:[0-9a-f]{2}[:-]){4})?0?0[:-]0?(?:3[:-]0?0[:-]0?1|1[:-]0?0[:-]0?1(?:[:-][0-9a-f]{2}){4})[:-])"
)
_MAC = re.compile(  # dracut.cmdline(7): ifname=eth0:MAC, BOOTIF=01-MAC
    rf"(?:(?<![\w:.-]){_IDENTIFIER}?|\bifname=[\w.]+:|\bBOOTIF=01-)"
    r"(?P<mac>[0-9a-f]{2}(?P<dash>[:-])(?:[0-9a-f]{2}(?P=dash)){4}[0-9a-f]{2}"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})(?![\w:-]|\.\w)",
    re.IGNORECASE,
)
_NO_MAC = "000000000000"
_GROUP = 0x01  # of the first octet: IEEE 802, an address of many machines

_SENT = re.compile(r"send\s+(?:host-name|fqdn\.fqdn)\s+\"([^\"]+)\"")
_HOST_NAMES = {  # of files: what stands before the names
    "/etc/hostname": re.compile(r"(\S+)$"),
    "/etc/HOSTNAME": re.compile(r"(\S+)$"),
    "/etc/mailname": re.compile(r"(\S+)$"),
    "/etc/sysconfig/network": re.compile(r"HOSTNAME=[\"']?([^\s\"']+)"),
    "/etc/hosts": re.compile(r"(?:127\.\S+|::1)\s+([^#]+)"),
    "/etc/machine-info": re.compile(r"PRETTY_HOSTNAME=[\"']?([^\s\"']+)"),
    "/etc/exim4/update-exim4.conf.conf": re.compile(r"dc_other_hostnames='([^']+)'"),
    "/etc/postfix/main.cf": re.compile(r"myhostname\s*=\s*([^\s$]+)$"),
    # What is told to DHCP servers, which may enter it in the DNS.
    "/etc/dhclient*.conf": _SENT,
    "/etc/dhcp/dhclient*.conf": _SENT,
    "/etc/dhcpcd.conf": re.compile(r"hostname\s+(\S+)$"),
    "/etc/network/interfaces": re.compile(r"hostname\s+([^\s$]+)$"),
    "/etc/network/interfaces.d/*": re.compile(r"hostname\s+([^\s$]+)$"),
    "/etc/systemd/network/*.network": re.compile(r"Hostname\s*=\s*(\S+)$"),
    "/etc/NetworkManager/system-connections/*": re.compile(r"dhcp-hostname\s*=\s*(\S+)$"),
    "/etc/sysconfig/network-scripts/ifcfg-*": re.compile(r"DHCP_HOSTNAME=[\"']?([^\s\"']+)"),
    "/etc/sysconfig/network/dhcp": re.compile(r"DHCLIENT_HOSTNAME_OPTION=\"(?!AUTO)([^\s\"]+)"),
}
_NOBODY = re.compile(r"localhost\d?|\(none\)|loopback|ipv?6-(?:localhost|loopback)")
_NAMING = re.compile(r"systemd\.(?:machine_id=(?!firmware$)|hostname=)(\S+)")


def names(disk: Filesystem) -> Iterator[str]:
    """Yield each, with the file and the line."""
    yield from _macs(disk)
    yield from _host_names(disk)


def _macs(disk: Filesystem) -> Iterator[str]:
    for path in dict.fromkeys(path for pattern in _MAC_PLACES for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            for match in _MAC.finditer(line):
                digits = re.sub(r"[:.-]", "", match["mac"])
                if digits != _NO_MAC and not int(digits[:2], 16) & _GROUP:
                    yield f"{path}:{number}: names {match['mac']}, the MAC address of one machine"


def _host_names(disk: Filesystem) -> Iterator[str]:
    distribution = osrelease.read(disk).get("ID", "")
    for place, found in _named(disk):
        for name in re.split(r"[\s:;]+", found.strip()):
            if not _is_nobody(name, distribution):
                yield f"{place}: names {name}, the host name of one machine"
    for place, argument in arguments(disk):
        if match := _NAMING.fullmatch(argument):
            yield f"{place}: has {argument}: every guest is {match[1]}"


def _named(disk: Filesystem) -> Iterator[tuple[str, str]]:
    """What the files name, which may be several names, with the file and the line."""
    for files, pattern in _HOST_NAMES.items():
        for path in disk.glob(files):
            for number, line in significant_lines(text(disk, path)):
                if match := pattern.match(line):
                    yield f"{path}:{number}", match[1]


def _is_nobody(name: str, distribution: str) -> bool:
    """Whether it is the name of a machine without one: ``localhost``, or the distribution's."""
    first = name.partition(".")[0].lower()
    own = re.fullmatch(rf"{re.escape(distribution)}(?:linux)?[\d-]*", first)
    return bool(_NOBODY.fullmatch(first) or own) or (bool(first) and distribution.startswith(first))
