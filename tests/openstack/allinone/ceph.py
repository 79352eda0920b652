"""Ceph: the storage of volumes, and of images whose store it is; a monitor, an OSD on a file.

Nobody counts what is stored, which a manager would do (see ``rbd_without_manager``), and nobody
asks for a key: only the OpenStack's own network reaches it.
"""

from collections.abc import Callable
from pathlib import Path

from cloudconfig import ini

from allinone.process import Service, inside, run_step
from allinone.site import Site

POOL = "volumes"
IMAGES = "images"
_FSID = "6f6c2d8a-3c0e-4a5f-9d0b-1f1d5a1f7c11"
_MONITORS = "[v2:127.0.0.1:3300,v1:127.0.0.1:6789]"
_CAPACITY = 20 << 30
"""Bytes of a sparse file, which takes as much of the disk as is written."""
_CACHE = 32 << 20
_ACTIVE = "state: booting -> active"


def configure(site: Site) -> None:
    """Write ``ceph.conf``."""
    text = ini(
        {
            "global": {
                "fsid": _FSID,
                "mon host": _MONITORS,
                "public network": "127.0.0.0/8",
                "run dir": site.configuration("ceph"),
                "log file": "",
                "log to stderr": True,
                "auth cluster required": "none",
                "auth service required": "none",
                "auth client required": "none",
                # One copy of everything.
                "osd pool default size": 1,
                "osd pool default min size": 1,
                "osd pool default pg num": 8,
                "osd crush chooseleaf type": 0,
                "mon allow pool size one": True,
                "mon data": _data(site, "mon"),
                "mon data avail crit": 1,
                "osd data": _data(site, "osd"),
                "osd objectstore": "bluestore",
                "bluestore block create": True,
                "bluestore block size": _CAPACITY,
                "bluestore cache autotune": False,
                "bluestore cache size": _CACHE,
            }
        }
    )
    configuration(site).write_text(text, encoding="utf-8")


def monitor(site: Site) -> Service:
    """What knows the cluster, its data made if need be."""
    mark = _data(site, "mon") / "made"
    if not mark.exists():
        _data(site, "mon").parent.mkdir(exist_ok=True)
        initial = site.temporary / "monmap"
        step = "make Ceph's monitor"
        run_step(
            site,
            step,
            *("monmaptool", "--create", "--clobber", "--fsid", _FSID),
            *("--addv", "a", _MONITORS, initial),
        )
        words = ("--mkfs", "--id", "a", "--monmap", initial)
        run_step(site, step, "ceph-mon", "--conf", configuration(site), *words)
        mark.touch()
    directory = site.configuration("ceph")
    return _service(site, "ceph-mon", "a", ready=(directory / "ceph-mon.a.asok").exists)


def storage(site: Site) -> Service:
    """What stores, its data made if need be; the monitor must be ready."""
    mark = _data(site, "osd") / "made"
    if not mark.exists():
        _data(site, "osd").mkdir(exist_ok=True)
        step = "make Ceph's storage"
        _ceph(site, step, "ceph", "osd", "create")
        _ceph(site, step, "ceph-osd", "--mkfs", "--id", "0")
        mark.touch()
    log = site.logs / "ceph-osd.log"
    return _service(
        site,
        "ceph-osd",
        "0",
        ready=lambda: _ACTIVE in log.read_text(encoding="utf-8", errors="replace"),
    )


def set_up(site: Site) -> None:
    """Make the pools; the storage must be ready."""
    step = "make Ceph's pools"
    for pool in (POOL, IMAGES):
        _ceph(site, step, "ceph", "osd", "pool", "create", pool)
        _ceph(site, step, "rbd", "pool", "init", pool)


def configuration(site: Site) -> Path:
    """The file that Ceph's programs and clients take with ``--conf``."""
    return site.configuration("ceph") / "ceph.conf"


def _ceph(site: Site, purpose: str, program: str, *words: str) -> None:
    run_step(site, purpose, *inside(site), program, "--conf", configuration(site), *words)


def _service(site: Site, program: str, name: str, ready: Callable[[], bool]) -> Service:
    return Service(
        program,
        (program, "--conf", configuration(site), "--foreground", "--id", name),
        site.configuration("ceph"),
        ready=ready,
    )


def _data(site: Site, name: str) -> Path:
    return site.kept / "ceph" / name
