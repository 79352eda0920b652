"""Bringing the OpenStack up, and taking it down, whatever an earlier run has left."""

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import yaml
from cloudconfig import cloud_of_user

from allinone import (
    ceph,
    cinder,
    glance,
    keystone,
    libvirt,
    mariadb,
    namespace,
    neutron,
    nova,
    openvswitch,
    placement,
    process,
    rabbitmq,
    record,
    resources,
)
from allinone.nova import Cpus
from allinone.process import Service, Started
from allinone.site import HOME, REGION, ROOT, Site, complete, prepared
from builder.errors import HostError
from builder.host.locking import locked

_PATIENCE = 5.0
"""Seconds that a process gets to end in order."""
Report = Callable[[str], None]


def up(report: Report, cpus: Cpus, root: Path = ROOT) -> Site:
    """Bring up an OpenStack and return it.

    One that runs there with the same ``cpus`` stays as it is; where only a part of it is left, that
    is ended first. What was kept is used. ``report`` gets a line for each part. When a part fails
    everything is ended, and the logs stay.
    Raises ``HostError`` without root or what ``make`` installs, and ``BuilderError`` with the last
    lines of the service that has failed.
    """
    _require_root()
    if not (HOME / "installed").exists():
        raise HostError("The OpenStack is not installed.", hint="Run: make openstack")
    root = root.resolve()
    root.parent.mkdir(parents=True, exist_ok=True)
    with locked(root.parent):
        if (running := record.running(root, cpus)) is not None:
            report("it runs already")
            return running
        _remove(root, keep=True)
        try:
            with prepared(root) as site:
                _Start(site, report).run(cpus)
                return site
        except BaseException:
            process.end(root, patience=0)
            libvirt.remove_mount_points()
            raise


def down(*, keep: bool, root: Path = ROOT) -> None:
    """End the OpenStack and remove it; ``keep`` its databases, images and disks for the next start.

    There may be none, or a part of one. Raises ``HostError`` without root.
    """
    _require_root()
    root = root.resolve()
    root.parent.mkdir(parents=True, exist_ok=True)
    with locked(root.parent):
        _remove(root, keep=keep)


def _remove(root: Path, *, keep: bool) -> None:
    process.end(root, patience=_PATIENCE if keep else 0, last="mariadb")
    libvirt.remove_mount_points()
    whole = complete(root)
    if not keep:
        whole.unlink(missing_ok=True)  # first, so that no half is ever taken for a whole
    for directory in (root / "run",) if whole.exists() else (root,):
        if directory.exists():
            shutil.rmtree(directory)


class _Start:
    """One start: what runs so far, so that each wait sees when any of it ends."""

    def __init__(self, site: Site, report: Report) -> None:
        self._site = site
        self._report = report
        self._started: list[Started] = []

    def run(self, cpus: Cpus) -> None:
        site = self._site
        fresh = not site.complete.exists()
        for configure in (keystone, glance, placement, neutron, ceph, cinder):
            configure.configure(site)
        nova.configure(site, cpus)
        self._wait(self._start(namespace.service(site)))
        self._report("starting MariaDB, RabbitMQ, Open vSwitch, libvirt and Ceph")
        queue = self._start(rabbitmq.service(site))
        base = self._start(libvirt.service(site), openvswitch.database_server(site))
        base += self._start(mariadb.service(site), ceph.monitor(site))
        self._wait(base)
        base = self._start(openvswitch.switch(site))
        if fresh:
            self._report("filling the databases")
            mariadb.create(site)
            _at_once(
                lambda: nova.set_up(site),
                self._set_up_keystone,
                lambda: neutron.set_up(site),
                lambda: glance.set_up(site),
                lambda: placement.set_up(site),
                self._set_up_ceph,
                lambda: cinder.set_up(site),
            )
        else:
            base += self._start(ceph.storage(site))
        keystone.point_catalogue(site)
        self._wait(queue + base)
        self._report("starting Keystone, Glance, Placement, Nova, Neutron and Cinder")
        self._wait(
            self._start(
                *(() if fresh else (keystone.service(site),)),
                placement.service(site),
                nova.conductor(site),
                neutron.rpc_server(site),
                neutron.api(site),
                nova.api(site),
                nova.scheduler(site),
                glance.service(site),
                cinder.api(site),
                cinder.scheduler(site),
            )
        )
        self._report("starting the compute host")
        self._wait(self._start(nova.compute(site), neutron.agent(site), cinder.volume(site)))
        if fresh:
            nova.find_hosts(site)
            resources.create(site)
            site.complete.touch()
        _write_clouds(site)
        record.write(site, cpus, (service.name for service in self._started))

    def _set_up_keystone(self) -> None:
        keystone.set_up(self._site)
        self._wait(self._start(keystone.service(self._site)))
        keystone.add_services_and_users(self._site)

    def _set_up_ceph(self) -> None:
        self._wait(self._start(ceph.storage(self._site)))
        ceph.set_up(self._site)

    def _start(self, *services: Service) -> list[Started]:
        started = [Started(self._site, service) for service in services]
        self._started += started
        return started

    def _wait(self, services: Sequence[Started]) -> None:
        for service in services:
            service.wait(self._started)


def _at_once(*steps: Callable[[], None]) -> None:
    """Run steps side by side, as many as there are processors; the first failure is raised.

    Those that still run then are not waited for: they fail when their processes are ended.
    """
    pool = ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0)))
    try:
        for future in as_completed([pool.submit(step) for step in steps]):
            future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _write_clouds(site: Site) -> None:
    """Write ``clouds.yaml``, for those alone who may start the OpenStack."""
    clouds = {
        {"publisher": "local"}.get(name, name): cloud_of_user(
            name,
            password=site.password,
            project=project,
            region=REGION,
            keystone_url=site.url("keystone"),
        )
        for name, (project, _) in keystone.USERS.items()
    }
    site.clouds_yaml.touch(mode=0o600)
    site.clouds_yaml.write_text(yaml.safe_dump({"clouds": clouds}, sort_keys=False), "utf-8")
    if "SUDO_UID" in os.environ:
        os.chown(site.clouds_yaml, int(os.environ["SUDO_UID"]), -1)


def _require_root() -> None:
    if os.geteuid() != 0:
        raise HostError(
            "The OpenStack needs root, for libvirt and the taps of its guests.",
            hint="Run it with sudo, or by 'make openstack' and 'make openstack-down'.",
        )
