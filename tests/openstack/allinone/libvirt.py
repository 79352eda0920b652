"""libvirt for QEMU, with directories of its own below the paths that are compiled into it.

libvirtd gets a mount namespace in which those paths show our directories: it shares no guest, no
network and no socket with a libvirt that this machine has already, and leaves nothing of its own.
"""

import contextlib
from pathlib import Path

from allinone import openvswitch
from allinone.process import Service
from allinone.site import Site

_PLACES = {
    "etc": Path("/etc/libvirt"),
    "lib": Path("/var/lib/libvirt"),
    "cache": Path("/var/cache/libvirt"),
    "log": Path("/var/log/libvirt"),
    "run": Path("/run/libvirt"),
}
_KEPT = ("etc", "lib")
# There is no cgroup, security module or systemd to count on, and QEMU writes its logs itself.
_QEMU = """\
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
stdio_handler = "file"
"""
_START = """\
while [ "$1" != -- ]; do
    mount --bind "$1" "$2"
    shift 2
done
shift
exec "$@"
"""


def service(site: Site) -> Service:
    """The libvirt daemon in the foreground. What libvirt's paths lack on this machine is made."""
    mounts: list[Path] = []
    for name, place in _PLACES.items():
        ours = directory(site, name)
        ours.mkdir(parents=True, exist_ok=True)
        place.mkdir(exist_ok=True)
        mounts += [ours, place]
    etc = directory(site, "etc")
    (etc / "qemu.conf").write_text(_QEMU, encoding="utf-8")
    (etc / "libvirtd.conf").write_text('auth_unix_rw = "none"\n', encoding="utf-8")
    return Service(
        "libvirtd",
        (
            *("unshare", "--mount", "--propagation", "private", "sh", "-ec", _START, "sh"),
            *mounts,
            *("--", "libvirtd", "--pid-file", site.run / "libvirtd.pid"),
        ),
        site.run,
        ready=socket(site).exists,
        environment=openvswitch.variables(site),
    )


def address(site: Site) -> str:
    """The URI of libvirt's connection."""
    return f"qemu+unix:///system?socket={socket(site)}"


def socket(site: Site) -> Path:
    """The socket of libvirtd, as it is seen from outside of its mount namespace."""
    return directory(site, "run") / "libvirt-sock"


def directory(site: Site, name: str) -> Path:
    """What libvirtd sees at one of its paths: etc, lib, cache, log or run."""
    return (site.kept if name in _KEPT else site.run) / "libvirt" / name


def remove_mount_points() -> None:
    """Remove those of libvirt's paths on this machine that are empty: nobody else uses them."""
    for place in _PLACES.values():
        with contextlib.suppress(OSError):
            place.rmdir()
