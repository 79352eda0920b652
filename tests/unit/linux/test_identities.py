"""What would be the same in every guest of an image is named; what only looks like it is not."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.linux.identities import IDENTITIES, SECRETS, identities

KEY = "-----BEGIN {}PRIVATE KEY-----\nAAAA\n-----END {}PRIVATE KEY-----\n"
CLOUD = "/etc/cloud/cloud.cfg.d/99-ours.cfg"
OS_RELEASE = {"/etc/os-release": 'ID="debian"\n'}


def found(tree: Tree) -> list[str]:
    return list(identities(FakeFilesystem({**OS_RELEASE, **tree})))


@pytest.mark.parametrize("pattern", [*IDENTITIES, *SECRETS])
def test_each_known_place_is_named(pattern: str) -> None:
    path = pattern.replace("*", "a_lease_key")
    (seen,) = found({path: "content\n"})
    assert seen.startswith(f"{path} is ")


@pytest.mark.parametrize(
    ("path", "content", "seen"),
    [
        (
            "/etc/iscsi/initiatorname.iscsi",
            "## DO NOT EDIT\nInitiatorName=iqn.1993-08.org.debian:01:1\n",
            "/etc/iscsi/initiatorname.iscsi:2: has the iSCSI name",
        ),
        ("/etc/popularity-contest.conf", 'PARTICIPATE="yes"\nMY_HOSTID="0af"\n', ".conf:2: has"),
        ("/etc/wireguard/wg0.conf", "[Interface]\nPrivateKey = AAA=\n", "wg0.conf:2: has a priv"),
        ("/var/lib/snmp/snmpd.conf", "oldEngineID 0x80\n", "snmpd.conf:1: has the SNMP id"),
        ("/etc/ssl/private/ca", "text\n" + KEY.format("", ""), "private/ca:2: is a private key"),
        ("/etc/pki/tls/private/localhost.key", KEY.format("RSA ", "RSA "), "localhost.key:1: is"),
        ("/etc/pki/tls/certs/both.pem", KEY.format("EC ", "EC "), "both.pem:1: is a private"),
        ("/root/.ssh/deploy", KEY.format("OPENSSH ", "OPENSSH "), "/root/.ssh/deploy:1: is"),
        ("/home/debian/.ssh/id_rsa", KEY.format("", ""), "id_rsa:1: is a private key"),
        ("/etc/ssh/keys/rsa", KEY.format("OPENSSH ", "OPENSSH "), "/etc/ssh/keys/rsa:1: is"),
        ("/etc/nginx/tls/server.key", KEY.format("ENCRYPTED ", ""), "server.key:1: is a private"),
        ("/etc/cockpit/ws-certs.d/0-self-signed.key", KEY.format("", ""), "signed.key:1: is"),
        ("/var/lib/fwupd/pki/secret.key", KEY.format("", ""), "secret.key:1: is a private key"),
        ("/var/lib/mysql/server-key.pem", KEY.format("RSA ", ""), "server-key.pem:1: is a private"),
        ("/root/.ssh/id_ed25519", "anything", "/root/.ssh/id_ed25519:1: is a private key"),
        (
            "/etc/pki/tls/private/a.der",
            b"\x30\x82",
            "/etc/pki/tls/private/a.der:1: is a private key",
        ),
        ("/etc/lvm/devices/system.devices", "# LVM\nIDTYPE=sys_wwid x\n", "devices:2: has the id"),
        ("/etc/multipath/wwids", "# Multipath\n/3600508b4/\n", "wwids:2: has the id of one mach"),
        ("/root/backup.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "backup.asc:1: is"),
        ("/etc/ipsec.d/store.p12", b"\x30\x82", "/etc/ipsec.d/store.p12 is a store of keys"),
        (
            "/etc/udev/rules.d/70-persistent-net.rules",
            '# eth0\nSUBSYSTEM=="net", ATTR{address}=="fa:16:3e:aa:bb:cc", NAME="eth0"\n',
            "70-persistent-net.rules:2: names fa:16:3e:aa:bb:cc, the MAC address",
        ),
        (
            "/etc/netplan/50-cloud-init.yaml",
            "network:\n  ethernets:\n    a:\n      match: {macaddress: 'fa:16:3e:00:00:01'}\n",
            "50-cloud-init.yaml:4: names fa:16:3e:00:00:01",
        ),
        ("/etc/systemd/network/a.link", "[Match]\nMACAddress=FA-16-3E-00-00-01\n", ":2: names FA"),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", "HWADDR=FA:16:3E:00:00:01\n", "eth0:1: name"),
        (
            "/etc/NetworkManager/system-connections/a.nmconnection",
            "[ethernet]\nmac-address=FA:16:3E:00:00:01\n",
            "a.nmconnection:2: names",
        ),
        (
            "/etc/systemd/network/b.network",
            "[Match]\nMACAddress=FA16.3E00.0001\n",
            ":2: names FA16",
        ),
        (
            "/etc/dhcp/dhclient.conf",
            "send dhcp-client-identifier 1:52:54:00:00:00:01;\n",
            "/etc/dhcp/dhclient.conf:1: names 52:54:00:00:00:01, the MAC address",
        ),
        (
            "/etc/NetworkManager/system-connections/b.nmconnection",
            "[ipv6]\ndhcp-duid=00:01:00:01:2c:4e:5a:01:fa:16:3e:00:00:02\n",
            "b.nmconnection:2: names fa:16:3e:00:00:02",
        ),
        ("/etc/network/interfaces.d/a", "  hwaddress ether fa:16:3e:00:00:01\n", ":1: names fa:16"),
        ("/etc/iscsi/ifaces/a", "iface.hwaddress = fa:16:3e:00:00:01\n", "ifaces/a:1: names fa:16"),
        ("/etc/systemd/networkd.conf", "[DHCPv4]\nDUIDRawData=00:00:ab\n", ".conf:2: has the name"),
        ("/etc/dhcp/dhclient.conf", 'send host-name "build-host-7";\n', ":1: names build-host-7"),
        ("/etc/systemd/network/c.network", "[DHCPv4]\nHostname=build-host-7\n", ":2: names build"),
        ("/boot/grub/grub.cfg", "linux /v ifname=e:fa:16:3e:00:00:01\n", "cfg:1: names fa:1"),
        ("/boot/grub/grub.cfg", "linux /v BOOTIF=01-fa-16-3e-00-00-01\n", "cfg:1: names fa-1"),
        ("/etc/hostname", "build-host-7.example.org\n", "/etc/hostname:1: names build-host-7."),
        ("/etc/mailname", "build-host-7\n", "/etc/mailname:1: names build-host-7, the host name"),
        ("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 build-host-7\n", "/etc/hosts:2: names"),
        ("/etc/postfix/main.cf", "myhostname = build-host-7\n", "main.cf:1: names build-host-7"),
        ("/etc/hosts", "::1 localhost ip6-localhost build-host-7 # x\n", "1: names build-host-7"),
        ("/etc/machine-info", 'PRETTY_HOSTNAME="build-host-7"\n', "info:1: names build-host-7"),
        (
            "/etc/exim4/update-exim4.conf.conf",
            "dc_other_hostnames='localhost;build-host-7'\n",
            "conf.conf:1: names build-host-7",
        ),
        (
            "/etc/kernel/cmdline",
            "systemd.hostname=build7 ro\n",
            "cmdline:1: has systemd.hostname=b",
        ),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="systemd.machine_id=0a"\n', "guest is 0a"),
        ("/boot/grub2/grubenv", "kernelopts=ifname=e:fa:16:3e:00:00:01\n", "env:1: names fa:16"),
        ("/var/lib/jenkins/.ssh/id_rsa", KEY.format("", ""), "/.ssh/id_rsa:1: is a private key"),
        ("/etc/openvpn/static.key", "-----BEGIN OpenVPN Static key V1-----\n", "static.key:1: is"),
        ("/etc/mysql/debian.cnf", "[client]\npassword = a1\n", "debian.cnf:2: has a database's"),
        ("/etc/ceph/ceph.client.admin.keyring", "[x]\n\tkey = AQ==\n", "ring:2: has a key of C"),
        ("/etc/systemd/network/wg.netdev.d/a.conf", "PrivateKey=AAA=\n", "a.conf:1: has a priv"),
        (
            "/etc/NetworkManager/system-connections/wg.nmconnection",
            "[wireguard]\nprivate-key=AAA=\n",
            "wg.nmconnection:2: has a private key",
        ),
        (
            CLOUD,
            "write_files:\n- path: /root/.ssh/authorized_keys\n  content: ssh-rsa AAAA me\n",
            f"{CLOUD}:2: cloud-init writes /root/.ssh/authorized_keys is a key that lets",
        ),
        (CLOUD, "ssh_keys: {rsa_private: x}\n", f"{CLOUD}:1: has a host key of SSH"),
        (CLOUD, "ssh_authorized_keys:\n- ssh-rsa AAAA me\n", f"{CLOUD}:1: has a key that lets"),
        (
            CLOUD,
            "users:\n- default\n- name: ops\n  ssh_authorized_keys: [ssh-rsa AAAA]\n",
            f"{CLOUD}:4: has a key that lets",
        ),
        (
            CLOUD,
            "system_info:\n  default_user:\n    ssh_import_id: [gh:me]\n",
            f"{CLOUD}:3: has a key that lets",
        ),
    ],
)
def test_what_stands_in_a_file_is_named_with_its_line(path: str, content: str, seen: str) -> None:
    said = found({path: content})
    assert [line for line in said if seen in line]


@pytest.mark.parametrize(
    "tree",
    [
        {"/etc/iscsi/initiatorname.iscsi": "# InitiatorName=x\nGenerateName=yes\n"},
        {"/etc/nvme/hostnqn": "", "/etc/machine-id": "uninitialized\n"},
        {"/etc/ssl/certs/ca.pem": "-----BEGIN CERTIFICATE-----\n"},
        {"/etc/ssl/README": "A file that begins with '-----BEGIN PRIVATE KEY-----' is secret.\n"},
        {"/root/.ssh/id_ed25519.pub": "ssh-ed25519 AAAA root@host\n"},
        {"/etc/apt/trusted.gpg.d/archive.asc": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"},
        {"/usr/share/doc/example/server.key": KEY.format("", "")},
        {"/etc/ssl/private/linked.key": Link("/etc/nowhere")},
        {"/etc/udev/rules.d/70-vendor.rules": 'ATTR{address}=="fa:16:3e:*", NAME="eth0"\n'},
        {"/etc/systemd/network/a.network": "[Match]\nMACAddress=00:00:00:00:00:00\n"},
        {"/etc/systemd/network/a.network": "[Match]\nMACAddress=0000.0000.0000\n"},
        {"/etc/dhcp/dhclient.conf": "send host-name = gethostname();\nsend a 3600;\n"},
        {"/etc/dhcp/dhclient.conf": "#send dhcp-client-identifier 1:0:a0:24:ab:fb:9c;\n"},
        {"/boot/grub/grub.cfg": "linux /vmlinuz-6012.2024.1101.7 ro\n"},
        {"/etc/network/interfaces": "iface eth0 inet dhcp\n  hostname $HOSTNAME\n"},
        {"/etc/sysconfig/network/dhcp": 'DHCLIENT_HOSTNAME_OPTION="AUTO"\n'},
        {"/etc/systemd/network/b.link": "[Link]\nMACAddressPolicy=persistent\n"},
        {"/boot/grub/grub.cfg": "search --fs-uuid 4f7e4b1c-9a2d-4e6f-8a0b-1c2d3e4f5a6b\n"},
        {"/etc/multipath/wwids": "# Multipath wwids, Version : 1.0\n# Valid WWIDs:\n"},
        {"/etc/ssl/private/ssl-cert-snakeoil.key": "", "/etc/pki/tls/private/.keep": "x"},
        {"/etc/hostname": "debian\n", "/etc/mailname": "localhost.localdomain\n"},
        {"/etc/hosts": "127.0.1.1 debian.localdomain debian\n192.0.2.7 registry.example.org\n"},
        {"/etc/postfix/main.cf": "myhostname = $mydomain\n"},
        {"/etc/os-release": "ID=arch\n", "/etc/hostname": "archlinux\n"},
        {"/etc/hostname": "debian12\n", "/etc/machine-info": "CHASSIS=vm\n"},
        {"/etc/hosts": "127.0.0.1 localhost localhost4.localdomain4\n::1 ipv6-loopback\n"},
        {"/etc/systemd/network/a.network": "[Match]\nMACAddress=01:80:c2:00:00:0e\n"},
        {"/etc/kernel/cmdline": "systemd.machine_id=firmware\n"},
        {"/etc/mysql/debian.cnf": "[client]\npassword =\n"},
        {CLOUD: "write_files: [{path: /etc/motd, content: hello}]\n", "/etc/motd": "old\n"},
        {CLOUD: "ssh_deletekeys: true\nssh_authorized_keys: []\nusers: default\n"},
    ],
)
def test_what_only_looks_like_it_is_not_named(tree: Tree) -> None:
    assert found(tree) == []
