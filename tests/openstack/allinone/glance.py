"""Glance: the images, in files, or in Ceph where its store is named."""

from cloudconfig import glance_configuration

from allinone import ceph
from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, Site

_STORES = ("files",)
CEPH = "ceph"
"""The store that is not the default one."""


def configure(site: Site) -> None:
    """Write ``glance-api.conf``, and make the directories of the images."""
    directory = site.kept / "glance"
    for name in (*_STORES, "staging", "tasks"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    text = glance_configuration(
        directory=directory,
        url=site.url("glance"),
        keystone_url=site.url("keystone"),
        password=site.password,
        stores=_STORES,
        paste=PROGRAMS.parent / "etc/glance/glance-api-paste.ini",
        settings={
            "DEFAULT": {"enabled_backends": f"{_STORES[0]}:file, {CEPH}:rbd"},
            CEPH: {
                "rbd_store_pool": ceph.IMAGES,
                "rbd_store_ceph_conf": ceph.configuration(site),
                "rbd_thin_provisioning": True,
            },
            "database": {"connection": site.database("glance")},
        },
    )
    (site.configuration("glance") / "glance-api.conf").write_text(text, encoding="utf-8")


def set_up(site: Site) -> None:
    """Fill the database."""
    configuration = site.configuration("glance") / "glance-api.conf"
    manage = (PROGRAMS / "glance-manage", "--config-file", configuration)
    run_step(site, "fill Glance's database", *manage, "db_sync")


def service(site: Site) -> Service:
    """The API server."""
    return wsgi(
        site,
        "glance",
        "glance.wsgi.api:application",
        {"OS_GLANCE_CONFIG_DIR": str(site.configuration("glance"))},
    )
