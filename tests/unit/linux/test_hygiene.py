# ruff: noqa: S108 - paths of an image
"""What a build leaves in its image, and what looks like it and is the image's own."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.linux.hygiene import leftovers

DEB822 = "Types: deb\nURIs: https://mirror.example.org/debian\nSuites: bookworm\n"
REPO = "[base]\nname=Base\nbaseurl=https://mirror.example.org/rocky\n"


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (
            "/etc/dib-manifests/dib_environment",
            "declare -x DIB_IMAGE_CACHE=/srv/x\n",
            "/etc/dib-manifests/dib_environment is a record of the build host's directories",
        ),
        ("/etc/dib-manifests/dib_arguments", "-a amd64", "is a record of the build host's"),
        ("/etc/.resolv.conf.systemd-resolved.bak", "nameserver 192.0.2.1\n", "a copy of the build"),
        ("/etc/resolvconf/resolv.conf.d/original", "nameserver 192.0.2.1\n", "a copy of the build"),
        ("/etc/resolv.conf.bak", "nameserver 192.0.2.1\n", "a copy of the build's resolv.conf"),
        ("/etc/resolv.conf~", "nameserver 192.0.2.1\n", "a copy of the build's resolv.conf"),
        ("/root/.ssh/known_hosts", "host ssh-rsa AAAA\n", "is the hosts that the build has log"),
        ("/var/spool/mail/root", "From cron\n", "/var/spool/mail/root is mail of another machine"),
        ("/var/log/wtmp", bytes(4) + b"reboot", "/var/log/wtmp is who has logged in to another"),
        ("/var/log/btmp", b"root", "/var/log/btmp is who has logged in to another machine"),
        ("/var/log/lastlog", bytes(292) + b"x", "/var/log/lastlog is who has logged in"),
        ("/var/lib/wtmpdb/wtmp.db", b"SQLite", "wtmp.db is who has logged in to another machine"),
        ("/var/log/YaST2/y2log", "x", "/var/log/YaST2/y2log is an installer's log"),
        ("/root/autoinst.xml", "<profile/>", "/root/autoinst.xml is an installer's record"),
        ("/var/log/auth.log", "sshd[1]\n", "/var/log/auth.log is the log of another machine"),
        ("/root/.cache/pip/http/a", b"wheel", "/root/.cache/pip is what a program of the build"),
        ("/var/cache/ccache/0/a.o", b"object", "/var/cache/ccache/0 is what a compiler"),
        ("/tmp/build/main.c", "int x;", "/tmp/build is a temporary file"),
        ("/var/tmp/dracut.log", "x", "/var/tmp/dracut.log is a temporary file"),
        (
            "/etc/apt/apt.conf",
            '# builder\nAcquire::http::Proxy "http://192.0.2.8:3142";\n',
            "/etc/apt/apt.conf:2: has apt use the proxy of the build",
        ),
        (
            "/etc/apt/apt.conf.d/01own",
            'Acquire {\n  https { proxy "http://192.0.2.8/"; };\n};\n',
            "/etc/apt/apt.conf.d/01own:2: has apt use the proxy",
        ),
        (
            "/etc/dnf/dnf.conf",
            "[main]\nproxy = http://192.0.2.8\n",
            "dnf.conf:2: has the package m",
        ),
        ("/etc/yum.repos.d/a.repo", f"{REPO}proxy=http://192.0.2.8\n", "a.repo:4: has the package"),
        ("/etc/environment", 'HTTPS_PROXY="http://192.0.2.8"\n', "/etc/environment:1: has every p"),
        ("/etc/profile.d/p.sh", "export http_proxy=192.0.2.8:3128\n", "p.sh:1: has every program"),
        ("/etc/wgetrc", "https_proxy = http://192.0.2.8/\n", "/etc/wgetrc:1: has every program"),
        (
            "/etc/systemd/system/docker.service.d/proxy.conf",
            '[Service]\nEnvironment="HTTP_PROXY=http://192.0.2.8"\n',
            "proxy.conf:2: has every program use the proxy of the build: remove it",
        ),
        ("/root/anaconda-ks.cfg", "rootpw x\n", "/root/anaconda-ks.cfg is an installer's record"),
        ("/var/log/installer/autoinstall-user-data", "x", "is an installer's log, with"),
        ("/var/log/journal/0123/system.journal", "x", "/var/log/journal/0123 is the journal"),
        ("/var/log/cloud-init-output.log", "x", "is the log of another guest's first boot"),
        ("/usr/sbin/policy-rc.d", "exit 101\n", "what keeps packages from starting their serv"),
        ("/var/cache/libdnf5/a/repodata/b.xml", "x", "/var/cache/libdnf5/a is a package cache"),
        (
            "/etc/apt/sources.list",
            "# ours\ndeb [trusted=yes] file:/srv/mirror bookworm main\n",
            "/etc/apt/sources.list:2: has packages come from /srv/mirror, which the image does not",
        ),
        (
            "/etc/apt/sources.list.d/cache.list",
            "deb http://localhost:3142/debian bookworm main\n",
            "cache.list:1: has packages come from a server on the guest itself: name a mirror",
        ),
        (
            "/etc/apt/sources.list",
            "deb cdrom:[Debian 12 _Bookworm_]/ bookworm main\n",
            "sources.list:1: has packages come from a medium that no guest has",
        ),
        (
            "/etc/apt/sources.list.d/debian.sources",
            f"{DEB822}\nTypes: deb\nURIs: http://127.0.0.1/debian\n",
            "debian.sources:6: has packages come from a server on the guest itself",
        ),
        (
            "/etc/yum.repos.d/local.repo",
            f"{REPO}\n[local]\nbaseurl=file:///mnt/packages\nenabled=1\n",
            "local.repo:6: has packages come from /mnt/packages, which the image does not have",
        ),
        ("/etc/zypp/repos.d/a.repo", "[a]\nbaseurl=http://[::1]:80/a\n", "a.repo:2: has packages"),
    ],
)
def test_a_trace_of_the_build_is_found_with_its_place(
    path: str, content: str | bytes, said: str
) -> None:
    (found,) = leftovers(FakeFilesystem({path: content}))
    assert said in found


@pytest.mark.parametrize(
    "tree",
    [
        {"/etc/dib-manifests/empty": b"", "/etc/debian_version": "12.12\n"},
        {"/etc/resolvconf/resolv.conf.d/base": "nameserver 192.0.2.1\n"},
        {"/var/cache/debconf/config.dat": "Name: a\n", "/var/cache/ldconfig/aux-cache": b"x"},
        {"/root/.profile": "umask 022\n", "/home/debian/.bashrc": "PS1=x\n"},
        {"/tmp/link": Link("/var/tmp"), "/usr/tmp/file": "x"},
        {"/etc/apt/apt.conf.d/01own": 'Acquire::http::Proxy::mirror.example.org "DIRECT";\n'},
        {"/etc/apt/apt.conf.d/01own": '// Acquire::http::Proxy "http://192.0.2.8";\n'},
        {"/etc/apt/apt.conf.d/01own": 'Acquire::http::Proxy-Auto-Detect "/usr/bin/find";\n'},
        {"/etc/dnf/dnf.conf": "[main]\n#proxy=http://192.0.2.8\nproxy=_none_\n"},
        {"/etc/environment": "no_proxy=localhost\nPATH=/usr/bin\n"},
        {"/etc/wgetrc": "#https_proxy = http://proxy.example.org/\nuse_proxy = on\n"},
        {"/etc/sysconfig/proxy": 'PROXY_ENABLED="no"\nHTTP_PROXY=""\n'},
        {"/etc/profile.d/proxy.sh": 'export http_proxy="$HTTP_PROXY"\n'},
        {"/etc/resolv.conf.head": "nameserver 192.0.2.1\n", "/etc/resolv.conf.bak": ""},
        {"/var/log/lastlog": bytes(292 * 3), "/var/log/wtmp": b"", "/var/spool/mail/debian": b""},
        {"/etc/ssh/ssh_known_hosts": "host ssh-rsa AAAA\n", "/var/log/YaST2": b""},
        {"/var/log/dpkg.log": "status installed\n", "/var/log/journal/0123": b""},
        {"/etc/apt/sources.list": "deb https://mirror.example.org/debian bookworm main\n"},
        {"/etc/apt/sources.list": "# deb cdrom:[Debian 12]/ bookworm main\n"},
        {"/etc/apt/sources.list": "deb http://localhost.example.org/debian bookworm main\n"},
        {
            "/etc/apt/sources.list": "deb file:/var/cuda-repo /\n",
            "/var/cuda-repo/Packages": "Package: cuda\n",
        },
        {
            "/etc/apt/sources.list.d/a.sources": "URIs: mirror+file:/etc/apt/mirrors/debian.list\n",
            "/etc/apt/mirrors/debian.list": "https://mirror.example.org/debian\n",
        },
        {"/etc/apt/sources.list.d/a.sources": f"{DEB822}\nEnabled: no\nURIs: file:/media/cd\n"},
        {"/etc/yum.repos.d/m.repo": f"{REPO}[cd]\nbaseurl=file:///media/cd\nenabled=0\n"},
    ],
)
def test_what_looks_like_a_trace_and_is_none_passes(tree: Tree) -> None:
    assert list(leftovers(FakeFilesystem(tree))) == []
