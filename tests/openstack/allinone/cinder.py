"""Cinder: volumes for the servers, on Ceph."""

from pathlib import Path

from apiserver import LOOPBACK
from cloudconfig import authtoken, ini

from allinone import ceph, mariadb
from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, Site

_SHARED = PROGRAMS.parent / "etc/cinder"
_MODULES = Path(__file__).parents[1]
_BACKEND = "ceph"


def configure(site: Site) -> None:
    """Write ``cinder.conf`` for all processes of Cinder."""
    state = site.kept / "cinder"
    state.mkdir(exist_ok=True)
    text = ini(
        {
            "DEFAULT": {
                "my_ip": LOOPBACK,
                "host": "all-in-one",
                "state_path": state,
                "transport_url": site.transport,
                "api_paste_config": _SHARED / "api-paste.ini",
                "resource_query_filters_file": _SHARED / "resource_filters.json",
                "enabled_backends": _BACKEND,
                "periodic_fuzzy_delay": 0,
                "graceful_shutdown_timeout": 2,
            },
            _BACKEND: {
                "volume_driver": "rbd_without_manager.Driver",
                "volume_backend_name": _BACKEND,
                "rbd_pool": ceph.POOL,
                "rbd_ceph_conf": ceph.configuration(site),
            },
            "database": {"connection": site.database("cinder")},
            # A volume that a server has is let go only by Nova itself.
            "keystone_authtoken": {
                **authtoken("cinder", site.password, site.url("keystone")),
                "service_token_roles": "service",
                "service_token_roles_required": True,
            },
            "oslo_concurrency": {"lock_path": site.run / "locks"},
        }
    )
    _configuration(site).write_text(text, encoding="utf-8")


def set_up(site: Site) -> None:
    """Fill the database."""
    manage = (PROGRAMS / "cinder-manage", "--config-file", _configuration(site))
    run_step(site, "fill Cinder's database", *manage, "db", "sync")


def api(site: Site) -> Service:
    """The API server, which finds its configuration in what it takes for the home."""
    home = {"HOME": str(site.configuration("cinder"))}
    return wsgi(site, "cinder", "cinder.wsgi.api:application", home)


def scheduler(site: Site) -> Service:
    """What chooses a backend, though there is but one: the API hands each new volume to it."""
    return _service(site, "cinder-scheduler")


def volume(site: Site) -> Service:
    """What makes the volumes; it is ready when Ceph has answered it."""
    return _service(site, "cinder-volume")


def _service(site: Site, name: str) -> Service:
    return Service(
        name,
        (PROGRAMS / name, "--config-file", _configuration(site)),
        site.configuration("cinder"),
        ready=lambda: mariadb.has_reported(site, name),
        environment={"PYTHONPATH": str(_MODULES)},
    )


def _configuration(site: Site) -> Path:
    return site.configuration("cinder") / "cinder.conf"
