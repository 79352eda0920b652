"""Placement: what each host has, and who uses it."""

from cloudconfig import authtoken, ini

from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, Site


def configure(site: Site) -> None:
    """Write ``placement.conf``."""
    text = ini(
        {
            "placement_database": {"connection": site.database("placement")},
            "keystone_authtoken": authtoken("placement", site.password, site.url("keystone")),
        }
    )
    (site.configuration("placement") / "placement.conf").write_text(text, encoding="utf-8")


def set_up(site: Site) -> None:
    """Fill the database."""
    configuration = site.configuration("placement") / "placement.conf"
    manage = (PROGRAMS / "placement-manage", "--config-file", configuration)
    run_step(site, "fill Placement's database", *manage, "db", "sync")


def service(site: Site) -> Service:
    """The API server."""
    return wsgi(
        site,
        "placement",
        "placement.wsgi.api:application",
        {"OS_PLACEMENT_CONFIG_DIR": str(site.configuration("placement"))},
    )
